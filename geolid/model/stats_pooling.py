"""Poolings to plain means and deviations, and to weighted ones, with the formulas of SpeechBrain's.

They differ from ESPnet's (geolid.model.pooling) in how a deviation is estimated, in what keeps it away from 0, and in
the attention's activations: enough for weights of one to be of no use to the other.
"""

import torch
from espnet2.spk.pooling.abs_pooling import AbsPooling
from torch import Tensor, nn

from geolid.model.batch_norm import MaskedBatchNorm1d
from geolid.model.padding import frame_mask, silence_padding

_SMALLEST_VARIANCE = 1e-12  # of weighted frames; SpeechBrain's


class StatisticsPooling(AbsPooling):
    """The mean of every dimension over an utterance's frames, and with `deviation` its standard deviation behind it.

    `unbiased`: divide squares by a frame less than there are. `epsilon` is added to the deviation.
    """

    def __init__(self, input_size: int, deviation: bool = True, unbiased: bool = True, epsilon: float = 1e-5):
        super().__init__()
        self._output_size = (2 if deviation else 1) * input_size
        self.deviation = deviation
        self.unbiased = unbiased
        self.epsilon = epsilon

    def output_size(self) -> int:
        return self._output_size

    def forward(self, x: Tensor, feat_lengths: Tensor | None = None) -> Tensor:
        """Pool (batch, dim, frames) to (batch, dim) or (batch, 2 * dim), in float32."""
        mask = frame_mask(feat_lengths, x.shape[-1])
        x = silence_padding(x.float(), mask)
        count = x.new_full((), x.shape[2]) if mask is None else mask.sum(dim=2).to(x.dtype)
        mean = x.sum(dim=2) / count
        if not self.deviation:
            return mean
        # a norm, unlike a root, has a gradient where all frames are alike
        spread = torch.linalg.vector_norm(silence_padding(x - mean.unsqueeze(2), mask), dim=2)
        freedom = (count - 1).clamp(min=1) if self.unbiased else count
        return torch.cat((mean, spread / freedom.sqrt() + self.epsilon), dim=1)


class TanhAttentivePooling(AbsPooling):
    """Means and deviations, weighted by an attention that has a say in each dimension.

    `attention_size` is the width of the attention's inner layer. With `global_context` it sees, beside a frame, the
    mean and the deviation of the whole utterance.
    """

    def __init__(self, input_size: int, attention_size: int = 128, global_context: bool = True):
        super().__init__()
        self._output_size = 2 * input_size
        self.global_context = global_context
        self.inner = nn.Conv1d((3 if global_context else 1) * input_size, attention_size, 1)
        self.norm = MaskedBatchNorm1d(attention_size)
        self.outer = nn.Conv1d(attention_size, input_size, 1)

    def output_size(self) -> int:
        return self._output_size

    def forward(self, x: Tensor, feat_lengths: Tensor | None = None) -> Tensor:
        """Pool (batch, dim, frames) to (batch, 2 * dim): weighted means, then weighted deviations."""
        mask = frame_mask(feat_lengths, x.shape[-1])
        x = silence_padding(x.float(), mask)
        seen = x
        if self.global_context:
            real = torch.ones_like(x[:, :1]) if mask is None else mask.to(x.dtype)
            statistics = _weighted(x, real / real.sum(dim=2, keepdim=True))
            seen = torch.cat((x, *(part.unsqueeze(2).expand_as(x) for part in statistics)), dim=1)
        scores = self.outer(self.norm(self.inner(seen).relu(), mask).tanh()).float()
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        return torch.cat(_weighted(x, scores.softmax(dim=2)), dim=1)


def _weighted(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return means and deviations, each (batch, dim), of frames whose weights (batch, dim or 1, frames) add up to 1."""
    mean = (weights * x).sum(dim=2)
    variance = (weights * (x - mean.unsqueeze(2)).square()).sum(dim=2)
    return mean, variance.clamp(min=_SMALLEST_VARIANCE).sqrt()
