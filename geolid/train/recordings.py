"""Parts of audio files as floats; no more is decoded than is wanted."""

import numpy as np
import soundfile

from geolid.data.audio import AudioError, open_file


def open_recording(source: str) -> soundfile.SoundFile:
    """Open a file, or the entry `<ark>:<offset>`."""
    try:
        file = open_file(source)
    except OSError as error:
        raise AudioError(f"cannot be read: {source}: {error.strerror}") from None
    if file.frames == 0:
        raise AudioError(f"no samples: {source}")
    return file


def read_stretch(file: soundfile.SoundFile, source: str, first: int, count: int) -> np.ndarray:
    """Return `count` samples from the `first` on, (count, channels) float32; `source` is named in errors."""
    try:
        file.seek(first)
        samples = file.read(count, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"cannot be decoded: {source}: {error.error_string}") from None
    if len(samples) < count:
        raise AudioError(f"cut short: {source}: {first + len(samples)} samples are there, {first + count} were wanted")
    if not np.isfinite(samples).all():
        raise AudioError(f"not numbers: {source}: some samples are NaN or infinite")
    return samples
