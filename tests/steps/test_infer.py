"""Stage 6 as a user runs it."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import environment, run
from geolid.data.tables import read_table
from toy_identifier import LANGUAGES, MODEL, files_of, make_experiment, make_set

STAGE = "steps/06_infer.sh"
SETS = ("dump/raw/dev", "dump/raw/test")


@pytest.fixture
def laid_out(recipe: Path) -> Path:
    """exp/lid, and two sets of several blocks."""
    make_experiment(recipe / "exp/lid")
    make_set(recipe, "dev", count=30)
    make_set(recipe, "test", count=40)
    return recipe


def infer(recipe: Path, *options: object, sets: tuple = SETS, ok: bool = True):
    return run(STAGE, "--nj", 2, "--save_every", 10, *options, "exp/lid", *sets, cwd=recipe, ok=ok)


def results(recipe: Path) -> dict[str, dict[str, bytes]]:
    folder = recipe / "exp/lid/inference/valid.accuracy.best"
    return {name: files_of(folder / name) for name in ("dev", "test")}


def test_sets_are_identified_calibrated_and_not_done_twice(laid_out):
    done = infer(laid_out, "--extract_embd", "true")
    assert "exp/lid/valid.accuracy.best.calibration.json: temperature " in done.stdout
    assert "exp/lid/inference/valid.accuracy.best/test: 40 utterances, 0.01 h" in done.stdout
    temperature = json.loads((laid_out / "exp/lid/valid.accuracy.best.calibration.json").read_text())["temperature"]
    folder = laid_out / "exp/lid/inference/valid.accuracy.best"
    for name, count in (("dev", 30), ("test", 40)):
        assert json.loads((folder / name / "inference.json").read_text())["temperature"] == temperature != 1
        assert len(read_table(folder / name / f"{name}_lids")) == count
    assert (folder / "test/test_embeddings.ark").exists()

    before = {file: file.stat().st_mtime_ns for file in (laid_out / "exp").rglob("*") if file.name != ".lock"}
    again = infer(laid_out, "--extract_embd", "true")
    assert "dev: nothing to do\ntest: nothing to do\n" in again.stderr
    assert {file: file.stat().st_mtime_ns for file in (laid_out / "exp").rglob("*") if file.name != ".lock"} == before

    one_process = results(laid_out)
    subprocess.run(["rm", "-r", folder], check=True)
    followed = infer(laid_out, "--extract_embd", "true", "--nj", 1)
    assert "dev, test: 70 of 70 utterances, " in followed.stdout
    assert results(laid_out) == one_process


@pytest.mark.parametrize("after", ["dev/parts/000001.npz", "test/parts/000001.npz"])
def test_killed_and_asked_again_it_ends_with_the_files_of_an_undisturbed_run(laid_out, after):
    infer(laid_out)
    undisturbed = results(laid_out)
    subprocess.run(["rm", "-r", laid_out / "exp/lid/inference"], check=True)
    command = [STAGE, "--nj", "2", "--save_every", "10", "exp/lid", *SETS]
    killed = subprocess.Popen(command, cwd=laid_out, env=environment(), start_new_session=True, stderr=subprocess.PIPE)
    awaited = laid_out / "exp/lid/inference/valid.accuracy.best" / after
    while not awaited.exists() and killed.poll() is None:
        time.sleep(0.002)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    infer(laid_out)
    assert results(laid_out) == undisturbed


def test_another_model_is_calibrated_by_itself_and_any_path_is_a_model(laid_out):
    infer(laid_out)
    before = (laid_out / "exp/lid/valid.accuracy.best.calibration.json").read_bytes()
    make_experiment(laid_out / "exp/lid", seed=4)
    infer(laid_out)
    assert (laid_out / "exp/lid/valid.accuracy.best.calibration.json").read_bytes() != before
    (laid_out / "exp/lid" / MODEL).rename(laid_out / "mine.pth")
    infer(laid_out, "--inference_model", "mine.pth")
    assert (laid_out / "exp/lid/inference/mine/test/test_lids").exists()
    assert (laid_out / "exp/lid/mine.calibration.json").exists()


def test_candidates_are_for_test_sets_and_leave_the_calibration_alone(laid_out):
    infer(laid_out)
    calibration = laid_out / "exp/lid/valid.accuracy.best.calibration.json"
    before, dev = calibration.read_bytes(), results(laid_out)["dev"]
    infer(laid_out, "--candidates", "deu pol", "--top_k", 9)
    assert calibration.read_bytes() == before and results(laid_out)["dev"] == dev
    folder = laid_out / "exp/lid/inference/valid.accuracy.best/test"
    assert set(read_table(folder / "test_lids").values()) <= {"deu", "pol"}
    record = json.loads((folder / "inference.json").read_text())
    assert record["temperature"] == json.loads(before)["temperature"]


def cut_model_short(recipe: Path) -> None:
    model = recipe / "exp/lid" / MODEL
    model.write_bytes(model.read_bytes()[:1000])


def take_other_config(recipe: Path) -> None:
    other = make_experiment(recipe / "exp/other", lang_num=3, languages=LANGUAGES[:3])
    (other / "config.yaml").rename(recipe / "exp/lid/config.yaml")


def take_config_away(recipe: Path) -> None:
    (recipe / "exp/lid/config.yaml").unlink()


def empty_set(recipe: Path) -> None:
    for table in (recipe / "dump/raw/test").iterdir():
        table.write_text("")


def nothing(recipe: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (nothing, ["--inference_model", "best.pth"], f"exp/lid: has no model file 'best.pth'; there are {MODEL}; name"),
        (nothing, ["--candidates", "deu english"], "the model knows 4 languages, and not 'english'"),
        (nothing, ["--candidates", "deu"], "'deu' is the only candidate; name two or more"),
        (nothing, ["--inference_batch_size", "0"], "--inference_batch_size: expected a number from 1, found '0'"),
        (nothing, ["--inference_batch_seconds", "x"], "expected a number of seconds above 0, found 'x'"),
        (nothing, ["--save_every", "0"], "--save_every: expected a number from 1, found '0'"),
        (nothing, ["--nj", "0"], "--nj is a number from 1, not '0'"),
        (cut_model_short, [], f"exp/lid/{MODEL}: cannot be read as weights"),
        (take_other_config, [], f"exp/lid/{MODEL} does not fit the model: parameters"),
        (take_config_away, [], "exp/lid/config.yaml: there is no such config; training (stage 5) writes it"),
        (empty_set, [], "dump/raw/test/wav.scp: is empty; expected a line an utterance"),
    ],
)
def test_what_cannot_be_is_told(laid_out, change, options, message):
    change(laid_out)
    assert message in infer(laid_out, *options, ok=False).stderr


def test_an_experiment_that_is_not_there_is_told(recipe):
    make_set(recipe, "dev")
    failed = run(STAGE, "exp/none", "dump/raw/dev", cwd=recipe, ok=False)
    assert "exp/none: there is no such experiment; train it by stage 5" in failed.stderr


def test_one_unreadable_file_is_left_out_if_that_is_allowed(laid_out):
    (laid_out / "wav/test/fra_001.wav").unlink()
    failed = infer(laid_out, ok=False)
    assert "the audio of 1 of 40 utterances of dump/raw/test cannot be used (2.5%)" in failed.stderr
    allowed = infer(laid_out, "--max_faulty", 0.03)
    assert "test: 39 utterances, 0.01 h; left out 1, with reasons in exp/lid/inference" in allowed.stdout
    folder = laid_out / "exp/lid/inference/valid.accuracy.best/test"
    assert read_table(folder / "dropped") == {"fra_001": "no such file: wav/test/fra_001.wav"}
