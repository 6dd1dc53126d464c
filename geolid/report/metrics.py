"""How many utterances are right: over all, by language, among the best few.

Scores are fractions. What was not read is wrong. A score that has a zero denominator is 0.
"""

from dataclasses import dataclass

import numpy as np

from geolid.report import bootstrap
from geolid.report.predictions import UNREAD


@dataclass(frozen=True)
class ByLanguage:
    """Each (languages,)."""

    utterances: np.ndarray
    recall: np.ndarray  # the accuracy over the utterances of a language is its recall
    precision: np.ndarray
    f1: np.ndarray


@dataclass(frozen=True)
class Accuracies:
    """Of all utterances, and as the mean over the languages that have any; with the intervals they lie in."""

    accuracy: float
    macro_accuracy: float
    accuracy_interval: tuple[float, float]
    macro_accuracy_interval: tuple[float, float]


def confusion_matrix(reference: np.ndarray, predicted: np.ndarray, languages: int) -> np.ndarray:
    """Return utterances by reference (rows) and predicted language, (languages, languages + 1); last is UNREAD."""
    column = np.where(predicted == UNREAD, languages, predicted)
    counts = np.bincount(reference * (languages + 1) + column, minlength=languages * (languages + 1))
    return counts.reshape(languages, languages + 1)


def by_language(confusion: np.ndarray) -> ByLanguage:
    right = np.diagonal(confusion)
    utterances = confusion.sum(axis=1)
    predicted = confusion[:, : len(confusion)].sum(axis=0)
    return ByLanguage(
        utterances, _divide(right, utterances), _divide(right, predicted), _divide(2 * right, utterances + predicted)
    )


def accuracies(reference: np.ndarray, right: np.ndarray, unit: np.ndarray) -> Accuracies:
    """Score utterances, of which each has a language, is right or not, and belongs to a unit; all (utterances,)."""
    languages = int(reference.max()) + 1
    cells = 2 * reference + right
    counts = np.bincount(cells, minlength=2 * languages)
    resamples = bootstrap.resample(unit, cells, 2 * languages)
    return Accuracies(
        accuracy=float(accuracy(counts)),
        macro_accuracy=float(macro_accuracy(counts)),
        accuracy_interval=bootstrap.interval(resamples, accuracy),
        macro_accuracy_interval=bootstrap.interval(resamples, macro_accuracy),
    )


def accuracy(counts: np.ndarray) -> np.ndarray:
    """Return the share that is right, from counts (..., 2 * languages): of each language the wrong and the right."""
    return counts[..., 1::2].sum(axis=-1) / counts.sum(axis=-1)


def macro_accuracy(counts: np.ndarray) -> np.ndarray:
    """Return the mean of the accuracies of languages that are not absent, from counts (..., 2 * languages)."""
    right = counts[..., 1::2]
    utterances = counts[..., ::2] + right
    return _divide(right, utterances).sum(axis=-1) / np.count_nonzero(utterances, axis=-1)


def ranks(logits: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return the rank, from 1, of the column that each row should be: (utterances,); a tie counts against it."""
    own = np.take_along_axis(logits, column[:, None], axis=1)
    return np.count_nonzero(logits >= own, axis=1)


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.zeros(denominator.shape), where=denominator > 0)
