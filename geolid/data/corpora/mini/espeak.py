"""The speech synthesiser espeak-ng, as the package espeakng-loader brings it.

A voice has the name of its file in the package, such as "pt-BR"; a variant, such as "f1", says who speaks.
"""

import ctypes
import functools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader
import numpy as np

from geolid.data.corpora.mini import made_up
from geolid.data.corpora.mini.child import ChildError, in_a_child

SAMPLE_RATE = 22050

# From espeak-ng's speak_lib.h
_SYNCHRONOUS = 2
_UTF8 = 1
_IPA = 2
_RATE, _VOLUME, _PITCH = 1, 2, 3
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

# After each phrase: espeak-ng makes a pause between sentences, but none at the end of what it is given.
_PAUSE = bytes(2 * round(0.15 * SAMPLE_RATE))

# Half of the usual: some variants overload at 100. The level of an utterance is set later.
_HEADROOM_VOLUME = 50


@dataclass(frozen=True)
class Voice:
    name: str
    variant: str
    words_per_minute: int
    pitch: int  # 0 to 100; 50 is the variant's own


@dataclass(frozen=True)
class Speech:
    phrases: list[str]
    samples: np.ndarray  # (samples,) int16


def version() -> str:
    """Return the version of the library."""
    library, _ = _set_up()
    library.espeak_Info.restype = ctypes.c_char_p
    return library.espeak_Info(None).decode()


@functools.cache
def voice_tags() -> dict[str, list[str]]:
    """Return the voices, each with the language tags that it is for."""
    tags = {}
    for file in sorted((Path(espeakng_loader.get_data_path()) / "lang").rglob("*")):
        if file.is_file():
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            tags[file.name] = [line.split()[1] for line in lines if line.startswith("language ")]
    return tags


def say(voice: Voice, phrases: Sequence[str], wanted_seconds: float, max_seconds: float) -> Speech:
    """Say one phrase after the other until it is long enough; a phrase that would make it too long is left out."""
    _set_up()  # here, so that the children need not
    return in_a_child(_say, voice, phrases, wanted_seconds, max_seconds)


def pronounce(voice_name: str, texts: Sequence[str]) -> list[str]:
    """Return how the voice reads each text: IPA, with blanks between words and "(en)" before a foreign language.

    Nothing stands for a text that espeak-ng crashes on, as version 1.52 does on one word in Kalaallisut.
    """
    _set_up()
    try:
        return in_a_child(_pronounce, voice_name, texts)
    except ChildError:
        half = len(texts) // 2
        return pronounce(voice_name, texts[:half]) + pronounce(voice_name, texts[half:]) if half else [""]


def _say(voice: Voice, phrases: Sequence[str], wanted_seconds: float, max_seconds: float) -> Speech:
    library, heard = _set_up()
    _set_voice(f"{voice.name}+{voice.variant}")
    for parameter, value in (_RATE, voice.words_per_minute), (_PITCH, voice.pitch), (_VOLUME, _HEADROOM_VOLUME):
        library.espeak_SetParameter(parameter, value, 0)
    said: list[str] = []
    pieces: list[bytes] = []
    samples = 0
    for phrase in phrases:
        if samples >= wanted_seconds * SAMPLE_RATE:
            break
        heard.clear()
        text = phrase.encode() + b"\0"
        if library.espeak_Synth(text, len(text), 0, 0, 0, _UTF8, None, None):
            raise RuntimeError(f"espeak-ng: the voice {voice} cannot say '{phrase}'")
        piece = b"".join(heard) + _PAUSE
        if samples + len(piece) // 2 <= max_seconds * SAMPLE_RATE:
            said.append(phrase)
            pieces.append(piece)
            samples += len(piece) // 2
    return Speech(said, np.frombuffer(b"".join(pieces), np.int16))


def _pronounce(voice_name: str, texts: Sequence[str]) -> list[str]:
    library, _ = _set_up()
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    _set_voice(voice_name)
    readings = []
    for text in texts:
        buffer = ctypes.create_string_buffer(text.encode())
        rest = ctypes.c_void_p(ctypes.addressof(buffer))  # moved on by each call, by the last one to NULL
        clauses = []
        while rest.value:
            clauses.append(library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA).decode())
        readings.append(" ".join(clauses))
    return readings


def _set_voice(name: str) -> None:
    library, _ = _set_up()
    if library.espeak_SetVoiceByName(name.encode()):
        raise RuntimeError(f"espeak-ng {version()} has no voice {name}")


@functools.cache
def _set_up() -> tuple[ctypes.CDLL, list[bytes]]:
    """Return the library, and the list into which what it says comes in pieces, as int16."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = tempfile.TemporaryDirectory(prefix="geolid_espeak_")
    made_up.lay_out(Path(espeakng_loader.get_data_path()), Path(data.name))
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data.name.encode(), 0)
    if rate != SAMPLE_RATE:
        raise RuntimeError(f"espeak-ng: expected {SAMPLE_RATE} samples a second, found {rate}")
    heard: list[bytes] = []

    @_Callback
    def hear(samples, count, _events):
        if samples and count:
            heard.append(ctypes.string_at(samples, 2 * count))
        return 0

    library.espeak_SetSynthCallback(hear)
    library.espeak_ListVoices(None)  # reads all voice files, which otherwise each child would do
    library.hear, library.data = hear, data  # ctypes keeps no references of its own; the folder goes with the process
    return library, heard
