"""The front end that listens through a self-supervised encoder."""

from collections.abc import Iterator, Mapping
from itertools import islice

import torch
from espnet2.asr.frontend.abs_frontend import AbsFrontend
from torch import Tensor, nn

from geolid.errors import GeoLIDError
from geolid.model.ssl.encoder import AfterLayer
from geolid.model.ssl.source import load_encoder

_LAYER_WEIGHTS = ("per_layer", "per_dimension")


class SSLFrontend(AbsFrontend):
    """One of an encoder's hidden states, or a learnt mixture of them all.

    `path_or_url`, `config`, `overrides`, `download_dir`, `load_weights`: where it comes from, see `load_encoder`.
    `multilayer_feature`: mix all states; without it `layer` chooses one, -1 is the last.
    `layer_weights`: per_layer, a state has one weight, or per_dimension, each of its dimensions has one of its own.
    `freeze`: front_end, a number of layers, or all; see `SSLEncoder.freeze`.
    `activation_checkpointing`: compute each layer twice rather than keep its insides for the backward pass.
    `repeat_last_frame`: an utterance has ceil(samples / hop) frames, as s3prl makes them, a frame or two more than the
    encoder gives; without it those that the encoder gives, as transformers takes them.
    """

    def __init__(
        self,
        fs: int | str = 16000,
        path_or_url: str | None = None,
        config: Mapping | None = None,
        overrides: Mapping | None = None,
        download_dir: str | None = None,
        load_weights: bool = True,
        multilayer_feature: bool = True,
        layer: int = -1,
        freeze: str | int | None = None,
        activation_checkpointing: bool = False,
        repeat_last_frame: bool = True,
        layer_weights: str = "per_layer",
    ):
        super().__init__()
        if layer_weights not in _LAYER_WEIGHTS:
            raise GeoLIDError(
                f"frontend_conf: layer_weights: {layer_weights}; expected one of {', '.join(_LAYER_WEIGHTS)}"
            )
        self.repeat_last_frame = repeat_last_frame
        if str(fs) not in ("16000", "16k"):
            raise GeoLIDError(f"frontend_conf: fs: {fs}; the encoders know 16000 Hz only, to which stage 3 resamples")
        self.encoder = load_encoder(
            path_or_url, config, overrides, download_dir, load_weights, activation_checkpointing
        )
        self.encoder.freeze(freeze)
        states = self.encoder.num_layers + 1
        if multilayer_feature:
            if layer != -1:
                raise GeoLIDError(
                    f"frontend_conf: layer: {layer} needs multilayer_feature: false, as all are mixed now"
                )
            each = () if layer_weights == "per_layer" else (self.encoder.width,)
            self.layer_weights = nn.Parameter(torch.zeros(states, *each))
        else:
            if layer_weights != "per_layer":
                raise GeoLIDError(
                    f"frontend_conf: layer_weights: {layer_weights} needs multilayer_feature: true, as one state is "
                    "taken now"
                )
            if not -1 <= layer < states:
                raise GeoLIDError(f"frontend_conf: layer: {layer}; expected 0 to {states - 1}, or -1 for the last")
            self.layer_weights = None
            self.state = layer if layer >= 0 else states - 1
            self.encoder.freeze_beyond(self.state)
        self.train()

    def output_size(self) -> int:
        return self.encoder.width

    def forward(
        self, speech: Tensor, speech_lengths: Tensor, after_layer: AfterLayer | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return features (batch, frames, width) in float32 and frames (batch,) of speech (batch, samples)."""
        states = self.encoder.hidden_states(speech, speech_lengths, after_layer)
        if self.layer_weights is None:
            features = next(islice(states, self.state, None)).float()
        else:
            features = _mix(states, self.layer_weights)
        real = lengths = self.encoder.frame_lengths(speech_lengths)
        if self.repeat_last_frame:
            lengths = torch.div(speech_lengths + self.encoder.hop - 1, self.encoder.hop, rounding_mode="floor")
        return _repeat_last(features, real, lengths), lengths


def _mix(states: Iterator[Tensor], weights: Tensor) -> Tensor:
    """Sum up states (batch, frames, width), weighted by the softmax of `weights` over states, in float32.

    `weights` is (states,) or (states, width).
    """
    mixed = None
    for state, weight in zip(states, weights.float().softmax(dim=0).unbind(), strict=True):
        if mixed is None:
            mixed = state.new_zeros(state.shape, dtype=torch.float32)
        mixed = _AddWeighted.apply(mixed, state, weight)
    return mixed


class _AddWeighted(torch.autograd.Function):
    """total + weight * state, where the state is kept for the backward pass as it is, not as a copy in float32."""

    @staticmethod
    def forward(ctx, total: Tensor, state: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(state if ctx.needs_input_grad[2] else None, weight)
        ctx.state_dtype = state.dtype
        return total + state.float() * weight

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        state, weight = ctx.saved_tensors
        to_state = (gradient * weight).to(ctx.state_dtype) if ctx.needs_input_grad[1] else None
        if not ctx.needs_input_grad[2]:
            return gradient, to_state, None
        to_weight = gradient * state
        return gradient, to_state, to_weight.sum() if weight.dim() == 0 else to_weight.sum((0, 1))


def _repeat_last(features: Tensor, real: Tensor, wanted: Tensor) -> Tensor:
    """Give each utterance of (batch, frames, width) `wanted` frames in place of its `real` ones; 0 behind them."""
    places = torch.arange(int(wanted.max()), device=features.device)
    index = places.minimum(real[:, None] - 1)
    stretched = features.gather(1, index[..., None].expand(-1, -1, features.shape[2]))
    return stretched.masked_fill((places >= wanted[:, None])[..., None], 0.0)
