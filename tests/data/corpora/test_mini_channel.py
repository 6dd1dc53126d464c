"""Telephones, rooms and noise do what is stated of them."""

import numpy as np
import pytest

from geolid.data.corpora.mini import channel

RATE = 22050


def noise(seconds: float = 2.0) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(round(seconds * RATE))


def power_db(signal: np.ndarray) -> float:
    return 10 * np.log10(np.mean(signal**2))


def draw() -> np.random.Generator:
    return np.random.default_rng(2)


@pytest.mark.parametrize("pitch", [300, 1000, 2500, 3400])
def test_a_telephone_lets_its_band_through(pitch):
    tone = np.sin(2 * np.pi * pitch * np.arange(RATE) / RATE)
    heard = channel.telephone(tone, RATE)
    expected = np.sin(2 * np.pi * pitch * np.arange(len(heard)) / channel.PHONE_RATE)
    middle = slice(400, 7600)
    assert np.abs(heard[middle] - expected[middle]).max() < 0.05


@pytest.mark.parametrize("pitch", [50, 150, 3800, 5000, 9000])
def test_a_telephone_stops_what_is_beyond_its_band(pitch):
    tone = np.sin(2 * np.pi * pitch * np.arange(RATE) / RATE) * np.hanning(RATE)
    assert power_db(channel.telephone(tone, RATE)) < power_db(tone) - 40


def test_a_telephone_keeps_the_duration():
    for samples in (22050, 22051, 50000):
        heard = channel.telephone(noise(3.0)[:samples], RATE)
        assert 0 <= len(heard) / channel.PHONE_RATE - samples / RATE < 0.03


@pytest.mark.parametrize("snr_db", [5.0, 10.0, 15.0])
def test_noise_is_as_far_below_the_signal_as_stated(snr_db):
    signal = noise() * 3000
    added = channel.with_noise(signal, snr_db, draw()) - signal
    assert power_db(signal) - power_db(added) == pytest.approx(snr_db, abs=1e-6)


def test_noise_is_pink():
    added = channel.with_noise(noise(), 0.0, draw()) - noise()
    spectrum = np.abs(np.fft.rfft(added)) ** 2
    octaves = [10 * np.log10(spectrum[start : 2 * start].sum()) for start in (500, 1000, 2000, 4000)]
    assert np.ptp(octaves) < 1.0  # each octave has the same power


@pytest.mark.parametrize("rt60_seconds", [0.3, 0.6, 0.9])
def test_echoes_fall_by_60_db_in_the_stated_time(rt60_seconds):
    click = np.zeros(2 * RATE)
    click[0] = 1.0
    response = channel.in_a_room(click, RATE, rt60_seconds, draw())
    assert response[0] == pytest.approx(1.0)
    remaining_db = 10 * np.log10(np.cumsum(response[:0:-1] ** 2)[::-1] + 1e-30)
    start, end = (np.argmax(remaining_db < remaining_db[0] - fall) for fall in (5, 35))
    assert 2 * (end - start) / RATE == pytest.approx(rt60_seconds, rel=0.05)
    assert power_db(response[1:]) == pytest.approx(power_db(response[:1] / np.sqrt(len(response) - 1)), abs=0.1)


def test_a_room_keeps_the_length_and_the_beginning():
    signal = np.concatenate([np.zeros(100), noise(1.0)])
    heard = channel.in_a_room(signal, RATE, 0.6, draw())
    assert len(heard) == len(signal)
    assert np.abs(heard[:100]).max() < 1e-9


def test_levels_are_in_db_below_full_scale_and_nothing_clips():
    assert power_db(channel.at_level(noise() * 1000, -25.0)) == pytest.approx(-25.0)
    spiky = np.zeros(1000)
    spiky[500] = 1.0
    assert np.abs(channel.at_level(spiky, -10.0)).max() == pytest.approx(0.9)
