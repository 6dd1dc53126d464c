"""Utterances of similar length together, read ahead of the model."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from geolid.data.audio import AudioError

_READERS = 4  # threads; decoding leaves Python's lock alone, and a file server is slow to answer
_BATCHES_AHEAD = 2
_FIRST_LENGTH, _STEP = 1600, 1.05  # samples; of the series of padded lengths

Read = Callable[[int], np.ndarray]


@dataclass(frozen=True)
class BatchLimits:
    """How much the model takes in at once; an utterance that is longer than all of it goes alone."""

    samples: int  # with padding
    utterances: int = 32


@dataclass(frozen=True)
class WaveBatch:
    """What could be read of a batch; `rows` are the utterances' numbers in the list that was asked for."""

    rows: np.ndarray  # (batch,)
    waves: np.ndarray  # (batch, samples) float32, zeros behind each
    lengths: np.ndarray  # (batch,) samples
    faults: dict[int, str]  # by number: why the audio cannot be used


def batches_by_length(lengths: Sequence[int], limits: BatchLimits) -> list[np.ndarray]:
    """Return the numbers of the utterances of each batch, the longest first; it follows from the lengths alone."""
    lengths = np.asarray(lengths)
    if len(lengths) == 0:
        return []
    padded = padded_lengths(lengths)
    order = np.argsort(-lengths, kind="stable")
    batches = []
    start = 0
    while start < len(order):
        fit = limits.samples // int(padded[order[start]])
        end = start + min(max(fit, 1), limits.utterances)
        batches.append(order[start:end])
        start = end
    return batches


def padded_lengths(lengths: np.ndarray) -> np.ndarray:
    """Return how long waves are made: lengths from a series, each a twentieth longer than the one before.

    Kernels are made anew for every shape of a batch that has not occurred yet. So a few shapes recur, where hardly any
    two batches would be alike; it costs a fortieth more to compute, and for small models saves a quarter of the time.
    """
    steps = np.ceil(np.log(np.maximum(lengths, _FIRST_LENGTH) / _FIRST_LENGTH) / np.log(_STEP))
    return np.maximum(np.ceil(_FIRST_LENGTH * _STEP**steps).astype(np.int64), lengths)


def read_batches(lengths: Sequence[int], read: Read, limits: BatchLimits) -> Iterator[WaveBatch]:
    """Yield all utterances in batches. While one is at work the next ones are read: `read(number)` gives a wave."""
    batches = deque(batches_by_length(lengths, limits))
    with ThreadPoolExecutor(_READERS) as pool:
        ahead: deque[tuple[np.ndarray, list[Future]]] = deque()
        while batches or ahead:
            while batches and len(ahead) <= _BATCHES_AHEAD:
                rows = batches.popleft()
                ahead.append((rows, [pool.submit(read, int(row)) for row in rows]))
            yield _pad(*ahead.popleft())


def _pad(rows: np.ndarray, readings: Sequence[Future]) -> WaveBatch:
    waves: dict[int, np.ndarray] = {}
    faults: dict[int, str] = {}
    for row, reading in zip(rows.tolist(), readings, strict=True):
        try:
            waves[row] = reading.result()
        except AudioError as error:
            faults[row] = str(error)
    lengths = np.array([len(wave) for wave in waves.values()], np.int64)
    longest = int(padded_lengths(lengths.max(initial=1, keepdims=True))[0])
    padded = np.zeros((len(waves), longest), np.float32)
    for place, wave in zip(padded, waves.values(), strict=True):
        place[: len(wave)] = wave
    return WaveBatch(np.array(list(waves), np.int64), padded, lengths, faults)
