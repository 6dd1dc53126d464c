"""Making audio over: what comes out, what is left as it is, what is dropped, and what a restart does again."""

import errno
import io
import os
from pathlib import Path

import kaldiio
import numpy as np
import pytest
import soundfile

from conftest import RATE, make_data_dir, tone
from geolid.data import blocks, formatting
from geolid.data.audio import read
from geolid.data.blocks import Settings
from geolid.data.gather import gather
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def format_all(data_dir: str, settings: Settings, out_dir: str = "out", **options) -> dict[str, blocks.Outcome]:
    for block in blocks.plan(Path(data_dir), Path(out_dir), settings):
        formatting.format_block(Path(out_dir) / "audio", block)
    gather(Path(data_dir), Path(out_dir), settings, max_faulty=1.0, **options)
    return {outcome.utt: outcome for outcome in blocks.outcomes(Path(out_dir))}


def one(source: str, settings: Settings = Settings()) -> blocks.Outcome:  # noqa: B008 (it is frozen)
    make_data_dir(Path("data"), {"u": ("deu", source), "well": ("deu", "well.wav")})
    soundfile.write("well.wav", tone(1.0), RATE, subtype="PCM_16")
    return format_all("data", settings)["u"]


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_channels_come_to_16_khz_mono(rate, channels):
    soundfile.write("a.flac", tone(1.5, rate, channels), rate)
    outcome = one("a.flac")
    audio = read(outcome.source)
    assert (audio.header.rate, audio.header.channels, audio.header.subtype) == (RATE, 1, "PCM_16")
    assert outcome.samples == len(audio.samples) == 1.5 * RATE
    expected = tone(1.5)[:, 0] * (1 if channels == 1 else 0.75)  # the mean of a tone and half of it
    middle = slice(200, -200)
    assert np.abs(audio.samples[middle, 0] / 32768 - expected[middle]).max() < 0.01


@pytest.mark.parametrize("audio_format", formatting.AUDIO_FORMATS)
def test_each_format_holds_the_same_samples_and_espnets_reader_takes_it(audio_format):
    samples = (tone(1.0)[:, 0] * 32767).astype(np.int16)
    soundfile.write("a.aiff", samples, RATE)
    outcome = one("a.aiff", Settings(audio_format=audio_format))
    assert np.array_equal(read(outcome.source).samples[:, 0], samples)
    if audio_format.endswith("ark"):
        rate, loaded = kaldiio.load_mat(outcome.source)
        assert rate == RATE
        assert np.array_equal(loaded if loaded.dtype == np.int16 else loaded * 32768, samples)


def test_what_is_right_already_is_left_where_it_is():
    soundfile.write("a.wav", tone(1.0), RATE, subtype="PCM_16")
    assert one("a.wav").source == "a.wav"
    assert one("a.wav", Settings(audio_format="flac")).source == "out/audio/000000/u.flac"
    soundfile.write("b.wav", tone(1.0), RATE, subtype="FLOAT")
    assert one("b.wav").source == "out/audio/000000/u.wav"


def test_segments_are_cut_to_the_sample():
    ramp = np.arange(2 * RATE, dtype=np.int16)
    soundfile.write("call.wav", ramp, RATE)
    make_data_dir(Path("data"), {"call": ("deu", "call.wav")})
    Path("data/segments").write_text("call_1 call 0.5 1.25\ncall_2 call 1.25 -1\ncall_3 call 1.5 9\n")
    Path("data/utt2lang").write_text("call_1 deu\ncall_2 deu\ncall_3 deu\n")
    outcomes = format_all("data", Settings())
    assert np.array_equal(read(outcomes["call_1"].source).samples[:, 0], ramp[8000:20000])
    assert np.array_equal(read(outcomes["call_2"].source).samples[:, 0], ramp[20000:])
    assert outcomes["call_3"].fault == "segment beyond the end: 1.5 to 9 s of call.wav, which has 2.00 s"
    assert not Path("out/segments").exists()
    assert read_table(Path("out/utt2num_samples")) == {"call_1": "12000", "call_2": "12000"}


def test_durations_outside_the_limits_are_dropped_and_named():
    for seconds in (0.5, 1.0, 2.0):
        soundfile.write(f"{seconds}.wav", tone(seconds), RATE, subtype="PCM_16")
    make_data_dir(Path("data"), {name: ("deu", f"{name}.wav") for name in ("0.5", "1.0", "2.0")})
    format_all("data", Settings(min_seconds=0.8, max_seconds=1.5))
    assert read_table(Path("out/wav.scp")) == {"1.0": "1.0.wav"}
    dropped = {"0.5": "shorter than 0.8 s: 0.500 s", "2.0": "longer than 1.5 s: 2.000 s"}
    assert read_table(Path("out/dropped")) == dropped


def test_raw_copy_takes_what_is_right_and_tells_what_is_not():
    soundfile.write("a.ogg", tone(1.0), RATE)
    assert one("a.ogg", Settings(copy_only=True)).source == "a.ogg"
    soundfile.write("b.wav", tone(1.0, 8000, 2), 8000)
    assert one("b.wav", Settings(copy_only=True)).fault.startswith(
        "not 16000 Hz mono: b.wav has 8000 Hz and 2 channels"
    )


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_speed_changes_length_and_pitch(factor):
    soundfile.write("a.wav", tone(1.00005, pitch=1000), RATE, subtype="PCM_16")
    outcome = one("a.wav", Settings(speed=factor))
    samples = read(outcome.source).samples[:, 0]
    assert len(samples) == outcome.samples == -(-16001 * 10 // round(factor * 10))
    peak = np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples)
    assert abs(peak - 1000 * factor) < 2


def test_more_faults_than_allowed_stop_with_their_reasons():
    make_data_dir(Path("data"), {"u": ("deu", "none.wav"), "well": ("deu", "well.wav")})
    soundfile.write("well.wav", tone(1.0), RATE, subtype="PCM_16")
    format_all("data", Settings())
    with pytest.raises(
        GeoLIDError, match=r"1 of 2 utterances of data cannot be used \(50.0%\), more than the allowed 1.0%"
    ):
        gather(Path("data"), Path("out"), Settings())
    assert read_table(Path("out/dropped")) == {"u": "no such file: none.wav"}
    assert not Path("out/wav.scp").exists()


def test_formatted_directories_carry_their_tables_and_category2utt():
    soundfile.write("a.wav", tone(1.0), RATE, subtype="PCM_16")
    make_data_dir(Path("data"), {"u": ("deu", "a.wav")}, utt2spk={"u": "s"}, text={"u": "eins zwei"})
    format_all("data", Settings(), prefix="sp0.9-")
    texts = {file.name: file.read_text() for file in Path("out").iterdir() if file.is_file()}
    assert texts == {
        "wav.scp": "sp0.9-u a.wav\n",
        "utt2lang": "sp0.9-u deu\n",
        "lang2utt": "deu sp0.9-u\n",
        "category2utt": "deu sp0.9-u\n",
        "utt2spk": "sp0.9-u sp0.9-s\n",
        "spk2utt": "sp0.9-s sp0.9-u\n",
        "text": "sp0.9-u eins zwei\n",
        "utt2num_samples": "sp0.9-u 16000\n",
        "feats_type": "raw\n",
        "audio_format": "wav\n",
    }


@pytest.fixture
def five_blocks(monkeypatch):
    """data with five blocks of two utterances."""
    monkeypatch.setattr(blocks, "UTTERANCES_IN_BLOCK", 2)
    names = [f"u{n}" for n in range(9)]
    for name in names:
        soundfile.write(f"{name}.flac", tone(0.1), RATE)
    make_data_dir(Path("data"), {name: ("deu", f"{name}.flac") for name in names})
    format_all("data", Settings())


def undone(settings: Settings = Settings()) -> list[str]:  # noqa: B008 (it is frozen)
    return blocks.plan(Path("data"), Path("out"), settings)


def test_finished_blocks_are_not_done_again(five_blocks):
    assert undone() == []
    assert len(undone(Settings(audio_format="flac"))) == 5


def test_a_block_is_done_again_when_its_source_was_written_since(five_blocks):
    soundfile.write("u3.flac", tone(0.2), RATE)
    assert undone() == ["000001"]
    assert format_all("data", Settings())["u3"].samples == 0.2 * RATE


def test_a_source_of_the_same_size_written_since_is_noticed(five_blocks):
    later = Path("out/audio/000002/done").stat().st_mtime_ns + 1
    os.utime("u4.flac", ns=(later, later))
    assert undone() == ["000002"]


def test_a_longer_and_a_shorter_set_do_only_what_changed(five_blocks):
    soundfile.write("u9.flac", tone(0.1), RATE)
    names = [f"u{n}" for n in range(10)]
    make_data_dir(Path("data"), {name: ("deu", f"{name}.flac") for name in names})
    assert undone() == ["000004"]
    make_data_dir(Path("data"), {name: ("deu", f"{name}.flac") for name in names[:4]})
    assert undone() == []
    assert sorted(entry.name for entry in Path("out/audio").iterdir()) == [
        "000000",
        "000000.todo",
        "000001",
        "000001.todo",
    ]


def test_a_set_that_lost_its_last_utterance_is_done_again_there(five_blocks):
    names = [f"u{n}" for n in range(7)]
    make_data_dir(Path("data"), {name: ("deu", f"{name}.flac") for name in names})
    assert undone() == ["000003"]
    assert len(format_all("data", Settings())) == 7


def test_an_older_file_of_the_same_size_in_the_place_of_another_is_noticed(five_blocks):
    soundfile.write("other.flac", tone(0.1), RATE)
    os.utime("other.flac", (1e9, 1e9))
    Path("other.flac").replace("u4.flac")
    assert undone() == ["000002"]


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(file.read_bytes()[:-1])])
def test_a_block_whose_audio_is_not_all_there_is_done_again(five_blocks, harm):
    harm(Path("out/audio/000001/u3.wav"))
    assert undone() == ["000001"]


def test_what_a_killed_job_left_is_cleared_away(five_blocks):
    Path("out/audio/000001.999.part").mkdir()
    assert undone() == []
    assert not Path("out/audio/000001.999.part").exists()


def test_a_full_disk_fails_the_block_and_leaves_nothing_of_it(five_blocks, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "u.wav")

    soundfile.write("u3.flac", tone(0.2), RATE)
    undone()
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        formatting.format_block(Path("out/audio"), "000001")
    assert undone() == ["000001"]
    assert not list(Path("out/audio").glob("*.part"))


def test_a_directory_is_not_gathered_before_all_is_done(five_blocks):
    soundfile.write("u3.flac", tone(0.2), RATE)
    undone()
    with pytest.raises(GeoLIDError, match="000001: is not done; run the stage again"):
        gather(Path("data"), Path("out"), Settings())


def test_encoding_in_memory_gives_what_soundfile_writes_to_a_file():
    samples = (tone(0.3)[:, 0] * 32767).astype(np.int16)
    soundfile.write("a.aiff", samples, RATE)
    expected = io.BytesIO()
    soundfile.write(expected, samples, RATE, format="WAV", subtype="PCM_16")
    assert Path(one("a.aiff").source).read_bytes() == expected.getvalue()
