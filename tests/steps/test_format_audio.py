"""Stage 3 as a user runs it."""

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
import soundfile

from conftest import RATE, environment, make_data_dir, run, tone
from geolid.data.tables import read_table

STAGE = "steps/03_format_audio.sh"


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the logs, by name."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "log" not in file.relative_to(folder).parts
    }


@pytest.fixture
def many(recipe: Path) -> Path:
    """data/many: 120 utterances, three blocks, in flac, so that each has to be made over."""
    audio = {}
    for number in range(120):
        utt = f"deu_{number:03d}"
        soundfile.write(recipe / f"{utt}.flac", tone(0.2, pitch=200 + number), RATE)
        audio[utt] = ("deu", f"{utt}.flac")
    return make_data_dir(recipe / "data" / "many", audio)


@pytest.mark.parametrize("nj", [1, 2, 5])
def test_the_files_are_the_same_for_any_number_of_jobs(many, recipe, nj):
    made = run(STAGE, "--nj", 1, "dump/one", "data/many", cwd=recipe)
    assert "dump/one/many: 120 utterances, 0.01 h; 0 are taken as they were" in made.stdout
    run(STAGE, "--nj", nj, "dump/other", "data/many", cwd=recipe)
    one, other = files_below(recipe / "dump/one"), files_below(recipe / "dump/other")
    scp = "many/wav.scp"
    assert one.pop(scp) == other.pop(scp).replace(b"dump/other", b"dump/one")
    for name in [name for name in one if name.endswith("/done")]:
        assert one.pop(name) == other.pop(name).replace(b"dump/other", b"dump/one")
    assert one == other


def test_a_second_run_changes_no_byte_and_no_time(toy, recipe):
    run(STAGE, "dump/raw", "data/toy", cwd=recipe)
    before = {file: file.stat().st_mtime_ns for file in (recipe / "dump/raw/toy").rglob("*") if file.name != ".lock"}
    run(STAGE, "dump/raw", "data/toy", cwd=recipe)
    after = {file: file.stat().st_mtime_ns for file in (recipe / "dump/raw/toy").rglob("*") if file.name != ".lock"}
    assert {file for file in before if file.is_file()} == {file for file in after if file.is_file()}
    assert all(before[file] == after[file] for file in before if file.is_file())


@pytest.mark.parametrize("seconds", [0.1, 0.6, 1.1, 1.6])
def test_killed_and_asked_again_it_ends_with_the_files_of_an_undisturbed_run(many, recipe, seconds):
    run(STAGE, "--nj", 2, "dump/raw", "data/many", cwd=recipe)
    undisturbed = files_below(recipe / "dump/raw")
    subprocess.run(["rm", "-rf", recipe / "dump"], check=True)
    command = [STAGE, "--nj", "2", "dump/raw", "data/many"]
    killed = subprocess.Popen(command, cwd=recipe, env=environment(), start_new_session=True, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    run(STAGE, "--nj", 2, "dump/raw", "data/many", cwd=recipe)
    assert files_below(recipe / "dump/raw") == undisturbed


def test_finished_blocks_are_kept_by_a_restart(many, recipe):
    run(STAGE, "--nj", 2, "dump/raw", "data/many", cwd=recipe)
    kept = recipe / "dump/raw/many/audio/000000/deu_000.wav"
    before = kept.stat().st_mtime_ns
    (recipe / "dump/raw/many/audio/000001/done").unlink()
    run(STAGE, "--nj", 2, "dump/raw", "data/many", cwd=recipe)
    assert kept.stat().st_mtime_ns == before
    assert (recipe / "dump/raw/many/audio/000001/done").exists()


def test_unusable_files_stop_the_stage_with_their_reasons_or_are_left_out(toy, recipe):
    (recipe / "fra_1.wav").write_bytes(b"no audio at all")
    failed = run(STAGE, "dump/raw", "data/toy", cwd=recipe, ok=False)
    assert "1 of 3 utterances of data/toy cannot be used (33.3%), more than the allowed 1.0%" in failed.stderr
    assert "fra_1: cannot be read as audio: fra_1.wav" in failed.stderr
    assert not (recipe / "dump/raw/toy/wav.scp").exists()
    run(STAGE, "--max_faulty", 0.5, "dump/raw", "data/toy", cwd=recipe)
    assert list(read_table(recipe / "dump/raw/toy/wav.scp")) == ["deu_1", "fra_2"]
    assert list(read_table(recipe / "dump/raw/toy/dropped")) == ["fra_1"]


def test_a_command_in_wav_scp_needs_the_users_word(toy, recipe):
    (toy / "wav.scp").write_text("deu_1 cat deu_1.wav |\nfra_1 fra_1.wav\nfra_2 fra_2.wav\n")
    failed = run(STAGE, "dump/raw", "data/toy", cwd=recipe, ok=False)
    assert "data/toy/wav.scp:1: is a command, and commands are not allowed; allow them with" in failed.stderr
    run(STAGE, "--allow_pipes", "true", "dump/raw", "data/toy", cwd=recipe)
    assert read_table(recipe / "dump/raw/toy/utt2num_samples")["deu_1"] == "16000"


def test_a_blank_in_a_path_does_no_harm(toy, recipe):
    (recipe / "a  folder").mkdir()
    soundfile.write(recipe / "a  folder/x $(touch ran).flac", tone(1.0), RATE)
    (toy / "wav.scp").write_text("deu_1 a  folder/x $(touch ran).flac\nfra_1 fra_1.wav\nfra_2 fra_2.wav\n")
    run(STAGE, "dump/raw", "data/toy", cwd=recipe)
    assert (recipe / "dump/raw/toy/audio/000000/deu_1.wav").exists()
    assert not list(recipe.rglob("ran"))


def test_a_disk_that_fills_up_is_told_and_leaves_nothing_half_done(many, recipe):
    """A limit on file sizes stands in for a full disk: the system refuses the write in the same way."""
    run(
        STAGE,
        "--audio_format",
        "wav.ark",
        "--nj",
        1,
        "dump/raw",
        "data/many",
        cwd=recipe,
        ok=False,
        preexec_fn=small_files,
    )
    log = (recipe / "dump/raw/many/log/format_audio.1.log").read_text()
    assert "File too large; the limit on file sizes is too low" in log
    assert not (recipe / "dump/raw/many/wav.scp").exists()
    assert not list((recipe / "dump/raw/many/audio").glob("*.part"))
    run(STAGE, "--audio_format", "wav.ark", "--nj", 1, "dump/raw", "data/many", cwd=recipe)


def small_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


def test_a_place_that_cannot_be_written_is_told(toy, recipe):
    (recipe / "dump").write_text("a file, not a folder")
    failed = run(STAGE, "dump/raw", "data/toy", cwd=recipe, ok=False)
    assert "dump/raw/toy cannot be written; mend that, or choose another place" in failed.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--audio_format", "mp3"], "invalid choice: 'mp3'"),
        (["--fs", "0"], "expected a rate in Hz, such as 16000 or 16k, found '0'"),
        (["--fs", "16kz"], "expected a rate in Hz, such as 16000 or 16k, found '16kz'"),
        (["--min_wav_duration", "nan"], "expected a number of seconds from 0, found 'nan'"),
        (["--max_faulty", "2"], "expected a share from 0 to 1, such as 0.01, found '2'"),
        (["--nj", "x"], "--nj is a whole number, not 'x'"),
        (["--nj", "0"], "--nj is a number from 1, not '0'"),
    ],
)
def test_what_is_no_value_for_an_option_is_told(toy, recipe, options, message):
    assert message in run(STAGE, *options, "dump/raw", "data/toy", cwd=recipe, ok=False).stderr


def test_a_formatted_directory_still_says_that_its_labels_are_free(toy, recipe):
    (toy / "label_kind").write_text("free\n")
    run(STAGE, "--nj", 1, "dump/raw", "data/toy", cwd=recipe)
    assert (recipe / "dump/raw/toy/label_kind").read_text() == "free\n"
