"""Speech of the embedded corpus's synthesiser, for the miniatures of other corpora."""

import functools
import zlib

import numpy as np

from geolid.data.corpora.mini.espeak import SAMPLE_RATE, Voice, say

_VOICES = [  # of variants without a breath, which would be another one each time
    Voice("de", "f1", 150, 60),
    Voice("fr", "m1", 170, 40),
    Voice("es", "belinda", 160, 70),
    Voice("sv", "m3", 150, 30),
]
_SECONDS = 20.0  # of each voice; longer recordings hear it again
_NOISE = 0.003  # so that pauses are not silent, and no two recordings hold the same bytes


def speech(seconds: float, rate: int, key: str) -> np.ndarray:
    """Return (samples,) between -1 and 1: with another key another stretch, in another voice most often."""
    draw = np.random.default_rng(zlib.crc32(key.encode()))
    spoken = _spoken(_VOICES[draw.integers(len(_VOICES))], rate)
    samples = round(seconds * rate)
    stretch = spoken.take(draw.integers(len(spoken)) + np.arange(samples), mode="wrap")
    return stretch + _NOISE * draw.standard_normal(samples)


@functools.cache
def _spoken(voice: Voice, rate: int) -> np.ndarray:
    """Return what a voice says, at a rate."""
    words = [f"{number} {number * number}" for number in range(2, 60)]  # read in the voice's language
    samples = say(voice, words, _SECONDS, 2 * _SECONDS).samples.astype(np.float64)
    times = np.arange(int(len(samples) * rate / SAMPLE_RATE)) * SAMPLE_RATE / rate
    return 0.5 * np.interp(times, np.arange(len(samples)), samples) / np.abs(samples).max()
