"""Accuracy by the length of utterances."""

from dataclasses import dataclass

import numpy as np

from geolid.report.metrics import accuracy, macro_accuracy

EDGES = (0, 3, 5, 10, 20, None)  # seconds; each bin holds its lower end


@dataclass(frozen=True)
class DurationBin:
    lower: float  # seconds
    upper: float | None  # seconds; None: as long as may be
    utterances: int
    accuracy: float | None  # None of no utterance
    macro_accuracy: float | None


def by_duration(seconds: np.ndarray, reference: np.ndarray, right: np.ndarray) -> list[DurationBin]:
    """Score utterances bin by bin; all arguments are (utterances,)."""
    bins = []
    for lower, upper in zip(EDGES, EDGES[1:], strict=False):
        chosen = (seconds >= lower) & (seconds < (np.inf if upper is None else upper))
        counts = np.bincount(2 * reference[chosen] + right[chosen], minlength=2 * (int(reference.max()) + 1))
        scores = (float(accuracy(counts)), float(macro_accuracy(counts))) if chosen.any() else (None, None)
        bins.append(DurationBin(lower, upper, int(chosen.sum()), *scores))
    return bins
