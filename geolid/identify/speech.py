"""Speech as a model wants it: one channel, its sampling rate, samples from -1 to 1."""

import numpy as np

from geolid.data import audio
from geolid.data.audio import AudioError
from geolid.data.resample import resample

SHORTEST_SECONDS = 0.025  # one window of the filter banks


def read_speech(source: str, rate: int, start: float = 0.0, end: float = -1.0, allow_pipes: bool = False) -> np.ndarray:
    """Return (samples,) float32 of a source as in `wav.scp`, from `start` to `end` seconds."""
    recording = audio.read(source, start, end, allow_pipes)
    try:
        return as_speech(recording.samples, recording.header.rate, rate)
    except AudioError as error:
        raise AudioError(f"{error}: {source}") from None


def as_speech(samples: np.ndarray, found_rate: int, rate: int) -> np.ndarray:
    """Mix (samples, channels), int16 or from -1 to 1, down to (samples,) float32 at `rate`."""
    if len(samples) < SHORTEST_SECONDS * found_rate:
        milliseconds = 1000 * len(samples) / found_rate
        raise AudioError(f"too short: {milliseconds:.0f} ms; expected {1000 * SHORTEST_SECONDS:.0f} ms or more")
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)
    speech = np.multiply(mono, 1 / 32768 if samples.dtype == np.int16 else 1.0, dtype=np.float32)
    return speech if found_rate == rate else resample(speech, found_rate, rate)
