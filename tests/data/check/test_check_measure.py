"""The numbers that are measured of an utterance's audio."""

import io
import os

import numpy as np
import pytest
import soundfile

from conftest import RATE, tone
from geolid.data.audio import Audio, Header
from geolid.data.check import measure as module
from geolid.data.check.limits import Limits
from geolid.data.check.measure import clipped_share, content_row, loudest_db, measure
from geolid.data.utterances import Utterance
from geolid.errors import GeoLIDError

MOST = Limits().max_clipped


def voice(rate: int = RATE, level: float = 0.9) -> np.ndarray:
    """Ten harmonics of 120 Hz that swell and fade, as loud as can be without being clipped."""
    at = np.arange(3 * rate) / rate
    wave = sum(np.sin(2 * np.pi * 120 * k * at + k * k) / k for k in range(1, 11)) * np.sin(2 * np.pi * at)
    return (level * wave / np.abs(wave).max()).astype(np.float32)


def in_ulaw(wave: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    soundfile.write(file, wave, 8000, format="WAV", subtype="ULAW")
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


@pytest.mark.parametrize(
    "wave",
    [
        voice(),
        voice(48000),
        in_ulaw(voice(8000)),  # whose steps are coarse where it is loud
        np.round(voice(level=0.0001) * 32768) / 32768,  # three steps high
        tone(2.0, pitch=RATE / 32)[:, 0],  # every peak is one sample, and all are alike
        np.zeros(RATE),
    ],
    ids=["voice", "48 kHz", "ulaw", "very soft", "equal peaks", "nothing"],
)
def test_what_is_not_clipped_is_not_taken_for_it(wave):
    assert clipped_share(wave) <= MOST


@pytest.mark.parametrize(
    "wave",
    [
        (2 * voice()).clip(-1, 1),
        0.2 * (2 * voice()).clip(-1, 1),
        (2 * voice()).clip(-0.6, 9) / 2,  # at the bottom only
        (2 * voice()).clip(-9, 0.6) / 2,  # at the top only
        2 * voice(),  # above full scale, as decoded mp3 may be: clipped once it is in 16 bits
        in_ulaw((2 * voice(8000)).clip(-0.9, 0.9)),
    ],
    ids=["both", "softer", "bottom", "top", "above full scale", "ulaw"],
)
def test_what_is_clipped_is_found(wave):
    assert clipped_share(wave) > MOST


def test_the_share_of_clipped_samples():
    wave = np.zeros(1000)
    wave[100:104] = wave[200:202] = 0.9  # a run of four, and two in a row, which may be a peak
    assert clipped_share(wave) == 4 / 1000


def test_the_loudest_tenth_of_a_second():
    """A full-scale square is 0 dB; a constant and what is outside the tenth do not count."""
    square = np.where(np.arange(RATE) // 8 % 2, 1.0, -1.0)
    assert loudest_db(square, RATE) == pytest.approx(0)
    assert loudest_db(np.concatenate([np.zeros(RATE), 0.1 * square[:1600], np.zeros(RATE)]), RATE) == pytest.approx(-20)
    assert loudest_db(np.full(RATE, 0.5), RATE) == -120
    assert loudest_db(0.1 * square[:80], RATE) == pytest.approx(-20, abs=0.5)  # shorter than a tenth


def row_of(samples: np.ndarray, rate: int = RATE) -> np.void:
    return content_row(Audio(samples, Header(rate, samples.shape[1], len(samples), "WAV", "any")))


def test_sound_is_the_same_in_any_coding():
    integers = np.random.default_rng(1).integers(-20000, 20000, (RATE, 1)).astype(np.int16)
    floats = integers.astype(np.float32) / 32768
    contents = {
        int(row_of(samples)["content"]) for samples in (integers, floats, floats + 1e-6, np.repeat(integers, 2, axis=1))
    }
    assert len(contents) == 1
    assert int(row_of(integers[:-1])["content"]) not in contents
    assert int(row_of(integers + np.int16(1))["content"]) not in contents


def test_a_row_holds_length_rate_and_zeros():
    samples = np.concatenate([np.zeros((4000, 2), np.int16), np.full((12000, 2), 7, np.int16)])
    row = row_of(samples, 8000)
    assert (row["seconds"], row["rate"], row["channels"], row["zeros"]) == (2.0, 8000, 2, 0.25)


def die(*_args) -> None:
    os._exit(9)


def test_a_process_that_is_killed_is_told(monkeypatch):
    monkeypatch.setattr(module, "_look_at", die)
    with pytest.raises(GeoLIDError, match="was ended from outside; it may have had too little memory: give --nj"):
        list(measure([(0, Utterance("a", "a.wav"))], 1, headers_only=True, allow_pipes=False, nj=2))
