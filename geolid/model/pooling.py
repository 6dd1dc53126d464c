"""Channel-attentive statistics pooling: frames to one vector an utterance."""

import torch
import torch.nn.functional as F  # noqa: N812
from espnet2.spk.pooling.chn_attn_stat_pooling import ChnAttnStatPooling
from torch import Tensor

from geolid.model.batch_norm import convert_batch_norms
from geolid.model.padding import frame_mask, silence_padding

_LARGEST_VARIANCE = 1e4  # keeps the gradient of the root in bounds
_SMALLEST_DEVIATION = torch.finfo(torch.float32).eps ** 0.5


class AttentiveStatsPooling(ChnAttnStatPooling):
    """ESPnet's pooling, with its parameters, at a third of its memory.

    There every frame is joined with the utterance's mean and deviation, and a convolution of width 1 sees all three. As
    the latter two are the same in every frame, their share of the convolution is computed once an utterance here.
    """

    def __init__(self, input_size: int = 1536):
        super().__init__(input_size)
        convert_batch_norms(self)

    def forward(self, x: Tensor, feat_lengths: Tensor | None = None) -> Tensor:
        """Pool (batch, dim, frames) to (batch, 2 * dim): weighted means, then weighted deviations."""
        mask = frame_mask(feat_lengths, x.shape[-1])
        x = silence_padding(x, mask)
        return torch.cat(weighted_statistics(x, self.scores(x, mask), mask), dim=1)

    def scores(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Return how much each frame counts in each dimension, (batch, dim, frames), before the softmax over frames.

        x is 0 in padding; scores of padding mean nothing.
        """
        first, relu, bn, last = self.attention
        weights = first.weight.squeeze(-1).split(x.shape[1], dim=1)
        statistics = torch.cat(_mean_and_deviation(x.float(), mask), dim=1)
        context = F.linear(statistics, torch.cat(weights[1:], dim=1), first.bias)
        hidden = F.conv1d(x, weights[0].unsqueeze(-1), dilation=first.dilation) + context.unsqueeze(-1)
        return last(bn(relu(hidden), mask)).float()


def weighted_statistics(x: Tensor, scores: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the mean and deviation over the real frames, each (batch, dim), weighted by the softmax of the scores."""
    if mask is not None:
        scores = scores + torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, -torch.inf)
    weighted = x * scores.softmax(dim=2)
    mean = weighted.sum(dim=2)
    square = (weighted * x).sum(dim=2)
    return mean, deviation_of(square - mean.square())


def deviation_of(variance: Tensor) -> Tensor:
    """Return the root of variances that are kept away from 0, and in bounds."""
    return variance.clamp(min=1e-4, max=_LARGEST_VARIANCE).sqrt()


def _mean_and_deviation(x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the plain mean and deviation over the real frames, each (batch, dim); x is 0 in padding."""
    count = x.shape[2] if mask is None else mask.sum(dim=2)
    mean = x.sum(dim=2) / count
    deviation = torch.linalg.vector_norm(silence_padding(x - mean.unsqueeze(2), mask), dim=2) / count**0.5
    return mean, deviation.clamp(min=_SMALLEST_DEVIATION, max=_LARGEST_VARIANCE**0.5)
