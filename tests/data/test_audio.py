"""Reading audio: every kind of source, and every way in which one can be unusable."""

import io
from pathlib import Path

import kaldiio
import numpy as np
import pytest
import soundfile

from conftest import RATE, tone
from geolid.data.audio import AudioError, read, read_header


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "subtype", "exact"),
    [
        ("a.wav", "PCM_16", True),
        ("a.wav", "FLOAT", True),
        ("a.flac", "PCM_16", True),
        ("a.nist", "PCM_16", True),
        ("a.nist", "ULAW", False),
        ("a.ogg", "VORBIS", False),
        ("a.ogg", "OPUS", False),
        ("a.mp3", "MPEG_LAYER_III", False),
        ("with a blank.wav", "PCM_24", True),
    ],
)
def test_formats_that_corpora_come_in(name, subtype, exact):
    soundfile.write(name, tone(1.0, channels=2), RATE, subtype=subtype)
    audio, header = read(name), read_header(name)
    assert header == audio.header
    assert (header.rate, header.channels, header.samples) == (RATE, 2, RATE)
    samples = audio.samples / 32768 if audio.samples.dtype == np.int16 else audio.samples
    assert samples.shape == (RATE, 2)
    if exact:
        assert np.abs(samples - tone(1.0, channels=2)).max() < 1e-4
    else:
        assert np.corrcoef(samples[:, 0], tone(1.0)[:, 0])[0, 1] > 0.95


@pytest.mark.parametrize("audio_format", ["wav", "flac"])
def test_an_entry_of_an_ark_by_its_offset(audio_format):
    samples = (tone(0.5)[:, 0] * 32768).astype(np.int16)
    options = {"write_function": "soundfile", "write_kwargs": {"format": "flac"}} if audio_format == "flac" else {}
    kaldiio.save_ark("x.ark", {"a": (RATE, samples), "b": (8000, -samples)}, scp="x.scp", **options)
    for line in Path("x.scp").read_text().splitlines():
        utt, source = line.split()
        audio = read(source)
        assert audio.header.rate == {"a": RATE, "b": 8000}[utt]
        assert np.array_equal(audio.samples[:, 0], {"a": samples, "b": -samples}[utt])
        assert read_header(source).samples == len(samples)


def test_an_ark_with_a_pickle_is_refused_not_loaded():
    kaldiio.save_ark("x.ark", {"a": [1, 2]}, write_function="pickle")
    with pytest.raises(AudioError, match="no audio: x.ark:2"):
        read("x.ark:2")


def test_a_command_runs_only_when_allowed():
    soundfile.write("a.wav", tone(0.5), RATE)
    with pytest.raises(AudioError, match="commands are not allowed: touch ran.*--allow_pipes true"):
        read("touch ran; cat a.wav |")
    assert not Path("ran").exists()
    assert len(read("cat a.wav |", allow_pipes=True).samples) == RATE // 2
    with pytest.raises(AudioError, match="the command failed with status 3: exit 3"):
        read("exit 3 |", allow_pipes=True)


def test_a_segment_is_exactly_its_samples():
    ramp = np.arange(RATE, dtype=np.int16)
    soundfile.write("a.wav", ramp, RATE)
    assert np.array_equal(read("a.wav", 0.25, 0.5).samples[:, 0], ramp[4000:8000])
    assert np.array_equal(read("a.wav", 0.75, 1.3).samples[:, 0], ramp[12000:])  # times in transcripts are rounded
    assert np.array_equal(read("a.wav", 0.75).samples[:, 0], ramp[12000:])


@pytest.mark.parametrize(("start", "end"), [(0.5, 2.0), (1.0, 1.2), (3.0, -1)])
def test_a_segment_beyond_the_end_is_told(start, end):
    soundfile.write("a.wav", tone(1.0), RATE)
    with pytest.raises(AudioError, match="segment beyond the end: .* a.wav, which has 1.00 s"):
        read("a.wav", start, end)


def cut(name: str, share: float, **options) -> None:
    soundfile.write(name, tone(2.0) + 0.01 * np.random.default_rng(0).standard_normal((2 * RATE, 1)), RATE, **options)
    content = Path(name).read_bytes()
    Path(name).write_bytes(content[: int(len(content) * share)])


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.nist", "a.aiff"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_file_that_is_cut_short_is_told(name, share):
    cut(name, share)
    with pytest.raises(AudioError, match=f"(cut short|cannot be decoded|cannot be read as audio): {name}"):
        read(name)


def test_a_wav_of_unknown_length_as_pipes_write_it_is_whole():
    wav = io.BytesIO()
    soundfile.write(wav, tone(1.0), RATE, format="WAV", subtype="PCM_16")
    content = bytearray(wav.getvalue())
    for at in (4, content.index(b"data") + 4):
        content[at : at + 4] = b"\xff" * 4
    Path("a.wav").write_bytes(content)
    assert len(read("a.wav").samples) == RATE


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file: a.wav"),
        (b"", "zero bytes: a.wav"),
        (b"no audio at all\n" * 99, "cannot be read as audio: a.wav: Format not recognised"),
        (np.zeros(RATE), "silent: a.wav: every sample is 0"),
        (np.zeros(0), "no samples: a.wav"),
        (np.array([0.1, np.nan, 0.2, np.inf]), "not numbers: a.wav: 2 of 4 samples are NaN or infinite"),
    ],
)
def test_useless_files_are_told(content, message):
    if isinstance(content, bytes):
        Path("a.wav").write_bytes(content)
    elif content is not None:
        soundfile.write("a.wav", content, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=message):
        read("a.wav")
