"""Stage 1 for the embedded corpus, as a user runs it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from conftest import ROOT, lay_out_recipe, run
from geolid.data.corpora.mini import audio, channel, espeak, plan
from geolid.data.tables import read_table

SMALL = ("--languages", "deu fra", "--utts_per_lang", "12", "--seed", "1")


def make(recipe: Path, *options: object, ok: bool = True) -> subprocess.CompletedProcess:
    return run("local/prepare_mini.sh", *(options or SMALL), cwd=recipe, ok=ok)


def files_of(recipe: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of every file that stage 1 leaves, but for its logs."""
    return {
        str(file.relative_to(recipe)): (file.read_bytes(), file.stat().st_mtime_ns)
        for folder in ("downloads", "data")
        for file in sorted((recipe / folder).rglob("*"))
        if file.is_file() and file.name != ".lock" and "log" not in file.parts
    }


def bytes_of(recipe: Path) -> dict[str, bytes]:
    return {name: content for name, (content, _) in files_of(recipe).items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A recipe in which the small corpus was made, with two jobs; not to be changed."""
    folder = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    make(folder, *SMALL, "--nj", 2)
    return folder


def tables_of(recipe: Path, set_name: str) -> dict[str, dict[str, str]]:
    return {table.name: read_table(table) for table in (recipe / "data" / set_name).iterdir()}


def planned(recipe: Path) -> dict[str, plan.Utterance]:
    return {utterance.utt: utterance for utterance in plan.read_plan(recipe / "downloads/mini/plan")}


def test_every_set_is_a_sound_data_directory(made):
    run("utils/validate_data_dir.sh", *(f"data/{set_name}" for set_name in plan.SETS), cwd=made)
    for set_name in plan.SETS:
        tables = tables_of(made, set_name)
        assert {"wav.scp", "utt2lang", "lang2utt", "utt2spk", "spk2utt", "text"} <= set(tables)
        assert set(tables["utt2lang"].values()) == {"fra"} if set_name == plan.DIALECT_SET else {"deu", "fra"}
        assert not set(tables["utt2spk"].values()) & {"deu", "fra"}
        other = {plan.DIALECT_SET: "mini_dialect", plan.PHONE_SET: "mini_phone", plan.NOISY_SET: "mini_noisy"}
        assert set(tables["utt2dataset"].values()) == {other.get(set_name, "mini")}
        assert ("utt2condition" in tables) == (set_name not in (plan.TRAIN_SET, plan.DEV_SET, plan.TEST_SET))


def test_every_file_is_whole_sounds_and_lasts_2_to_8_seconds(made):
    for set_name in plan.SETS:
        expected = (8000, "ULAW") if set_name == plan.PHONE_SET else (22050, "PCM_16")
        for wav in tables_of(made, set_name)["wav.scp"].values():
            info = soundfile.info(made / wav)
            assert (info.samplerate, info.subtype, info.channels) == (*expected, 1)
            assert 2.0 <= info.duration <= 8.0
            samples, _ = soundfile.read(made / wav)
            assert 0.02 < np.sqrt(np.mean(samples**2)) < 0.2
            assert np.abs(samples).max() < 0.95


def test_levels_vary(made):
    levels = [np.std(soundfile.read(made / wav)[0]) for wav in tables_of(made, plan.TRAIN_SET)["wav.scp"].values()]
    assert 20 * np.log10(max(levels) / min(levels)) > 6


def test_the_phone_set_has_the_band_of_a_telephone(made):
    for wav in tables_of(made, plan.PHONE_SET)["wav.scp"].values():
        samples, rate = soundfile.read(made / wav)
        spectrum = np.abs(np.fft.rfft(samples)) ** 2
        frequencies = np.fft.rfftfreq(len(samples), 1 / rate)
        beyond = (frequencies < 200) | (frequencies > 3700)
        assert spectrum[beyond].sum() < 0.002 * spectrum.sum()  # what is left is the noise of mu-law


def test_noise_and_echo_are_as_stated(made):
    for utt, utterance in planned(made).items():
        if utterance.set_name == plan.NOISY_SET:
            speech = espeak.say(utterance.voice, utterance.phrases, utterance.wanted_seconds, plan.MAX_SECONDS)
            clean = speech.samples.astype(float)
            draw = np.random.default_rng(int(utterance.fingerprint, 16))
            echoing = channel.in_a_room(clean, espeak.SAMPLE_RATE, utterance.rt60_seconds, draw)
            noisy, _ = soundfile.read(made / tables_of(made, plan.NOISY_SET)["wav.scp"][utt])
            scale = noisy @ echoing / (echoing @ echoing)
            noise = noisy - scale * echoing
            snr_db = 10 * np.log10(np.sum((scale * echoing) ** 2) / np.sum(noise**2))
            assert snr_db == pytest.approx(utterance.snr_db, abs=0.2)


def test_the_text_is_what_is_said(made):
    utterance = planned(made)["deu_f1-0001"]
    speech = espeak.say(utterance.voice, utterance.phrases, utterance.wanted_seconds, plan.MAX_SECONDS)
    assert tables_of(made, plan.TRAIN_SET)["text"]["deu_f1-0001"] == ", ".join(speech.phrases)
    samples, _ = soundfile.read(made / tables_of(made, plan.TRAIN_SET)["wav.scp"]["deu_f1-0001"])
    assert np.corrcoef(samples, speech.samples)[0, 1] > 0.999


@pytest.mark.parametrize("options", [("--nj", 1), ("--nj", 5)])
def test_the_bytes_are_the_same_for_any_number_of_jobs_and_order_of_languages(made, recipe, options):
    make(recipe, "--languages", "fra deu fra", "--utts_per_lang", 12, "--seed", 1, *options)
    assert bytes_of(recipe) == bytes_of(made)


def test_asked_for_again_it_changes_nothing(made):
    before = files_of(made)
    make(made)
    assert files_of(made) == before


def test_killed_and_asked_for_again_it_ends_the_same_and_speaks_nothing_twice(made, recipe):
    audio_dir = "downloads/mini"
    prepare = [sys.executable, "local/prepare_mini.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    plan_it = [*prepare, "plan", *SMALL, audio_dir]
    subprocess.run(plan_it, cwd=recipe, env=environment, check=True, capture_output=True)
    speaking = subprocess.Popen(
        [*prepare, "speak", audio_dir], cwd=recipe, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while len(list(recipe.rglob("*.wav"))) < 5:
        time.sleep(0.002)
    speaking.send_signal(signal.SIGKILL)
    speaking.communicate(timeout=10)  # returns when the last process that has its output has ended
    finished = {wav: wav.stat().st_mtime_ns for wav in recipe.rglob("[!.]*.wav")}
    assert 5 <= len(finished) < len(list(made.rglob("*.wav")))
    make(recipe)
    assert bytes_of(recipe) == bytes_of(made)
    assert {wav: wav.stat().st_mtime_ns for wav in finished} == finished


def test_other_options_take_nothing_of_what_stands_but_what_they_would_make_themselves(recipe):
    make(recipe, "--languages", "fra", "--utts_per_lang", 6, "--seed", 1)
    first = files_of(recipe)
    make(recipe, "--languages", "fra", "--utts_per_lang", 6, "--seed", 2)
    assert not _audio_in_use(recipe) & {name for name in first if name.endswith(".wav")}
    make(recipe, "--languages", "deu fra", "--utts_per_lang", 6, "--seed", 1)
    assert _audio_in_use(recipe) >= {name for name in first if name.endswith(".wav")}
    assert files_of(recipe).items() >= {name: file for name, file in first.items() if name.endswith(".wav")}.items()


def test_a_set_that_the_chosen_languages_do_not_have_goes(recipe):
    make(recipe, "--languages", "fra deu", "--utts_per_lang", 1)
    assert (recipe / "data" / plan.DIALECT_SET).exists()
    make(recipe, "--languages", "deu", "--utts_per_lang", 1)
    assert not (recipe / "data" / plan.DIALECT_SET).exists()
    assert set(tables_of(recipe, plan.TRAIN_SET)["utt2lang"].values()) == {"deu"}


def _audio_in_use(recipe: Path) -> set[str]:
    return {
        wav
        for set_name in plan.SETS
        if (recipe / "data" / set_name).exists()
        for wav in tables_of(recipe, set_name)["wav.scp"].values()
    }


def test_all_languages_leave_out_and_name_those_that_cannot_be_spoken(recipe):
    done = run(sys.executable, "local/prepare_mini.py", "plan", "--languages", "all", "--utts_per_lang", 1, "--seed", 1,
               "downloads/mini", cwd=recipe)  # fmt: skip
    planned_languages = {utterance.lang for utterance in planned(recipe).values()}
    assert len(planned_languages) > 80
    assert "left out: chr (Cherokee): CLDR, as Babel brings it, has 918 names" in done.stderr
    assert not planned_languages & {"chr", "hat", "fao", "kaa"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--languages", "eng xyz"), "'xyz' is no ISO 639-3 code; do you mean"),
        (("--languages", "chr"), "can read 0, and it takes 100; leave chr out of --languages"),
        (("--languages", "bas"), "espeak-ng has no voice for it; it has one for each of afr"),
        (("--languages", ""), "--languages is empty; expected ISO 639-3 codes, such as 'eng fra', or all"),
        (("--utts_per_lang", "0"), "--utts_per_lang 0: expected a number from 1, such as 150"),
        (("--utts_per_lang", "many"), "--utts_per_lang is a whole number, not 'many'"),
        (("--language", "eng"), "unknown option --language; did you mean --languages?"),
        (("eng",), "unexpected argument 'eng'; options are --name value"),
    ],
)
def test_a_mistake_is_told_and_leaves_no_data(recipe, options, message):
    done = make(recipe, *options, ok=False)
    assert message in done.stderr
    assert not (recipe / "data").exists()


def test_tables_are_not_written_of_what_was_not_spoken(recipe):
    prepare = (sys.executable, "local/prepare_mini.py")
    run(*prepare, "plan", *SMALL, "downloads/mini", cwd=recipe)
    done = run(*prepare, "tables", "downloads/mini", "data", cwd=recipe, ok=False)
    assert "files are not there; run local/prepare_mini.sh, which speaks them first" in done.stderr


def test_a_label_is_read_from_the_file_itself(made):
    utterance = planned(made)["fra_f1-0001"]
    label = audio.read_label(audio.wav_path(made / "downloads/mini", utterance))
    assert set(label.text.split(", ")) <= set(utterance.phrases)
    assert utterance.wanted_seconds <= label.seconds <= plan.MAX_SECONDS
