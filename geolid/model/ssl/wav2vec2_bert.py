"""w2v-BERT 2.0: a conformer over log mel filter banks."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import Wav2Vec2BertConfig, Wav2Vec2BertModel

from geolid.errors import GeoLIDError
from geolid.model.log_mel import fbank
from geolid.model.ssl.encoder import SSLEncoder, Step

_WINDOW, _HOP = 400, 160  # samples of a filter bank frame


class Wav2Vec2BertEncoder(SSLEncoder):
    """transformers' Wav2Vec2BertModel behind the filter banks that its weights were trained on.

    `stride`: so many filter bank frames, of 10 ms each, are stacked to one frame of the encoder; their bands together
    make `feature_projection_input_dim`. The filter banks learn nothing: `freeze: front_end` has nothing to freeze.
    """

    config_class = Wav2Vec2BertConfig
    preprocessing = {"stride": 2}

    def __init__(self, model: Wav2Vec2BertModel, stride: int = 2, activation_checkpointing: bool = False):
        super().__init__(model, activation_checkpointing)
        self.stride = stride
        self.bands, rest = divmod(model.config.feature_projection_input_dim, stride)
        if rest:
            raise GeoLIDError(
                f"frontend_conf: feature_projection_input_dim {model.config.feature_projection_input_dim} cannot be "
                f"shared by {stride} stacked frames (stride)"
            )
        self.hop = stride * _HOP
        self.fewest_samples = _WINDOW + (stride - 1) * _HOP

    def frame_lengths(self, samples: Tensor) -> Tensor:
        windows = (samples.clamp(min=self.fewest_samples) - _WINDOW) // _HOP + 1
        return windows // self.stride

    def _features(self, speech: Tensor, samples: Tensor) -> Tensor:
        banks, lengths = fbank(speech, samples.clamp(min=self.fewest_samples), self.bands)
        banks = _standardize(banks, lengths)
        frames = banks.shape[1] // self.stride
        stacked = banks[:, : frames * self.stride].reshape(len(banks), frames, self.stride * self.bands)
        return self.model.feature_projection(stacked)[0]

    def _begin(self, features: Tensor, mask: Tensor | None) -> tuple[Tensor, Step]:
        encoder = self.model.encoder
        hidden = features if mask is None else features.masked_fill(~mask.mT, 0.0)
        hidden = encoder.dropout(hidden)
        positions = encoder.embed_positions(hidden) if encoder.embed_positions is not None else None
        return hidden, lambda layer, hidden: _run_layer(layer, hidden, mask, positions)

    def _front_end(self) -> list[nn.Module]:
        return []

    def _ahead_of_layers(self) -> list[nn.Module]:
        return [self.model.feature_projection, self.model.encoder.dropout]


def _standardize(banks: Tensor, lengths: Tensor) -> Tensor:
    """Bring every band of (batch, frames, bands) to zero mean and unit variance over the real frames."""
    real = torch.arange(banks.shape[1], device=banks.device) < lengths[:, None]
    count = lengths[:, None, None]
    centred = (banks - banks.sum(dim=1, keepdim=True) / count) * real[..., None]
    variance = centred.square().sum(dim=1, keepdim=True) / (count - 1)
    return centred * (variance + 1e-7).rsqrt()


def _run_layer(layer: nn.Module, hidden: Tensor, mask: Tensor | None, positions: Tensor | None) -> Tensor:
    """Run a conformer layer: half a feed-forward, attention, convolution, half a feed-forward, norm."""
    hidden = hidden + 0.5 * layer.ffn1(layer.ffn1_layer_norm(hidden))
    attended = _attend(layer.self_attn, layer.self_attn_layer_norm(hidden), mask, positions)
    hidden = hidden + layer.self_attn_dropout(attended)
    hidden = hidden + layer.conv_module(hidden, attention_mask=None if mask is None else mask.squeeze(1))
    hidden = hidden + 0.5 * layer.ffn2(layer.ffn2_layer_norm(hidden))
    return layer.final_layer_norm(hidden)


def _attend(attention: nn.Module, hidden: Tensor, mask: Tensor | None, positions: Tensor | None) -> Tensor:
    keys = None if mask is None else mask[:, None]  # (batch, heads, queries, keys)
    if attention.position_embeddings_type != "relative_key":
        return attention(hidden, attention_mask=keys, relative_position_embeddings=positions)[0]
    batch, frames, width = hidden.shape
    query, key, value = (
        project(hidden).view(batch, frames, attention.num_heads, attention.head_size).transpose(1, 2)
        for project in (attention.linear_q, attention.linear_k, attention.linear_v)
    )
    scale = attention.head_size**-0.5
    near = torch.matmul(query * scale, attention.distance_embedding.weight.T)
    bias = _along_distance(near, attention.left_max_position_embeddings, attention.right_max_position_embeddings)
    bias = bias.contiguous() if keys is None else bias.masked_fill(~keys, -torch.inf)
    dropout = attention.dropout.p if attention.training else 0.0
    attended = functional.scaled_dot_product_attention(query, key, value, bias.to(query.dtype), dropout, scale=scale)
    return attention.linear_out(attended.transpose(1, 2).reshape(batch, frames, width))


def _along_distance(scores: Tensor, left: int, right: int) -> Tensor:
    """Turn scores of distances (batch, heads, frames, left + 1 + right) into scores of keys (..., frames, frames).

    Keys further away than `left` or `right` frames get the score of the last distance. Every query's row is first laid
    out over all distances, and then begins one step earlier than the row above: a view of the memory does that, where
    an index would have to be kept, and added up with collisions in the backward pass.
    """
    batch, heads, frames, _ = scores.shape
    before = scores[..., :1].expand(-1, -1, -1, max(frames - 1 - left, 0))
    after = scores[..., -1:].expand(-1, -1, -1, max(frames - right, 0))  # one too many makes the rows' step odd
    inner = scores[..., max(left - frames + 1, 0) : left + 1 + min(right, frames)]
    rows = torch.cat((before, inner, after), dim=-1).flatten(2)  # 2 * frames scores a row, distance 0 at frames - 1
    shifted = rows[..., frames - 1 : frames - 1 + frames * (2 * frames - 1)]
    return shifted.reshape(batch, heads, frames, 2 * frames - 1)[..., :frames]
