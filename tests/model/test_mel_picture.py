"""Log-mel pictures: of one size for recordings of any length, and the same whoever stands beside them."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pad_sequence
from torchaudio.transforms import MelSpectrogram

from geolid.errors import GeoLIDError
from geolid.model.mel_picture import RANGE_DB, MelPictureFrontend, band_frequencies, decibels

RATE = 8000
SMALL = {"fs": RATE, "seconds": 1.0, "size": 32}


def noise(seconds: float, seed: int = 0) -> torch.Tensor:
    """Noise that gets louder, so that its moments differ."""
    wave = torch.from_numpy(np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE))).float()
    return wave * torch.linspace(0.1, 1, len(wave))


def pictures(*waves: torch.Tensor, filler: float = 0.0, **conf) -> torch.Tensor:
    speech = pad_sequence(list(waves), batch_first=True, padding_value=filler)
    found, columns = MelPictureFrontend(**{**SMALL, **conf})(speech, torch.tensor([len(wave) for wave in waves]))
    assert columns.tolist() == [found.shape[1]] * len(waves)
    return found


def tone(hertz: float, seconds: float = 1.0, rate: int = RATE) -> torch.Tensor:
    return 0.3 * torch.sin(2 * torch.pi * hertz * torch.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize("seconds", [0.003, 0.5, 1.0, 7.3])
def test_recordings_of_any_length_become_one_size(seconds):
    found = pictures(noise(seconds))
    assert found.shape == (1, 32, 32)
    assert found.min() >= -1 and found.max() == 1


def test_an_ordinary_picture_has_ten_seconds_and_192_bands():
    frontend = MelPictureFrontend()
    assert (frontend.samples, frontend.output_size()) == (160_000, 192)
    assert frontend(torch.randn(1, 1000), torch.tensor([1000]))[0].shape == (1, 192, 192)


def test_bands_and_the_length_of_windows_can_be_others():
    """A click is seen by all windows that reach it."""
    frontend = MelPictureFrontend(**SMALL, bands=20)
    assert frontend.output_size() == 20 and frontend.columns == 32
    wave = torch.zeros(RATE)
    wave[4120] = 1.0
    for window_ms, seen in ((20.0, 1), (200.0, 6)):
        picture = pictures(wave, bands=20, window_ms=window_ms)
        assert picture.shape == (1, 32, 20)
        assert int((picture[0] > -1).any(dim=1).sum()) == pytest.approx(seen, abs=1)


def test_of_a_longer_one_the_middle_is_taken():
    wave = noise(3.5)
    start = (len(wave) - RATE) // 2
    assert torch.equal(pictures(wave), pictures(wave[start : start + RATE]))


def test_a_shorter_one_is_repeated_or_followed_by_silence():
    wave = noise(0.3)
    assert torch.equal(pictures(wave), pictures(wave.repeat(4)[:RATE]))
    silent = pictures(wave, fill="silence")
    assert torch.equal(silent, pictures(torch.nn.functional.pad(wave, (0, RATE - len(wave)))))
    assert (silent[0, 12:] == -1).all() and (silent[0, :9] > -1).any()


def test_alone_and_in_a_batch_they_are_the_same():
    waves = [noise(0.4), noise(2.0, 1), noise(1.0, 2)]
    together = pictures(*waves, filler=0.7)
    for wave, picture in zip(waves, together, strict=True):
        torch.testing.assert_close(pictures(wave)[0], picture, rtol=0, atol=1e-5)


def test_it_does_not_matter_how_loud_a_recording_is():
    torch.testing.assert_close(pictures(noise(1.0)), pictures(0.01 * noise(1.0)), rtol=0, atol=1e-4)


def test_what_is_much_fainter_than_the_loudest_place_is_dark():
    levels = decibels(torch.cat([tone(500), 1e-6 * tone(2000)])[None], RATE, 40, 64)
    assert levels.max() == 0 and levels.min() == -RANGE_DB


def test_silence_is_a_picture_too():
    assert pictures(torch.zeros(RATE)).isfinite().all()


def test_rolled_in_training_it_begins_anywhere():
    """And nothing is lost but the seam."""
    frontend = MelPictureFrontend(**SMALL, roll=True)
    speech, lengths = noise(1.0).expand(4, -1), torch.full((4,), RATE)
    frontend.eval()
    assert torch.equal(frontend(speech, lengths)[0], pictures(*speech))
    frontend.train()
    torch.manual_seed(0)
    rolled = frontend(speech, lengths)[0]
    loudest = rolled.sum(dim=2).argmax(dim=1)
    assert len(set(loudest.tolist())) > 1
    for picture in rolled:
        torch.testing.assert_close(picture.mean(), pictures(speech[0]).mean(), rtol=0, atol=0.02)


def test_intensities_are_torchaudios():
    """Where moments lie whole samples apart."""
    columns, hop, window = 32, 250, 512
    wave = noise(1.0)
    levels = decibels(wave[None], RATE, columns, 40)[0]
    aligned = torch.nn.functional.pad(wave, (window // 2 - hop // 2, window))
    mel = MelSpectrogram(RATE, n_fft=window, hop_length=hop, n_mels=40, center=False)(aligned)[:, :columns]
    expected = 10 * mel.clamp(min=1e-10).log10()
    torch.testing.assert_close(levels, (expected - expected.max()).clamp(min=-RANGE_DB).T, rtol=0, atol=1e-2)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("hertz", [200, 1000, 3000])
def test_a_tone_lights_up_its_band(rate, hertz):
    levels = decibels(tone(hertz, rate=rate)[None], rate, 8, 192)[0]
    frequencies = band_frequencies(rate, 192)
    assert levels[4].isfinite().all() and np.diff(frequencies).min() > 0
    nearest = np.abs(frequencies - hertz).argmin()
    assert abs(int(levels[4].argmax()) - nearest) <= 1


@pytest.mark.parametrize(("rate", "bands"), [(8000, 192), (16000, 192), (16000, 512), (44100, 192)])
def test_no_band_is_empty(rate, bands):
    """Bands are narrow where there are many: without more points of the spectrum some would hold none."""
    white = torch.from_numpy(np.random.default_rng(0).normal(size=(1, rate))).float()
    assert decibels(white, rate, 4, bands).min() > -RANGE_DB


def test_a_click_lies_at_its_moment():
    wave = 1e-4 * noise(1.0)
    wave[6000] = 1.0  # at three quarters
    assert pictures(wave)[0].sum(dim=1).argmax() in (23, 24)


@pytest.mark.parametrize(
    ("conf", "told"),
    [
        ({"seconds": 0.0}, "frontend_conf: seconds: found 0.0; expected 0.1 to 3600"),
        ({"size": 8}, "frontend_conf: size: found 8; expected 16 to 1024"),
        ({"bands": 2000}, "bands: found 2000; expected 16 to 1024"),
        ({"window_ms": 1.0}, "window_ms: found 1.0; expected 10 to 1000"),
        ({"fill": "mirror"}, "frontend_conf: fill: found 'mirror'; expected one of repeat, silence"),
    ],
)
def test_what_cannot_be_is_told(conf, told):
    with pytest.raises(GeoLIDError, match=told):
        MelPictureFrontend(**conf)
