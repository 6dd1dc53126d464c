"""What can be handed to an identifier: a path, samples with their rate, or an open file."""

import io
import math
import numbers
import os
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
import soundfile

from geolid.data import audio
from geolid.data.audio import AudioError
from geolid.data.utterances import Utterance
from geolid.errors import GeoLIDError
from geolid.identify.speech import as_speech, read_speech

Source = str | os.PathLike | Utterance | tuple[Any, float] | BinaryIO
_WHOLE = (np.int16, np.int32)  # over all of their range; others may hold anything
_LOUDEST = 100.0  # samples from -1 to 1 may go a little over; those of whole numbers go up to 32768
_NO_LENGTH = (AudioError, soundfile.LibsndfileError, AttributeError, OSError, TypeError, ValueError, ZeroDivisionError)
_EXPECTED = "expected a path, a pair (array, rate), an open binary file, or a list of them"


def is_list(given: Any) -> bool:
    """Say whether several sources were handed in; a pair of samples and rate is one source."""
    return isinstance(given, Sequence) and not isinstance(given, str | bytes) and not _is_pair(given)


def _is_pair(given: Any) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and any(isinstance(half, numbers.Real) for half in given)


def name_of(source: Source) -> str:
    """Return what a source is called in messages."""
    if isinstance(source, Utterance):
        return source.name
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    if _is_pair(source):
        return "the array"
    return str(getattr(source, "name", "") or "the open file")


def read_input(source: Source, rate: int, allow_pipes: bool = False) -> np.ndarray:
    """Return (samples,) float32 at `rate`; an AudioError where the audio cannot be used."""
    if isinstance(source, Utterance):
        return read_speech(source.source, rate, source.start, source.end, allow_pipes)
    if isinstance(source, str | os.PathLike):
        return read_speech(os.fspath(source), rate, allow_pipes=allow_pipes)
    if _is_pair(source):
        return as_speech(*_samples(*source), rate)
    if hasattr(source, "read"):
        name = name_of(source)
        found = audio.read_open_file(_seekable(source, name), name)
        return as_speech(found.samples, found.header.rate, rate)
    raise GeoLIDError(f"found {_told(source)}; {_EXPECTED}")


def seconds_of(source: Source) -> float:
    """Return how long a source is, as far as one knows without decoding it; 0 where only reading it tells."""
    try:
        if isinstance(source, str | os.PathLike | Utterance):
            utterance = source if isinstance(source, Utterance) else Utterance("", os.fspath(source))
            if audio.is_pipe(utterance.source):
                return 0.0
            end = utterance.end
            if end < 0:
                header = audio.read_header(utterance.source)
                end = header.samples / header.rate
            return max(end - utterance.start, 0.0)
        if _is_pair(source):
            return max(np.shape(source[0])) / float(source[1])
        if hasattr(source, "read") and source.seekable():
            source.seek(0)
            return soundfile.info(source).duration
    except _NO_LENGTH:  # reading it will tell
        pass
    return 0.0


def _samples(array: Any, rate: Any) -> tuple[np.ndarray, int]:
    """Return samples (samples, channels), int16 or floats from -1 to 1, and their rate."""
    if not isinstance(rate, numbers.Real):
        raise GeoLIDError("found (rate, array); expected them the other way round: (array, rate)")
    if not 1 <= rate < math.inf or rate != int(rate):
        raise AudioError(f"a sampling rate of {rate}; expected a whole number of samples a second, such as 16000")
    samples = np.asarray(array.detach().cpu() if hasattr(array, "detach") else array)  # torch's, or numpy's
    if samples.ndim not in (1, 2) or not (samples.dtype.kind == "f" or samples.dtype in _WHOLE):
        raise AudioError(
            f"an array of {samples.dtype} with axes {samples.shape}; expected (samples,) or (samples, channels), of "
            "floats from -1 to 1, int16 or int32"
        )
    if samples.ndim == 1:
        samples = samples[:, None]
    elif samples.shape[1] > samples.shape[0]:  # channels first, as torchaudio has it
        samples = samples.T
    if samples.dtype == np.int32:
        samples = (samples / 2**31).astype(np.float32)
    elif samples.dtype.kind == "f":
        samples = samples.astype(np.float32, copy=False)
        loudest = np.abs(samples).max(initial=0.0)
        if _LOUDEST < loudest < np.inf:
            raise AudioError(f"floats up to {loudest:.0f}; expected -1 to 1: divide samples of 16 bits by 32768")
    audio.refuse_useless(samples, "the array")
    return samples, int(rate)


def _seekable(file: BinaryIO, name: str) -> BinaryIO:
    if isinstance(file, io.TextIOBase):
        raise GeoLIDError(f"{name}: is open as text; open it in binary mode: open(path, 'rb')")
    if hasattr(file, "seekable") and file.seekable():
        return file
    return io.BytesIO(file.read())


def _told(source: Any) -> str:
    if hasattr(source, "shape"):
        return "an array without its sampling rate"
    if isinstance(source, bytes):
        return "bytes, which io.BytesIO makes a file of"
    return f"{source!r}" if isinstance(source, numbers.Number | None) else f"a {type(source).__name__}"
