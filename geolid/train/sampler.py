"""Which utterances an epoch hears: languages, or languages within data sets, by a power law of their duration.

P(l) is proportional to (n_l / N) ** factor, n_l being the duration of language l and N that of all. A factor of 1 keeps
the languages' own shares, 0 makes them equal. Within a language every utterance is as likely as any other.
"""

import numpy as np

from geolid.errors import GeoLIDError


class PowerLawSampler:
    """Draws utterances from cells (a language, or a language within a data set) of given probabilities.

    The utterances of a cell come in a shuffled order, which is gone through before it begins again.
    """

    def __init__(
        self, lengths: np.ndarray, cells: np.ndarray, probabilities: np.ndarray, dataset_scaling_factor: float
    ):
        """`lengths` and `cells`, the index into `probabilities`, are arrays of (utterances,)."""
        if not dataset_scaling_factor >= 1:
            raise GeoLIDError(
                f"dataset_scaling_factor: found {dataset_scaling_factor}, expected 1 or more; it is the number of "
                "draws of an epoch over the number of utterances (published: 1.2)"
            )
        self.probabilities = probabilities
        self.draws_per_epoch = int(int(lengths.sum() * dataset_scaling_factor) / lengths.mean())
        self._cells = cells
        self._sizes = np.bincount(cells, minlength=len(probabilities))
        self._first = np.cumsum(self._sizes) - self._sizes

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return the indices of an epoch's utterances, (draws_per_epoch,) int32, in the order of drawing."""
        shuffled = rng.permutation(len(self._cells)).astype(np.int32)
        by_cell = shuffled[np.argsort(self._cells[shuffled], kind="stable")]
        cell_of = rng.choice(len(self.probabilities), self.draws_per_epoch, p=self.probabilities)
        cell_of = cell_of.astype(self._cells.dtype)  # mostly int16, which numpy sorts in one pass
        draws_of_cell = np.bincount(cell_of, minlength=len(self.probabilities))
        # the number of each draw among those of its cell, cell by cell: 0, 1, 2, ..., 0, 1, ...
        place = np.arange(len(cell_of), dtype=np.int32)
        place -= np.repeat(np.cumsum(draws_of_cell) - draws_of_cell, draws_of_cell)
        place %= np.repeat(np.maximum(self._sizes, 1), draws_of_cell)
        place += np.repeat(self._first, draws_of_cell)
        drawn = np.empty(len(cell_of), np.int32)
        drawn[np.argsort(cell_of, kind="stable")] = by_cell[place]
        return drawn


def catpow(
    lengths: np.ndarray,
    labels: np.ndarray,
    upsampling_factor: float = 0.5,
    dataset_scaling_factor: float = 1.2,
) -> PowerLawSampler:
    """Balance languages. `lengths` (samples) and `labels` (language indices) are arrays of (utterances,)."""
    _check_factor("upsampling_factor", upsampling_factor)
    probabilities = _power_law(np.bincount(labels, lengths), upsampling_factor)
    return PowerLawSampler(lengths, labels, probabilities, dataset_scaling_factor)


def catpow_balance_dataset(
    lengths: np.ndarray,
    labels: np.ndarray,
    datasets: np.ndarray,
    category_upsampling_factor: float = 0.5,
    dataset_upsampling_factor: float = 0.5,
    dataset_scaling_factor: float = 1.2,
) -> PowerLawSampler:
    """Balance data sets, and languages within each: P(d) P(l | d), each a power law of durations.

    A cell is `data set * languages + language`; arrays are of (utterances,).
    """
    _check_factor("category_upsampling_factor", category_upsampling_factor)
    _check_factor("dataset_upsampling_factor", dataset_upsampling_factor)
    languages = int(labels.max()) + 1
    number = (int(datasets.max()) + 1) * languages
    cells = datasets.astype(np.int16 if number <= np.iinfo(np.int16).max else np.int32) * languages + labels
    durations = np.bincount(cells, lengths, number).reshape(-1, languages)
    of_dataset = _power_law(durations.sum(axis=1), dataset_upsampling_factor)
    within_dataset = _power_law(durations, category_upsampling_factor)
    return PowerLawSampler(lengths, cells, (of_dataset[:, None] * within_dataset).ravel(), dataset_scaling_factor)


def _power_law(durations: np.ndarray, factor: float) -> np.ndarray:
    """Return the probabilities along the last axis; what has no utterances has none."""
    total = np.maximum(durations.sum(axis=-1, keepdims=True), 1)
    weights = np.where(durations > 0, (durations / total) ** factor, 0.0)
    return weights / np.maximum(weights.sum(axis=-1, keepdims=True), np.finfo(float).tiny)


def _check_factor(name: str, factor: float) -> None:
    if not 0 <= factor <= 1:
        raise GeoLIDError(
            f"{name}: found {factor}, expected a number from 0 (all equally often) to 1 (as often as they are)"
        )
