"""Normalisation of an utterance as a whole."""

from espnet2.layers.abs_normalize import AbsNormalize
from torch import Tensor

from geolid.model.padding import frame_mask


class UtteranceLayerNorm(AbsNormalize):
    """Bring all values of an utterance together, of every frame and dimension, to zero mean and unit variance.

    SpeechBrain does so with what an encoder gives, where it is told `output_norm: True`.
    """

    def __init__(self, epsilon: float = 1e-5):
        super().__init__()
        self.epsilon = epsilon

    def forward(self, input: Tensor, input_lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Normalise (batch, frames, dim) over the real frames of each; padding becomes 0."""
        mask = frame_mask(input_lengths, input.shape[1])
        if mask is None:
            centred = input - input.mean(dim=(1, 2), keepdim=True)
            variance = centred.square().mean(dim=(1, 2), keepdim=True)
        else:
            real = mask.mT  # (batch, frames, 1)
            count = real.sum(dim=(1, 2), keepdim=True) * input.shape[2]
            mean = input.masked_fill(~real, 0.0).sum(dim=(1, 2), keepdim=True) / count
            centred = (input - mean).masked_fill(~real, 0.0)
            variance = centred.square().sum(dim=(1, 2), keepdim=True) / count
        return centred * (variance + self.epsilon).rsqrt(), input_lengths
