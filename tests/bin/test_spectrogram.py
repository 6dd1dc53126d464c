"""The command `geolid spectrogram`."""

import numpy as np
import pytest
import soundfile
from PIL import Image

from geolid.bin import spectrogram
from geolid.errors import GeoLIDError
from geolid.report.plots import spectrogram as plots
from geolid.report.plots.spectrogram import draw_spectrogram


def make(path, seconds: float, rate: int = 44100, channels: int = 2):
    times = np.arange(round(seconds * rate)) / rate
    wave = 0.3 * np.sin(2 * np.pi * 1000 * times) + 0.01 * np.random.default_rng(0).standard_normal(len(times))
    soundfile.write(path, np.stack([wave] * channels, axis=1), rate)
    return path


@pytest.fixture
def drawn(monkeypatch):
    """What is handed to be drawn."""
    calls = []

    def keep(*given):
        calls.append(given)
        return draw_spectrogram(*given)

    monkeypatch.setattr(plots, "draw_spectrogram", keep)
    return calls


@pytest.mark.parametrize(
    ("seconds", "options", "told", "start", "shown", "columns", "seams"),
    [
        (13.0, (), "10 s from the middle of 13.0 s; 192 moments, 192 bands", 1.5, 10, 192, []),
        (4.0, (), "4.0 s, repeated until they are 10 s", 0, 10, 192, [4.0, 8.0]),
        (13.0, ("--whole", "true"), "all of 13.0 s", 0, 13, 250, []),
    ],
)
def test_an_mp3_becomes_a_picture(
    tmp_path, monkeypatch, capsys, drawn, seconds, options, told, start, shown, columns, seams
):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "call.mp3", seconds)
    spectrogram.main([*options, "call.mp3"])
    assert capsys.readouterr().out == "call.spectrogram.png\n"
    assert Image.open("call.spectrogram.png").size[0] > 1000
    levels, frequencies, begin, length, title, subtitle, marks = drawn[0]
    assert title == "call.mp3" and subtitle.startswith(told)
    assert (begin, length) == pytest.approx((start, shown), abs=0.05)
    assert levels.shape[0] == pytest.approx(columns, abs=1) and levels.shape[1] == 192
    assert marks == pytest.approx(seams, abs=0.1)
    assert frequencies[levels[100].argmax()] == pytest.approx(1000, abs=30)


def test_the_picture_can_be_named_and_has_another_rate(tmp_path, drawn):
    spectrogram.main([str(make(tmp_path / "a.wav", 1)), "--output", str(tmp_path / "to/b.png"), "--fs", "44100"])
    assert (tmp_path / "to/b.png").stat().st_size > 1000
    assert drawn[0][1][-1] == pytest.approx(22000, rel=0.02)


def test_what_is_no_audio_is_told(tmp_path):
    with pytest.raises(GeoLIDError, match="no such file"):
        spectrogram.main([str(tmp_path / "none.wav"), "--output", str(tmp_path / "b.png")])
    assert not (tmp_path / "b.png").exists()


def test_axes_tell_seconds_and_hertz():
    frequencies = np.linspace(100, 5000, 50)
    levels = np.full((20, 50), -80.0)
    levels[5, 9] = 0  # 1000 Hz, at a quarter
    axes, scale = draw_spectrogram(levels, frequencies, 3.0, 2.0, "a.wav", "", [4.5]).axes
    assert axes.get_xlim() == (3.0, 5.0)
    ticks = {text.get_text(): place for text, place in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)}
    assert list(ticks) == ["250", "500", "1000", "2000", "4000"]
    assert ticks["1000"] == pytest.approx(9)
    (image,) = axes.images
    left, right, bottom, top = image.get_extent()
    assert (left, right) == (3.0, 5.0) and bottom + 9.5 == ticks["1000"]
    assert image.get_array()[9, 5] == 0 and image.origin == "lower"
    assert [line.get_xdata()[0] for line in axes.lines] == [4.5]
    assert scale.get_title() == "dB"
