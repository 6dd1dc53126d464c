"""Audio files: what their headers say, and their samples.

A source is what stands behind an id in `wav.scp`: a file that soundfile reads (wav, flac, ogg, opus, mp3, SPHERE, ...),
`<ark>:<offset>`, or a command that ends in `|` and writes audio to its standard output. A command runs only when the
user allows it.
"""

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from geolid.errors import GeoLIDError

# A segment may end this much after its recording does: times in transcripts are rounded.
OVERSHOOT_SECONDS = 0.5
# Sizes at and above this one are what programs write that do not know how long their output will be.
_ENDLESS_BYTES = 0x7FFFF000
# An mp3's own count of samples may be off by its encoder's delay.
_MP3_SLACK_SAMPLES = 2304


class AudioError(GeoLIDError):
    """Audio that cannot be used, and why."""


@dataclass(frozen=True)
class Header:
    """What is known of a source without decoding it."""

    rate: int
    channels: int
    samples: int  # in each channel
    container: str  # as soundfile names it: WAV, FLAC, OGG, MP3, NIST, ...
    subtype: str  # PCM_16, ULAW, ...


@dataclass(frozen=True)
class Audio:
    """Samples (samples, channels): int16 where the source holds 16-bit integers, float32 from -1 to 1 otherwise."""

    samples: np.ndarray
    header: Header


def is_pipe(source: str) -> bool:
    return source.rstrip().endswith("|")


def ark_place(source: str) -> tuple[str, int] | None:
    """Split `<ark>:<offset>`; None for any other source."""
    match = re.fullmatch(r"(.+):(\d+)", source)
    return (match[1], int(match[2])) if match and not Path(source).exists() else None


def read_header(source: str) -> Header:
    """Return what the header of a file or of an entry in an ark says; nothing is decoded."""
    if is_pipe(source):
        raise AudioError(f"a command has no header to read: {source}; run stage 3, which writes utt2num_samples")
    with open_file(source) as file:
        return _header(file)


def read_whole_header(source: str) -> Header:
    """Return what the header of a file says that has samples, and as many as it says; nothing is decoded."""
    with open_file(source) as file:
        _refuse_cut_short(file, source)
        if file.frames == 0:
            raise AudioError(f"no samples: {source}")
        return _header(file)


def open_file(source: str) -> soundfile.SoundFile:
    """Open a file, or the entry of an ark, to read parts of it; a command cannot be opened so."""
    place = ark_place(source)
    return _open(_ark_entry(*place) if place else source, source)


def read(source: str, start: float = 0.0, end: float = -1.0, allow_pipes: bool = False) -> Audio:
    """Return the samples of a source from `start` to `end` seconds; an end below 0 is the end of the recording.

    Audio that is cut short, empty, silent or not a number is an AudioError, as is a stretch that the recording
    does not have.
    """
    opened = _open(io.BytesIO(_run(source, allow_pipes)), source) if is_pipe(source) else open_file(source)
    with opened as file:
        _refuse_cut_short(file, source)
        audio = _read_stretch(file, source, start, end)
    refuse_useless(audio.samples, source)
    return audio


def read_open_file(file: BinaryIO, name: str) -> Audio:
    """Return all samples of a file that a program has open; `name` is for messages."""
    file.seek(0)
    with _open(file, name) as opened:
        _refuse_cut_short(opened, name)
        audio = _read_stretch(opened, name, 0.0, -1.0)
    refuse_useless(audio.samples, name)
    return audio


def _open(opened: Any, source: str) -> soundfile.SoundFile:
    if opened is source:
        path = Path(source)
        if not path.is_file():
            raise AudioError(f"{'a folder' if path.is_dir() else 'no such file'}: {source}")
        if path.stat().st_size == 0:
            raise AudioError(f"zero bytes: {source}")
    try:
        return soundfile.SoundFile(opened)
    except (soundfile.LibsndfileError, TypeError) as error:
        detail = getattr(error, "error_string", "") or "its header or its end is damaged"
        raise AudioError(f"cannot be read as audio: {source}: {detail}") from None


def _header(file: soundfile.SoundFile) -> Header:
    return Header(file.samplerate, file.channels, file.frames, file.format, file.subtype)


def _read_stretch(file: soundfile.SoundFile, source: str, start: float, end: float) -> Audio:
    rate, seconds = file.samplerate, file.frames / file.samplerate
    if start >= seconds > 0 or end > seconds + OVERSHOOT_SECONDS:
        raise AudioError(f"segment beyond the end: {start:g} to {end:g} s of {source}, which has {seconds:.2f} s")
    first = round(start * rate)
    last = file.frames if end < 0 else min(round(end * rate), file.frames)
    if first:
        file.seek(first)
    try:
        samples = file.read(last - first, dtype="int16" if file.subtype == "PCM_16" else "float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"cannot be decoded: {source}: {error.error_string}") from None
    slack = _MP3_SLACK_SAMPLES if file.format == "MP3" else 0
    if len(samples) + slack < last - first:
        raise _cut_short(source, last / rate, (first + len(samples)) / rate)
    return Audio(samples, _header(file))


def _refuse_cut_short(file: soundfile.SoundFile, source: str) -> None:
    """Compare the length that the header claims, which libsndfile mends in silence, with what is there."""
    notes = file.extra_info
    claim = re.search(r"^\s*(?:data|SSND|Data Size)\s*: (\d+) \(should be (\d+)\)", notes, re.MULTILINE)
    if claim and int(claim[2]) < int(claim[1]) < _ENDLESS_BYTES:
        seconds = file.frames / file.samplerate
        raise _cut_short(source, seconds * int(claim[1]) / max(int(claim[2]), 1), seconds)
    if file.format == "NIST" and isinstance(file.name, str):
        with Path(file.name).open("rb") as sphere:
            samples = re.search(rb"^sample_count -i (\d+)", sphere.read(1024), re.MULTILINE)
        if samples and file.frames < int(samples[1]):
            raise _cut_short(source, int(samples[1]) / file.samplerate, file.frames / file.samplerate)


def _cut_short(source: str, claimed: float, found: float) -> AudioError:
    return AudioError(f"cut short: {source}: its header says {claimed:.2f} s, {found:.2f} s are there")


def refuse_useless(samples: np.ndarray, source: str) -> None:
    """Stop at samples that are none: nothing, no numbers, or nothing but zeros."""
    if len(samples) == 0:
        raise AudioError(f"no samples: {source}")
    if samples.dtype != np.int16:
        bad = np.count_nonzero(~np.isfinite(samples))
        if bad:
            raise AudioError(f"not numbers: {source}: {bad} of {samples.size} samples are NaN or infinite")
    if not samples.any():
        raise AudioError(f"silent: {source}: every sample is 0")


def _run(command: str, allowed: bool) -> bytes:
    if not allowed:
        raise AudioError(f"a command, and commands are not allowed: {command}; allow them with --allow_pipes true")
    import kaldiio

    stream = kaldiio.open_like_kaldi(command, "rb")
    written = stream.read()
    status = stream.close()
    if status:
        raise AudioError(f"the command failed with status {status >> 8}: {command}")
    return written


def _ark_entry(path: str, offset: int) -> io.BytesIO:
    """Return the audio file that an entry of an ark holds.

    kaldiio writes two kinds: a bare wav, or the word AUDIO, the file's length (a byte says in how many bytes) and the
    file. Others (matrices, pickles, which would run code when loaded) are refused.
    """
    if not Path(path).is_file():
        raise AudioError(f"no such file: {path}")
    with Path(path).open("rb") as ark:
        ark.seek(offset)
        kind = ark.read(5)
        if kind == b"AUDIO":
            size = int.from_bytes(ark.read(1), "little")
            return io.BytesIO(ark.read(int.from_bytes(ark.read(size), "little")))
        if kind[:4] != b"RIFF":
            raise AudioError(f"no audio: {path}:{offset}: expected an entry with a wav or flac file in it")
        ark.seek(offset + 4)
        length = 8 + int.from_bytes(ark.read(4), "little")
        ark.seek(offset)
        return io.BytesIO(ark.read(length))
