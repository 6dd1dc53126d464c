"""The file of an utterance: a wav with what is said in its comment, under a name that no other options give."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from geolid.data.corpora.mini import channel, espeak
from geolid.data.corpora.mini.plan import MAX_SECONDS, Utterance


@dataclass(frozen=True)
class Label:
    text: str  # what is said
    seconds: float


def wav_path(audio_dir: Path, utterance: Utterance) -> Path:
    name = f"{utterance.utt}.{utterance.fingerprint}.wav"
    return audio_dir / utterance.set_name / utterance.lang / name


def stands(audio_dir: Path, utterance: Utterance) -> bool:
    return wav_path(audio_dir, utterance).exists()


def read_label(wav: Path) -> Label:
    with soundfile.SoundFile(wav) as file:
        return Label(file.comment, file.frames / file.samplerate)


def write_speech(audio_dir: Path, utterances: Sequence[Utterance]) -> int:
    """Write the files of utterances that are the same speech, those that do not stand yet; return how many."""
    missing = [utterance for utterance in utterances if not stands(audio_dir, utterance)]
    if missing:
        one = missing[0]
        speech = espeak.say(one.voice, one.phrases, one.wanted_seconds, MAX_SECONDS)
        for utterance in missing:
            heard, rate, coding = _heard(utterance, speech.samples.astype(np.float64))
            _write(wav_path(audio_dir, utterance), heard, rate, coding, ", ".join(speech.phrases))
    return len(missing)


def _heard(utterance: Utterance, signal: np.ndarray) -> tuple[np.ndarray, int, str]:
    """Return the signal (samples,) as its microphone gets it, its rate, and how it is coded."""
    rate, coding = espeak.SAMPLE_RATE, "PCM_16"
    if utterance.by_phone:
        signal, rate, coding = channel.telephone(signal, rate), channel.PHONE_RATE, "ULAW"
    if utterance.rt60_seconds is not None and utterance.snr_db is not None:
        draw = np.random.default_rng(int(utterance.fingerprint, 16))
        signal = channel.in_a_room(signal, rate, utterance.rt60_seconds, draw)
        signal = channel.with_noise(signal, utterance.snr_db, draw)
    return channel.at_level(signal, utterance.level_dbfs), rate, coding


def _write(path: Path, signal: np.ndarray, rate: int, coding: str, text: str) -> None:
    wav = io.BytesIO()
    with soundfile.SoundFile(wav, "w", rate, 1, coding, format="WAV") as file:
        file.comment = text
        file.write(np.round(signal * 32767).astype(np.int16))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_bytes(wav.getvalue())
    beside.replace(path)
