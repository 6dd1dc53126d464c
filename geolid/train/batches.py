"""From drawn utterances to batches, which are kept as two arrays however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geolid.errors import GeoLIDError


@dataclass(frozen=True)
class Batches:
    """Batch i holds the utterances `rows[offsets[i]:offsets[i + 1]]`."""

    rows: np.ndarray  # (rows,) indices of utterances
    offsets: np.ndarray  # (batches + 1,)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> np.ndarray:
        return self.rows[self.offsets[number] : self.offsets[number + 1]]

    @property
    def sizes(self) -> np.ndarray:
        return np.diff(self.offsets)

    def take(self, numbers: np.ndarray) -> "Batches":
        """Return the batches of these numbers, in this order."""
        sizes = self.sizes[numbers]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[numbers] - offsets[:-1], sizes)
        return Batches(self.rows[places], offsets)

    def real_share(self, lengths: np.ndarray) -> float:
        """Return the share of real samples in the batches once they are padded; `lengths` are (utterances,)."""
        lengths = lengths[self.rows]
        padded = np.maximum.reduceat(lengths, self.offsets[:-1]) * self.sizes
        return float(lengths.sum() / padded.sum())


def join(parts: Sequence[Batches]) -> Batches:
    sizes = np.concatenate([part.sizes for part in parts])
    return Batches(np.concatenate([part.rows for part in parts]), np.concatenate([[0], np.cumsum(sizes)]))


@dataclass(frozen=True)
class BatchSize:
    """How much a batch may hold, that of all processes together."""

    batch_bins: int  # samples
    max_batch_size: int | None = None  # utterances
    min_batch_size: int = 1  # utterances; at least one for each process. It goes before batch_bins
    drop_last: bool = False  # leave out the batch that is not full

    def __post_init__(self) -> None:
        for name in ("batch_bins", "min_batch_size", "max_batch_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise GeoLIDError(f"{name}: found {value}, expected 1 or more")
        if self.max_batch_size is not None and self.max_batch_size < self.min_batch_size:
            raise GeoLIDError(
                f"max_batch_size: found {self.max_batch_size}, expected {self.min_batch_size} or more: a batch is "
                "shared by all processes and needs an utterance for each (and min_batch_size); raise max_batch_size "
                "or use fewer processes"
            )

    def clip(self, sizes: np.ndarray) -> np.ndarray:
        return np.clip(sizes, self.min_batch_size, self.max_batch_size)


def group_by_length(drawn: np.ndarray, lengths: np.ndarray, size: BatchSize) -> Batches:
    """Put utterances of similar length together, the longest first: longest * count stays within `batch_bins`.

    `drawn` are indices into `lengths` (utterances,). Each is in one batch, whether drawn once or again. An utterance
    that is longer than `batch_bins` is a batch of its own. Equal lengths stay in the order of drawing: they mix.
    """
    # stable, so that machines with other sorting instructions, too, get the same batches
    drawn = drawn[np.argsort(-lengths[drawn], kind="stable")]
    offsets, last_is_full = _cut(size.clip(size.batch_bins // lengths[drawn]))
    sizes = np.diff(offsets)
    missing = size.min_batch_size - sizes[-1]
    if not last_is_full and size.drop_last:
        offsets = offsets[:-1]
    elif missing > 0 and len(sizes) > 1 and sizes[-2] - missing >= size.min_batch_size:
        offsets[-2] -= missing  # the batch before can spare them
    elif missing > 0:
        offsets = offsets[:-1]
    return Batches(drawn[: offsets[-1]], offsets)


def group_in_order(drawn: np.ndarray, lengths: np.ndarray, size: BatchSize) -> Batches:
    """Fill batches in the order of drawing, as ESPnet does, whatever the padding.

    A batch is closed by the utterance with which the sum of its lengths exceeds `batch_bins`, not before there are
    `min_batch_size`, and at `max_batch_size`. A last one of fewer than `min_batch_size` is left out.
    """
    ends = np.cumsum(lengths[drawn])
    before = ends - lengths[drawn]
    count = np.searchsorted(ends, before + size.batch_bins, side="right") + 1 - np.arange(len(drawn))
    offsets, last_is_full = _cut(size.clip(count))
    if not last_is_full and (size.drop_last or offsets[-1] - offsets[-2] < size.min_batch_size):
        offsets = offsets[:-1]
    return Batches(drawn[: offsets[-1]], offsets)


GROUPINGS = {"length": group_by_length, "none": group_in_order}


def _cut(count: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return where batches begin, and where the last one ends, and whether it is full.

    `count[i]` is how many a full batch holds that begins with row i.
    """
    starts = []
    start = 0
    while start < len(count):
        starts.append(start)
        start += int(count[start])
    return np.array([*starts, len(count)], np.int64), start == len(count)
