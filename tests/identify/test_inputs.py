"""What can be handed to an identifier."""

import io

import numpy as np
import pytest
import soundfile
import torch

from conftest import tone
from geolid.data.audio import AudioError
from geolid.data.utterances import Utterance
from geolid.errors import GeoLIDError
from geolid.identify.inputs import is_list, read_input, seconds_of

RATE = 16000


@pytest.fixture
def wav(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(0.5), RATE, subtype="PCM_16")
    return tmp_path / "a.wav"


def test_a_path_an_array_and_an_open_file_are_the_same_audio(wav):
    speech = read_input(str(wav), RATE)
    samples, rate = soundfile.read(wav, dtype="int16")
    content = wav.read_bytes()
    with wav.open("rb") as file:
        file.read(100)  # it is read from its start all the same
        same = [wav, (samples, rate), (samples / 32768, rate), file, io.BytesIO(content), Once(content)]
        for given in same:
            assert (read_input(given, RATE) == speech).all()
    assert (read_input(Utterance("u", str(wav), 0.1, 0.3), RATE) == speech[1600:4800]).all()


class Once(io.RawIOBase):
    """A file that is read once, as a pipe is."""

    def __init__(self, content: bytes):
        self._content = content

    def read(self, size: int = -1) -> bytes:
        content, self._content = self._content, b""
        return content


def test_samples_of_any_kind_are_brought_to_one_channel_and_the_models_rate():
    speech = tone(0.5)[:, 0]
    assert read_input((torch.from_numpy(speech), RATE), RATE) == pytest.approx(speech)
    stereo = tone(0.5, channels=2)
    for given in (stereo, stereo.T, torch.from_numpy(stereo.T.copy())):
        assert read_input((given, RATE), RATE) == pytest.approx(0.75 * speech, abs=1e-6)
    whole = (speech.astype(np.float64) * 2**31).astype(np.int32)
    assert read_input((whole, RATE), RATE) == pytest.approx(speech, abs=1e-6)
    assert len(read_input((tone(0.5, 44100), 44100), RATE)) == 8000


def test_what_is_handed_in_stays_as_it_is():
    samples = tone(0.1, channels=2)
    before = samples.copy()
    read_input((samples, 8000), RATE)
    assert (samples == before).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((np.zeros(0, np.float32), RATE), "no samples: the array"),
        ((tone(0.005), RATE), "too short: 5 ms; expected 25 ms or more"),
        ((np.zeros(8000), RATE), "silent: the array"),
        ((np.full(8000, np.nan), RATE), "not numbers: the array: 8000 of 8000"),
        ((1000 * tone(0.5), RATE), r"floats up to 500; expected -1 to 1: divide samples of 16 bits by 32768"),
        ((np.ones(8000, np.uint8), RATE), r"an array of uint8 .*; expected \(samples,\)"),
        ((np.ones(8000, np.int64), RATE), "an array of int64 .* int16 or int32"),
        ((np.ones((2, 2, 2)), RATE), r"axes \(2, 2, 2\)"),
        ((tone(0.5), 0), "a sampling rate of 0; expected a whole number"),
        ((tone(0.5), float("nan")), "a sampling rate of nan"),
        ((tone(0.5), 16000.5), "a sampling rate of 16000.5"),
        (io.BytesIO(b"no audio at all"), "cannot be read as audio: the open file"),
        (io.BytesIO(b""), "the open file"),
    ],
)
def test_audio_that_cannot_be_used(given, message):
    with pytest.raises(AudioError, match=message):
        read_input(given, RATE)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (tone(0.5), r"found an array without its sampling rate; expected a path, a pair \(array, rate\)"),
        (b"RIFF", "found bytes, which io.BytesIO makes a file of"),
        (None, "found None; expected"),
        (16000, "found 16000"),
        ((16000, tone(0.5)), r"found \(rate, array\); expected them the other way round"),
        (io.StringIO("text"), "the open file: is open as text; open it in binary mode"),
    ],
)
def test_what_is_no_audio_to_begin_with(given, message):
    with pytest.raises(GeoLIDError, match=message) as caught:
        read_input(given, RATE)
    assert not isinstance(caught.value, AudioError)


def test_a_command_is_not_run(tmp_path):
    with pytest.raises(AudioError, match="commands are not allowed"):
        read_input(f"touch {tmp_path}/run; cat x.wav |", RATE)
    assert not (tmp_path / "run").exists()


def test_one_source_is_told_from_a_list():
    pair = (tone(0.1), RATE)
    assert not any(map(is_list, ["a.wav", b"", pair, (RATE, tone(0.1)), io.BytesIO(), tone(0.1)]))
    assert all(map(is_list, [[], ["a.wav"], ("a.wav", "b.wav"), [pair], (pair, pair)]))


def test_seconds_are_told_without_decoding(wav, tmp_path):
    in_memory = io.BytesIO(wav.read_bytes())
    in_memory.seek(7)
    for given in (wav, str(wav), in_memory, (tone(0.5, 8000, channels=2), 8000)):
        assert seconds_of(given) == 0.5
    assert seconds_of(Utterance("u", str(wav), 0.1)) == pytest.approx(0.4)
    assert seconds_of(Utterance("u", str(wav), 0.1, 0.3)) == pytest.approx(0.2)
    unknown = ["none.wav", "cat x |", io.BytesIO(), Once(b""), (np.zeros(0), RATE), (tone(0.1), 0), None, tmp_path]
    assert [seconds_of(given) for given in unknown] == [0.0] * len(unknown)
