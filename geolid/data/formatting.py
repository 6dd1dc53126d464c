"""Make a block of utterances over: the wanted rate, one channel, one file an utterance or one ark a block."""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from geolid.data import blocks
from geolid.data.audio import Audio, AudioError, ark_place, is_pipe, read
from geolid.data.blocks import Outcome, Settings
from geolid.data.resample import resample
from geolid.data.utterances import Utterance

CONTAINERS = {"wav": "WAV", "flac": "FLAC"}
AUDIO_FORMATS = ("wav", "flac", "wav.ark", "flac.ark")


def format_block(audio_dir: Path, block: str) -> None:
    """Do what the block's `.todo` asks for."""
    settings, utterances = blocks.read_todo(audio_dir, block)
    with _work_dir(audio_dir, block) as work_dir, _Writer(work_dir, audio_dir / block, settings) as writer:
        outcomes = [_make_over(utterance, settings, writer) for utterance in utterances]
        writer.close()
        blocks.finish(audio_dir, block, work_dir, outcomes)


@contextmanager
def _work_dir(audio_dir: Path, block: str) -> Iterator[Path]:
    work_dir = audio_dir / f"{block}.{os.getpid()}.part"
    work_dir.mkdir()
    try:
        yield work_dir
    finally:
        shutil.rmtree(work_dir, ignore_errors=True)  # a finished one has another name by now


def _make_over(utterance: Utterance, settings: Settings, writer: "_Writer") -> Outcome:
    name = utterance.name
    try:
        audio = read(utterance.source, utterance.start, utterance.end, settings.allow_pipes)
    except AudioError as error:
        return Outcome(name, fault=str(error))
    seconds = len(audio.samples) / audio.header.rate / settings.speed
    if seconds < settings.min_seconds:
        return Outcome(name, unfit=f"shorter than {settings.min_seconds:g} s: {seconds:.3f} s")
    if seconds > settings.max_seconds:
        return Outcome(name, unfit=f"longer than {settings.max_seconds:g} s: {seconds:.3f} s")
    if _is_right(utterance, audio, settings):
        return Outcome(name, utterance.source, len(audio.samples), passed=True)
    if settings.copy_only:
        header = audio.header
        return Outcome(
            name,
            fault=f"not {settings.rate} Hz mono: {utterance.source} has {header.rate} Hz and {header.channels} "
            "channels; --feats_type raw makes it over",
        )
    samples = _one_channel(audio, settings)
    return Outcome(name, writer.write(name, samples), len(samples))


def _is_right(utterance: Utterance, audio: Audio, settings: Settings) -> bool:
    """Whether the source can stand for the utterance as it is."""
    header = audio.header
    if header.rate != settings.rate or header.channels != 1:
        return False
    if settings.copy_only:
        return True
    container, _, ark = settings.audio_format.partition(".")
    return (
        utterance.is_whole
        and settings.speed == 1
        and not is_pipe(utterance.source)
        and bool(ark) == (ark_place(utterance.source) is not None)
        and header.container.startswith(CONTAINERS[container])  # WAVEX is a WAV
        and header.subtype == "PCM_16"
    )


def _one_channel(audio: Audio, settings: Settings) -> np.ndarray:
    """Mix the channels down, and give the wanted rate and speed; 16-bit samples that need neither stay as they are."""
    samples, rate = audio.samples, audio.header.rate
    if samples.shape[1] == 1 and rate == settings.rate and settings.speed == 1:
        return samples[:, 0]
    if samples.dtype == np.int16:
        samples = samples.astype(np.float32) / 32768
    mono = samples.mean(axis=1)
    if rate == settings.rate and settings.speed == 1:
        return mono
    return resample(mono, rate, settings.rate, settings.speed)


class _Writer:
    """Writes a block's audio into its work folder and names it by the folder that the block will have."""

    def __init__(self, work_dir: Path, final_dir: Path, settings: Settings):
        self._work_dir = work_dir
        self._final_dir = final_dir
        self._rate = settings.rate
        self._suffix, _, ark = settings.audio_format.partition(".")
        self._ark = (work_dir / "audio.ark").open("wb") if ark else None

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        if self._ark:
            self._ark.close()

    def write(self, utt: str, samples: np.ndarray) -> str:
        """Write an utterance, return its source for wav.scp. Encoding in memory finds a full disk for certain."""
        if samples.dtype != np.int16:
            samples = np.round(np.clip(samples * 32768, -32768, 32767)).astype(np.int16)
        if self._ark:
            return self._into_ark(utt, samples)
        encoded = io.BytesIO()
        soundfile.write(encoded, samples, self._rate, format=CONTAINERS[self._suffix], subtype="PCM_16")
        name = f"{utt}.{self._suffix}"
        (self._work_dir / name).write_bytes(encoded.getbuffer())
        return str(self._final_dir / name)

    def _into_ark(self, utt: str, samples: np.ndarray) -> str:
        import kaldiio

        offset = self._ark.tell() + len(f"{utt} ".encode())
        options = {"write_function": "soundfile", "write_kwargs": {"format": "flac"}} if self._suffix == "flac" else {}
        entry = io.BytesIO()
        kaldiio.save_ark(entry, {utt: (self._rate, samples)}, **options)
        self._ark.write(entry.getbuffer())
        return f"{self._final_dir / 'audio.ark'}:{offset}"
