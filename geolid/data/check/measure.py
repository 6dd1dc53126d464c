"""Look at the audio of utterances: what stops it from being used, and a few numbers of what can be.

Utterances are looked at in batches by several processes. What comes back is a row of numbers an utterance.
"""

import hashlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice

import numpy as np
from tqdm import tqdm

from geolid.data.audio import OVERSHOOT_SECONDS, Audio, AudioError, read, read_header
from geolid.data.utterances import Utterance
from geolid.errors import GeoLIDError

_BATCH = 64
_FULL_SCALE = 32768
_FRAME_SECONDS = 0.1
# Below this part of full scale, samples of the same height in a row are coarse steps and not cut tops.
_CLIPPED_FROM = 0.1
_FLAT_SAMPLES = 3  # in a row
_SILENCE_DB = -120.0  # what no sound at all counts as
_LOG_SECONDS = 10

ROW = np.dtype(
    [
        ("seconds", "f8"),
        ("rate", "i4"),  # 0: not looked at, or not to be used
        ("channels", "i2"),
        ("has_content", "?"),  # the rest was measured; not so where only the header was read
        ("content", "u8"),  # a hash of the samples, so of the sound and not of its file
        ("clipped", "f4"),  # share of the samples on a flat top
        ("loudest_db", "f4"),  # of the loudest 0.1 s, below full scale
        ("zeros", "f4"),  # share of the samples
    ]
)


@dataclass
class Measured:
    """A row for each utterance of a set."""

    rows: np.ndarray  # of ROW
    looked_at: int


def measure(
    utterances: Iterable[tuple[int, Utterance]], total: int, headers_only: bool, allow_pipes: bool, nj: int
) -> Iterator[tuple[int, np.void | str]]:
    """Yield the number of each utterance with its row, or with what is wrong with its audio; in order."""
    seconds = 0.5 if sys.stderr.isatty() else _LOG_SECONDS
    with tqdm(total=total, unit="utt", desc="audio", mininterval=seconds, maxinterval=seconds) as bar:
        for batch in _in_parallel(_batches(utterances), headers_only, allow_pipes, nj):
            yield from batch
            bar.update(len(batch))


def _batches(utterances: Iterable[tuple[int, Utterance]]) -> Iterator[list[tuple[int, Utterance]]]:
    utterances = iter(utterances)
    while batch := list(islice(utterances, _BATCH)):
        yield batch


def _in_parallel(batches: Iterable[list], headers_only: bool, allow_pipes: bool, nj: int) -> Iterator[list]:
    """Keep every process busy, and no more batches in memory than that takes."""
    if nj == 1:
        yield from (_look_at(batch, headers_only, allow_pipes) for batch in batches)
        return
    waiting: deque[Future] = deque()
    try:
        with ProcessPoolExecutor(nj) as pool:
            for batch in batches:
                waiting.append(pool.submit(_look_at, batch, headers_only, allow_pipes))
                if len(waiting) >= 4 * nj:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    except BrokenProcessPool:
        raise GeoLIDError(
            "a process that looked at audio was ended from outside; it may have had too little memory: give --nj a "
            "smaller number, and --nj 1 to see where it happens"
        ) from None


def _look_at(batch: list[tuple[int, Utterance]], headers_only: bool, allow_pipes: bool) -> list:
    look: Callable[[Utterance], np.void] = _header_row if headers_only else lambda u: content_row(_read(u, allow_pipes))
    found = []
    for number, utterance in batch:
        try:
            found.append((number, look(utterance)))
        except AudioError as error:
            found.append((number, str(error)))
        except OSError as error:  # a file that may not be read, a disk that fails
            found.append((number, f"cannot be opened: {utterance.source}: {error.strerror or error}"))
    return found


def _read(utterance: Utterance, allow_pipes: bool) -> Audio:
    return read(utterance.source, utterance.start, utterance.end, allow_pipes)


def _header_row(utterance: Utterance) -> np.void:
    header = read_header(utterance.source)
    if header.samples == 0:
        raise AudioError(f"no samples: {utterance.source}")
    whole = header.samples / header.rate
    if utterance.start >= whole or utterance.end > whole + OVERSHOOT_SECONDS:
        stretch = f"{utterance.start:g} to {utterance.end:g} s of {utterance.source}"
        raise AudioError(f"segment beyond the end: {stretch}, which has {whole:.2f} s")
    row = np.zeros((), ROW)
    row["seconds"] = (whole if utterance.end < 0 else min(utterance.end, whole)) - utterance.start
    row["rate"], row["channels"] = header.rate, header.channels
    return row[()]


def content_row(audio: Audio) -> np.void:
    samples, rate = audio.samples, audio.header.rate
    scaled = samples.astype(np.float32) / _FULL_SCALE if samples.dtype == np.int16 else samples
    mono = scaled.mean(axis=1)
    row = np.zeros((), ROW)
    row["seconds"], row["rate"], row["channels"] = len(samples) / rate, rate, samples.shape[1]
    row["has_content"] = True
    row["content"] = _hash(mono)
    row["clipped"] = max(clipped_share(channel) for channel in scaled.T)
    row["loudest_db"] = loudest_db(mono, rate)
    row["zeros"] = 1 - np.count_nonzero(mono) / len(mono)
    return row[()]


def _hash(mono: np.ndarray) -> int:
    """Hash what 16 bits hold of the sound, so that wav, flac, float and two like channels come to the same."""
    rounded = np.round(np.clip(mono * _FULL_SCALE, -_FULL_SCALE, _FULL_SCALE - 1)).astype("<i2")
    return int.from_bytes(hashlib.blake2b(rounded.tobytes(), digest_size=8).digest(), "little")


def clipped_share(channel: np.ndarray) -> float:
    """Return the share of samples on flat tops and bottoms: several in a row at the very extreme.

    It need not be full scale: audio may have been made quieter after it was clipped. Above full scale all is flat.
    """
    channel = np.clip(channel, -1, 1 - 1 / _FULL_SCALE)
    flat = 0
    for side in (channel, -channel):
        top = side.max()
        if top >= _CLIPPED_FROM:
            flat += _in_runs(side > top - 0.5 / _FULL_SCALE)
    return flat / len(channel)


def _in_runs(at_top: np.ndarray) -> int:
    """Count what stands in runs of at least _FLAT_SAMPLES."""
    places = np.flatnonzero(at_top)
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return sum(len(run) for run in runs if len(run) >= _FLAT_SAMPLES)


def loudest_db(mono: np.ndarray, rate: int) -> float:
    """Return the level of the loudest tenth of a second; a constant is no sound."""
    length = max(1, min(round(_FRAME_SECONDS * rate), len(mono)))
    frames = mono[: len(mono) // length * length].reshape(-1, length)
    level = frames.std(axis=1).max()
    return max(_SILENCE_DB, 20 * float(np.log10(level))) if level > 0 else _SILENCE_DB
