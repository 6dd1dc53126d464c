"""Stage 2 as a user runs it."""

import numpy as np
import pytest
import soundfile

from conftest import RATE, make_data_dir, run, tone
from geolid.data.audio import read
from geolid.data.tables import read_table
from geolid.data.validate import faults

STAGE = "steps/02_perturb_speed.sh"


def pitch(source: str) -> float:
    samples = read(source).samples[:, 0]
    return np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples)


def test_plain_files_become_slower_and_faster_under_new_names(toy, recipe, monkeypatch):
    run(STAGE, "--nj", 2, "data/toy", 0.9, 1.0, 1.1, cwd=recipe)
    monkeypatch.chdir(recipe)
    made = recipe / "data/toy_sp"
    assert list(faults(made)) == []
    scp = read_table(made / "wav.scp")
    assert list(scp) == [f"{prefix}{utt}" for prefix in ("", "sp0.9-", "sp1.1-") for utt in ("deu_1", "fra_1", "fra_2")]
    assert scp["deu_1"] == "deu_1.wav"
    for factor, samples in (("0.9", 17778), ("1.1", 14546)):  # 16 000 / factor, rounded up
        utt = f"sp{factor}-deu_1"
        assert len(read(scp[utt]).samples) == samples
        assert abs(pitch(scp[utt]) - 440 * float(factor)) < 1
        assert read_table(made / "utt2lang")[utt] == "deu"


def test_without_factor_1_only_the_copies_are_taken(toy, recipe):
    run(STAGE, "data/toy", 0.9, cwd=recipe)
    assert list(read_table(recipe / "data/toy_sp/wav.scp")) == ["sp0.9-deu_1", "sp0.9-fra_1", "sp0.9-fra_2"]


@pytest.mark.parametrize("kind", ["segments", "ark"])
def test_segments_and_arks_and_speakers_go_the_same_way(recipe, monkeypatch, kind):
    ramp = (tone(3.0)[:, 0] * 32767).astype(np.int16)
    soundfile.write(recipe / "call.flac", ramp, RATE)
    folder = make_data_dir(recipe / "data" / "calls", {"deu_call": ("deu", "call.flac")})
    (folder / "segments").write_text("deu_call_1 deu_call 0 1\ndeu_call_2 deu_call 1 -1\n")
    for table, value in (("utt2lang", "deu"), ("utt2spk", "deu_call")):
        (folder / table).write_text(f"deu_call_1 {value}\ndeu_call_2 {value}\n")
    (folder / "lang2utt").write_text("deu deu_call_1 deu_call_2\n")
    if kind == "ark":
        run("steps/03_format_audio.sh", "--audio_format", "flac.ark", "arks", "data/calls", cwd=recipe)
        folder = recipe / "arks" / "calls"
    run(STAGE, folder.relative_to(recipe), 0.8, 1.0, cwd=recipe)
    monkeypatch.chdir(recipe)
    made = folder.with_name("calls_sp")
    assert list(faults(made)) == []
    scp = read_table(made / "wav.scp")
    assert len(read(scp["sp0.8-deu_call_1"]).samples) == 20000
    assert len(read(scp["sp0.8-deu_call_2"]).samples) == 40000
    assert read_table(made / "utt2spk")["sp0.8-deu_call_2"] == "sp0.8-deu_call"
    run("steps/03_format_audio.sh", "dump", made.relative_to(recipe), cwd=recipe)
    assert read_table(recipe / "dump/calls_sp/utt2num_samples") == {
        "deu_call_1": "16000",
        "deu_call_2": "32000",
        "sp0.8-deu_call_1": "20000",
        "sp0.8-deu_call_2": "40000",
    }


@pytest.mark.parametrize("factor", ["fast", "-1", "9"])
def test_what_is_no_speed_is_refused(toy, recipe, factor):
    failed = run(STAGE, "data/toy", factor, cwd=recipe, ok=False)
    assert "speed factor is a number such as 0.9" in failed.stderr or "expected a factor from 0.5 to 2" in failed.stderr


def test_a_factor_given_twice_is_refused(toy, recipe):
    failed = run(STAGE, "data/toy", 0.9, "0.90", cwd=recipe, ok=False)
    assert "the speed factor 0.9 stands there twice; give it once" in failed.stderr
