"""wav2vec 2.0, XLS-R and MMS."""

import math

import torch
from torch import Tensor, nn
from transformers import Wav2Vec2Config, Wav2Vec2Model

from geolid.model.padding import frame_mask
from geolid.model.ssl.encoder import SSLEncoder, Step


class Wav2Vec2Encoder(SSLEncoder):
    """transformers' Wav2Vec2Model, with either place of the layer norms and either norm in the convolutions.

    `do_normalize`: every wave is brought to zero mean and unit variance first; `normalize_epsilon` is added to its
    variance before, so that silence stays silent.
    """

    config_class = Wav2Vec2Config
    preprocessing = {"do_normalize": True, "normalize_epsilon": 1e-7}

    def __init__(
        self,
        model: Wav2Vec2Model,
        do_normalize: bool = True,
        normalize_epsilon: float = 1e-7,
        activation_checkpointing: bool = False,
    ):
        super().__init__(model, activation_checkpointing)
        self.do_normalize = do_normalize
        self.normalize_epsilon = normalize_epsilon
        config = model.config
        self._convolutions = list(zip(config.conv_kernel, config.conv_stride, strict=True))
        self.hop = math.prod(config.conv_stride)
        self.fewest_samples = 1  # of which one frame comes
        for kernel, stride in reversed(self._convolutions):
            self.fewest_samples = (self.fewest_samples - 1) * stride + kernel

    def frame_lengths(self, samples: Tensor) -> Tensor:
        lengths = samples.clamp(min=self.fewest_samples)
        for kernel, stride in self._convolutions:
            lengths = _convolved(lengths, kernel, stride)
        return lengths

    def _features(self, speech: Tensor, samples: Tensor) -> Tensor:
        waves = _standardize(speech, samples, self.normalize_epsilon) if self.do_normalize else speech
        hidden = waves[:, None]
        lengths = samples.clamp(min=self.fewest_samples)
        for (kernel, stride), layer in zip(self._convolutions, self.model.feature_extractor.conv_layers, strict=True):
            lengths = _convolved(lengths, kernel, stride)
            hidden = self._sparing(_convolve, layer, hidden, lengths)
        return self.model.feature_projection(hidden.transpose(1, 2))[0]

    def _begin(self, features: Tensor, mask: Tensor | None) -> tuple[Tensor, Step]:
        encoder = self.model.encoder
        hidden = features if mask is None else features.masked_fill(~mask.mT, 0.0)
        hidden = hidden + encoder.pos_conv_embed(hidden)
        if not self.model.config.do_stable_layer_norm:
            hidden = encoder.layer_norm(hidden)
        keys = None if mask is None else mask[:, None]  # (batch, heads, queries, keys)
        return encoder.dropout(hidden), lambda layer, hidden: layer(hidden, attention_mask=keys)

    def _final_norm(self) -> nn.Module | None:
        return self.model.encoder.layer_norm if self.model.config.do_stable_layer_norm else None

    def _front_end(self) -> list[nn.Module]:
        return [self.model.feature_extractor]

    def _ahead_of_layers(self) -> list[nn.Module]:
        encoder = self.model.encoder
        ahead = [self.model.feature_extractor, self.model.feature_projection, encoder.pos_conv_embed, encoder.dropout]
        return ahead if self.model.config.do_stable_layer_norm else [*ahead, encoder.layer_norm]


def _convolved(lengths: Tensor, kernel: int, stride: int) -> Tensor:
    return torch.div(lengths - kernel, stride, rounding_mode="floor") + 1


def _standardize(speech: Tensor, samples: Tensor, epsilon: float) -> Tensor:
    """Bring the real samples of each wave (batch, samples) to zero mean and unit variance; padding stays 0."""
    mask = frame_mask(samples, speech.shape[1])
    count = samples.clamp(min=1)[:, None]
    centred = speech - speech.sum(dim=1, keepdim=True) / count
    if mask is not None:
        centred = centred.masked_fill(~mask.squeeze(1), 0.0)
    variance = centred.square().sum(dim=1, keepdim=True) / count
    return centred * (variance + epsilon).rsqrt()


def _convolve(layer: nn.Module, hidden: Tensor, lengths: Tensor) -> Tensor:
    """Run one layer of the convolutions on (batch, dim, frames); `lengths` (batch,) of its output are real."""
    norm = getattr(layer, "layer_norm", None)
    if not isinstance(norm, nn.GroupNorm):
        return layer(hidden)
    hidden = layer.conv(hidden)
    mask = frame_mask(lengths, hidden.shape[2])
    return layer.activation(norm(hidden) if mask is None else _masked_group_norm(norm, hidden, mask))


def _masked_group_norm(norm: nn.GroupNorm, x: Tensor, mask: Tensor) -> Tensor:
    """Normalise every channel of (batch, dim, frames) over its real frames alone; there is a group for each."""
    with torch.autocast(x.device.type, enabled=False):
        real = x.float().masked_fill(~mask, 0.0)
        count = mask.sum(dim=2, keepdim=True)
        centred = real - real.sum(dim=2, keepdim=True) / count
        variance = centred.masked_fill(~mask, 0.0).square().sum(dim=2, keepdim=True) / count
        return torch.addcmul(norm.bias[:, None], centred * (variance + norm.eps).rsqrt(), norm.weight[:, None])
