"""Any audio as a model wants it."""

import numpy as np
import pytest
import soundfile

from conftest import tone
from geolid.data.audio import AudioError
from geolid.identify.speech import as_speech, read_speech


def test_16_bits_become_floats_below_1(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0, 16384, -32768] * 500, np.int16), 16000)
    speech = read_speech(str(tmp_path / "a.wav"), 16000)
    assert speech.dtype == np.float32
    assert speech[:3].tolist() == [0.0, 0.5, -1.0]


def test_stereo_is_one_recording(tmp_path):
    soundfile.write(tmp_path / "a.flac", tone(0.5, channels=2), 16000)
    speech = read_speech(str(tmp_path / "a.flac"), 16000)
    assert speech == pytest.approx(0.75 * tone(0.5)[:, 0], abs=1e-3)


def test_another_rate_is_resampled_and_a_segment_cut(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1.0, 44100), 44100)
    speech = read_speech(str(tmp_path / "a.wav"), 16000, 0.25, 0.75)
    assert len(speech) == 8000
    assert np.abs(speech[1000:7000]).max() == pytest.approx(0.5, abs=0.01)


def test_what_is_too_short_for_any_model_is_a_fault(tmp_path):
    with pytest.raises(AudioError, match="too short: 5 ms; expected 25 ms or more"):
        as_speech(tone(0.005), 16000, 16000)
    soundfile.write(tmp_path / "a.wav", tone(0.02), 16000)
    with pytest.raises(AudioError, match=f"too short: 20 ms; .*: {tmp_path}/a.wav"):
        read_speech(str(tmp_path / "a.wav"), 16000)


def test_what_is_handed_in_stays_as_it_is():
    samples = tone(0.1, channels=2)
    before = samples.copy()
    as_speech(samples, 16000, 16000)
    assert (samples == before).all()
