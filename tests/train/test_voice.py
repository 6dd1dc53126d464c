"""Voices changed: formants move, pitch does not."""

import numpy as np
import pytest

from geolid.train.augment import Augmenter, read_augment_conf
from geolid.train.voice import VoiceChanger, _with_envelope_from

RATE = 16000
HERTZ = np.linspace(0, RATE / 2, 257)


def vowel(pitch: int, formant: float) -> np.ndarray:
    """A second of a voice with one formant: harmonics that are loud near it."""
    time = np.arange(RATE) / RATE
    harmonics = np.arange(pitch, 7000, pitch)
    loudness = 1 / (1 + ((harmonics - formant) / 200) ** 2)
    return (0.05 * (loudness[:, None] * np.sin(2 * np.pi * harmonics[:, None] * time)).sum(0)).astype(np.float32)


def spectrum(wave: np.ndarray) -> np.ndarray:
    """Loudness of each hertz, away from the ends."""
    return np.abs(np.fft.rfft(wave[2000:14000] * np.hanning(12000), RATE))


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_the_formant_moves_and_the_harmonics_stay(factor):
    heard = _with_envelope_from(vowel(125, 1500), HERTZ / factor, HERTZ)
    loud = spectrum(heard)
    centre = (loud[::125] * np.arange(0, 8001, 125))[:40].sum() / loud[::125][:40].sum()
    before = spectrum(vowel(125, 1500))
    centre_before = (before[::125] * np.arange(0, 8001, 125))[:40].sum() / before[::125][:40].sum()
    assert centre / centre_before == pytest.approx(factor, rel=0.08)
    between = np.arange(125 // 2, 4000, 125)
    assert loud[between].max() < 0.05 * loud.max()  # still a voice of 125 Hz


def test_a_warp_that_moves_nothing_changes_nothing():
    wave = vowel(140, 900)
    assert np.abs(_with_envelope_from(wave, HERTZ, HERTZ) - wave).max() < 1e-4


def test_formants_move_by_themselves_as_far_as_they_may_and_keep_their_order():
    changer = VoiceChanger(1.0, 0.5, RATE)
    warps = np.array([changer._draw_warp(np.random.default_rng(key)) for key in range(400)])
    assert (np.diff(warps, axis=1) >= 0).all() and warps.min() == 0 and warps.max() <= RATE / 2
    # where the envelope of the first and of the second formant of a voice at rest has gone
    first, second = (np.array([np.interp(formant, warp, HERTZ) for warp in warps]) for formant in (500, 1500))
    for gone, formant in ((first, 500), (second, 1500)):
        assert 1 / 1.5 - 0.03 < (gone / formant).min() < 0.72 and 1.4 < (gone / formant).max() < 1.53
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.3


def test_it_is_drawn_for_each_utterance_and_can_be_off():
    wave = vowel(125, 1500)
    changer = VoiceChanger(0.5, 0.3, RATE)
    heard = [changer(wave, np.random.default_rng(key)) for key in range(60)]
    unchanged = sum(np.array_equal(some, wave) for some in heard)
    assert 20 <= unchanged <= 40
    changed = [some for some in heard if not np.array_equal(some, wave)]
    assert not np.allclose(changed[0], changed[1], atol=1e-3)
    augmenter = Augmenter(read_augment_conf({"voice_apply_prob": 1.0}, RATE), RATE)
    through = augmenter(lambda first, count: wave[first : first + count], len(wave), 1, np.random.default_rng(1))
    assert through.dtype == np.float32 and through.shape == wave.shape and not np.array_equal(through, wave)
