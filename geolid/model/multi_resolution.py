"""Pooling at several resolutions: what an utterance is like as a whole, and what it is like for a moment.

Statistics over all frames do not change when frames change places. What tells languages apart is in part how sounds
follow each other: within a syllable or two, within a phrase. So beside the whole, windows of several lengths are looked
at: a window's mean says what is heard for so long, its deviation how much changes in it, whatever voice, room or
loudness do more slowly than that. An attention over the windows of a length, with a say in each dimension as the one
over frames has, then chooses which moments count. A plain mean over windows would only give the whole again.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from geolid.errors import GeoLIDError
from geolid.model.batch_norm import MaskedBatchNorm1d
from geolid.model.padding import frame_mask, silence_padding
from geolid.model.pooling import AttentiveStatsPooling, deviation_of, weighted_statistics

_NO_SCORE = -1e9  # of padding: no weight beside a real frame, and still a number where there is none


class MultiResolutionPooling(AttentiveStatsPooling):
    """Channel-attentive statistics of the whole utterance and of windows over it.

    `window_frames`: the windows' lengths, even numbers of frames; at 20 ms a frame these are 0.4 and 2 s. Windows of a
    length begin half a length apart, the last ends with the utterance or behind it; an utterance that is shorter is one
    window. `window_attention_size` is the width of the inner layer of the attention over windows.
    """

    def __init__(
        self, input_size: int = 1536, window_frames: Sequence[int] = (20, 100), window_attention_size: int = 128
    ):
        super().__init__(input_size)
        self.window_frames = _checked(window_frames)
        self.windows = nn.ModuleDict(
            {str(frames): WindowAttention(input_size, window_attention_size) for frames in self.window_frames}
        )
        self._output_size = 2 * input_size * (1 + len(self.window_frames))

    def forward(self, x: Tensor, feat_lengths: Tensor | None = None) -> Tensor:
        """Pool (batch, dim, frames) to (batch, output_size): means and deviations of the whole, then of each length."""
        mask = frame_mask(feat_lengths, x.shape[-1])
        x = silence_padding(x, mask)
        scores = self.scores(x, mask)
        pooled = list(weighted_statistics(x, scores, mask))
        if mask is not None:
            scores = scores.masked_fill(~mask, _NO_SCORE)
        for frames in self.window_frames:
            means, deviations = _window_statistics(x, scores, frames // 2)
            counts = None if feat_lengths is None else _windows(feat_lengths, frames // 2)
            pooled += self.windows[str(frames)](means, deviations, frame_mask(counts, means.shape[2]))
        return torch.cat(pooled, dim=1)


class WindowAttention(nn.Module):
    """Weighs windows by what is in them."""

    def __init__(self, input_size: int, attention_size: int):
        super().__init__()
        self.inner = nn.Conv1d(2 * input_size, attention_size, 1)
        self.norm = MaskedBatchNorm1d(attention_size)
        self.outer = nn.Conv1d(attention_size, input_size, 1)

    def forward(self, means: Tensor, deviations: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return weighted means of both, (batch, dim) each, over windows (batch, dim, windows)."""
        hidden = self.inner(torch.cat((means, deviations), dim=1)).relu()
        scores = self.outer(self.norm(hidden, mask)).float()
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        weights = scores.softmax(dim=2)
        return (weights * means).sum(dim=2), (weights * deviations).sum(dim=2)


def _window_statistics(x: Tensor, scores: Tensor, half: int) -> tuple[Tensor, Tensor]:
    """Return the weighted mean and deviation of every window of two halves, each (batch, dim, windows).

    Halves are computed once, and each put together with the next: windows that overlap cost no more than if they did
    not. Windows of nothing but padding mean nothing, but are finite.
    """
    halves = max(-(-x.shape[2] // half), 2)
    missing = halves * half - x.shape[2]
    x = functional.pad(x, (0, missing)).unflatten(2, (halves, half))
    scores = functional.pad(scores, (0, missing), value=_NO_SCORE).unflatten(2, (halves, half))
    weights = scores.softmax(dim=3)
    mean = (weights * x).sum(dim=3)
    variance = (weights * (x - mean.unsqueeze(3)).square()).sum(dim=3)
    share = scores.logsumexp(dim=3).diff(dim=2).sigmoid()  # of the second half
    step = mean.diff(dim=2)
    variance = variance[..., :-1].lerp(variance[..., 1:], share) + share * (1 - share) * step.square()
    return mean[..., :-1] + share * step, deviation_of(variance)


def _windows(frames: Tensor, half: int) -> Tensor:
    """Return how many windows of two halves it takes for so many frames (batch,): at least one."""
    return (torch.div(frames + half - 1, half, rounding_mode="floor") - 1).clamp(min=1)


def _checked(window_frames: Sequence[int]) -> list[int]:
    given = list(window_frames) if isinstance(window_frames, list | tuple) else []
    fits = all(type(frames) is int and frames > 0 and frames % 2 == 0 for frames in given)
    if not given or not fits or len(set(given)) < len(given):
        raise GeoLIDError(
            f"pooling_conf of multi_resolution: window_frames: found {window_frames!r}, expected a list of even "
            "numbers of frames, none of them twice, such as [20, 100]"
        )
    return given
