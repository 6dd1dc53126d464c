"""run.sh from nothing to a trained model, on the embedded corpus in a reduced size."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import environment, lay_out_recipe, run
from geolid.data.tables import read_table

SMALL = ["--local_data_opts", "--languages 'por spa vie' --utts_per_lang 12"]
SHORT = ["--lid_args", "--max_epoch 2 --num_iters_per_epoch 3 --batch_bins 192000 --num_workers 0"]
SETS = ["train", "dev", "test", "test_dialect", "test_phone", "test_noisy"]


def files_of(recipe: Path) -> dict[str, bytes]:
    """What the stages made, but for logs."""
    return {
        str(file.relative_to(recipe)): file.read_bytes()
        for top in ("downloads", "data", "dump", "exp")
        for file in (recipe / top).rglob("*")
        if file.is_file() and "log" not in file.parts
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[Path, str, dict[str, bytes]]:
    """A recipe folder in which stages 1 to 4 ran, what they said and what they made."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("undisturbed"))
    said = run("./run.sh", "--nj", 2, *SMALL, "--stop_stage", 4, cwd=recipe).stdout
    return recipe, said, files_of(recipe)


def test_it_goes_from_nothing_to_training_ready(undisturbed):
    recipe, said, _ = undisturbed
    for name in SETS:
        formatted = recipe / f"dump/raw/{name}_mini_lang"
        assert read_table(formatted / "utt2num_samples").keys() == read_table(formatted / "utt2lang").keys()
        assert len(read_table(formatted / "wav.scp")) > 0
    shapes = read_table(recipe / "exp/lid_stats_16k/train/speech_shape")
    assert shapes == read_table(recipe / "dump/raw/train_mini_lang/utt2num_samples")
    assert len(shapes) == 36
    for line in (
        "=== Stage 1: ",
        "=== Stage 1 made data/train_mini_lang ",
        "=== Stage 4 made exp/lid_stats_16k in ",
        "all   3 / 3 languages",
    ):
        assert line in said
    assert "=== Stage 2" not in said
    assert "\n=== ./run.sh ended well after " in said


def test_it_trains_a_model_finds_languages_scores_and_draws_them(undisturbed):
    recipe = undisturbed[0]
    said = run("./run.sh", "--stage", 5, "--lid_exp", "trained", *SHORT, cwd=recipe).stdout
    assert "training set: 36 utterances, " in said and "epoch 2/2 took " in said
    assert (recipe / "trained/valid.accuracy.best.pth").exists()
    found = recipe / "trained/inference/valid.accuracy.best"
    assert (found / "dev_mini_lang").is_dir() and (recipe / "trained/valid.accuracy.best.calibration.json").exists()
    assert "test_noisy_mini_lang" in (recipe / "trained/RESULTS.md").read_text()
    for set_name in ("test_mini_lang", "test_phone_mini_lang"):
        images = found / set_name / "images"
        assert (images / "map.png").stat().st_size > 20_000
        assert (images / "tsne_utterances.html").exists() == (set_name == "test_mini_lang")
    assert (recipe / "trained/packed/trained_valid.accuracy.best.zip").exists()
    assert "=== Stage 10" not in said and "\n=== ./run.sh ended well after " in said


def test_a_second_run_changes_no_byte(undisturbed):
    recipe, _, files = undisturbed
    run("./run.sh", "--nj", 1, *SMALL, "--stop_stage", 4, cwd=recipe)
    assert files_of(recipe) == files


def test_killed_again_and_again_it_ends_with_the_same_files(undisturbed, recipe):
    """Killed at moments of which the first fall into stage 1 and the last into stage 3 or 4."""
    files = undisturbed[2]
    moments = random.Random(0)
    for number in range(4):
        process = subprocess.Popen(
            ["./run.sh", "--nj", "2", *SMALL, "--stop_stage", "4"],
            cwd=recipe,
            env=environment(),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0.3, 2.0) * (1 + number))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    run("./run.sh", "--nj", 2, *SMALL, "--stop_stage", 4, cwd=recipe)
    assert files_of(recipe) == files


def test_stages_can_be_left_out(undisturbed):
    recipe = undisturbed[0]
    said = run("./run.sh", *SMALL, "--skip_stages", "1 3", "--stop_stage", 4, cwd=recipe).stdout
    assert "Stage 1" not in said and "Stage 3" not in said and "=== Stage 4: " in said
    said = run("./run.sh", "--skip_data_prep", "true", "--skip_train", "true", "--stop_stage", 4, cwd=recipe).stdout
    assert "=== Stage " not in said


def test_speed_perturbation_makes_a_bigger_training_set(undisturbed, tmp_path):
    recipe = shutil.copytree(undisturbed[0], tmp_path / "copy", symlinks=True)
    said = run("./run.sh", "--stage", 2, "--speed_perturb_factors", "0.9 1.0", "--nj", 2, "--stop_stage", 4, cwd=recipe)
    assert "=== Stage 2: " in said.stdout
    shapes = read_table(recipe / "exp/lid_stats_16k_sp/train/speech_shape")
    assert len(shapes) == 72
    assert sum(utt.startswith("sp0.9-") for utt in shapes) == 36


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--stage", 3], "data/train_mini_lang: there is no such directory; run stage 1"),
        (
            ["--stage", 4],
            "dump/raw/train_mini_lang: there is no such directory; run stage 1, which makes data/<set>, or stage 3",
        ),
        (["--stage", 9], "exp/lid_geolid_raw: there is no such experiment; train it by stage 5"),
        (["--stage", 10], "stage 10 needs --hf_repo <owner>/<name>"),
        (["--stage", 10, "--hf_repo", "me/it"], "exp/lid_geolid_raw/packed/lid_geolid_raw_valid.accuracy.best: "),
        (
            ["--tsne_set", "test_other"],
            "--tsne_set test_other is none of the sets that are scored: test_mini_lang test_",
        ),
        (["--stage", "one"], "--stage is a whole number, not 'one'"),
        (["--stop_stge", 4], "unknown option --stop_stge; did you mean --stop_stage?"),
        (["--stage", 0], "stages are numbers from 1 to 10, found '0'"),
        (["--stage", 4, "--stop_stage", 2], "--stage 4 comes after --stop_stage 2; nothing lies between"),
        (["--nj", 0], "--nj is a number from 1, not '0'"),
        (["--train_set", ""], "--train_set, --valid_set and --test_sets each name a set"),
        (["--python", "/nowhere/python"], "--python /nowhere/python is no interpreter of an environment"),
        (["4"], "unexpected argument '4'; options are --name value"),
        (["--local_data_opts", "--languages 'eng"], "a quote is not closed"),
        (["--local_data_opts", "--languages engl"], "'engl' is no ISO 639-3 code; do you mean eng"),
        (["--audio_format", "mp3", "--stage", 3], "data/train_mini_lang: there is no such directory"),
    ],
)
def test_what_cannot_be_is_told_at_once(recipe, options, message):
    failed = run("./run.sh", *options, cwd=recipe, ok=False)
    assert message in failed.stderr


def test_it_can_be_called_from_anywhere(recipe):
    failed = run("../../run.sh", "--stag", 3, cwd=recipe / "egs/mini", ok=False, timeout=20)
    assert "unknown option --stag; did you mean --stage?" in failed.stderr
    failed = run("../../run.sh", "--stage", 3, cwd=recipe / "egs/mini", ok=False, timeout=20)
    assert "data/train_mini_lang: there is no such directory" in failed.stderr


def test_an_interrupted_run_does_not_say_that_it_ended_well(undisturbed, recipe):
    process = subprocess.Popen(
        ["./run.sh", *SMALL, "--stop_stage", "4"],
        cwd=recipe,
        env=environment(),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    time.sleep(2.0)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=20)[0]
    assert process.returncode == 130
    assert "ended well" not in said and "did NOT end well" in said


def test_a_signal_to_the_run_alone_ends_its_stage_at_once(recipe):
    process = subprocess.Popen(
        ["./run.sh", "--local_data_opts", "--utts_per_lang 1000", "--nj", "2"],  # takes minutes
        cwd=recipe,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    log = recipe / "downloads/mini/log/speak.1.log"
    while not log.exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    sent = time.monotonic()
    said = process.communicate(timeout=20)[0]  # its end is that of all who could still write there
    assert time.monotonic() - sent < 6
    assert process.returncode == 143
    assert "=== Stage 1 did NOT end well" in said


def test_a_failed_stage_is_named_with_how_to_go_on(recipe):
    failed = run("./run.sh", "--stage", 3, cwd=recipe, ok=False)
    assert "=== Stage 3 did NOT end well" in failed.stderr and "run again with --stage 3" in failed.stderr
