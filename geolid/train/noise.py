"""Noise of several kinds, as MUSAN has it: babble, music, other noise."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geolid.data.resample import resample
from geolid.errors import GeoLIDError
from geolid.train.recordings import open_recording, read_stretch
from geolid.train.strings import Strings

LOG = logging.getLogger(__name__)

NOISE_REMEDY = (
    "make it from MUSAN (https://www.openslr.org/17) by local/prepare_musan_rirs.sh --parts musan, and run stage 3, "
    "or set noise_apply_prob: 0.0"
)


@dataclass(frozen=True)
class NoiseKind:
    """A line of `noise_info`."""

    weight: float  # how often it is taken, against the other kinds
    scp: str  # a list of files: '<path>' or '<id> <path>' a line
    number: tuple[int, int]  # how many are mixed, fewest and most
    snr: tuple[float, float]  # dB of the speech over each, lowest and highest


class NoiseAdder:
    def __init__(self, kinds: Sequence[NoiseKind], apply_prob: float, short_noise_thres: float, rate: int):
        self._kinds = kinds
        self._weights = np.array([kind.weight for kind in kinds]) / sum(kind.weight for kind in kinds)
        self._files = [read_file_list(Path(kind.scp), NOISE_REMEDY) for kind in kinds]
        self._apply_prob = apply_prob
        self._short_noise_thres = short_noise_thres
        self._rate = rate
        self._told_short = False

    def __call__(self, speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return (samples,) with or without noise, as chance wills."""
        if rng.random() >= self._apply_prob:
            return speech
        which = rng.choice(len(self._kinds), p=self._weights)
        kind, files = self._kinds[which], self._files[which]
        noisy = speech.copy()
        for _ in range(rng.integers(kind.number[0], kind.number[1], endpoint=True)):
            noise = self._read(files[rng.integers(len(files))], len(speech), rng)
            noisy += at_snr(noise, speech, rng.uniform(*kind.snr))
        return noisy

    def _read(self, source: str, samples: int, rng: np.random.Generator) -> np.ndarray:
        """Return a stretch from anywhere in a recording, (samples,); one that is too short is repeated."""
        with open_recording(source) as file:
            wanted = -(-samples * file.samplerate // self._rate)
            count = min(wanted, file.frames)
            if count < self._short_noise_thres * wanted and not self._told_short:
                self._told_short = True
                LOG.warning(
                    f"{source}: noise of {count / file.samplerate:.2f} s, much shorter than the speech, is repeated "
                    "(short_noise_thres; told once)"
                )
            first = rng.integers(0, file.frames - count, endpoint=True)
            noise = read_stretch(file, source, int(first), count).mean(axis=1)
            if file.samplerate != self._rate:
                noise = resample(noise, file.samplerate, self._rate)
        return np.resize(noise, samples)


def at_snr(noise: np.ndarray, speech: np.ndarray, snr: float) -> np.ndarray:
    """Scale noise so that the speech is `snr` dB above it; silence has no level and takes no noise."""
    noise_power = np.mean(np.square(noise), dtype=np.float64)
    if noise_power == 0:
        return noise
    speech_power = np.mean(np.square(speech), dtype=np.float64)
    return noise * np.float32(np.sqrt(speech_power / noise_power / 10 ** (snr / 10)))


def read_file_list(path: Path, remedy: str) -> Strings:
    """Read a list of audio files, '<path>' or '<id> <path>' a line."""
    if not path.is_file():
        raise GeoLIDError(f"{path}: no such list of audio files; {remedy}")
    with path.open(encoding="utf-8") as lines:
        files = Strings(line.split(None, 1)[-1].strip() for line in lines if line.strip())
    if not len(files):
        raise GeoLIDError(f"{path}: an empty list of audio files; {remedy}")
    return files
