"""Stage 1 for the embedded corpus with voices as labels, as a user runs it."""

from pathlib import Path

import pytest

from conftest import lay_out_recipe, run
from geolid.data.corpora.mini import plan
from geolid.data.corpora.mini.voices import VOICE_SETS
from geolid.data.tables import read_table

PREPARE = "local/prepare_mini_speakers.sh"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    run(PREPARE, "--languages", "deu fra", "--utts_per_lang", 48, "--nj", 2, cwd=folder)
    return folder


def labels(recipe: Path, set_name: str) -> dict[str, str]:
    return read_table(recipe / "data" / set_name / "utt2lang")


def test_every_set_is_a_sound_data_directory_of_free_labels(made):
    run("utils/validate_data_dir.sh", *(f"data/{name}" for name in VOICE_SETS), cwd=made)
    for name in VOICE_SETS:
        assert (made / "data" / name / "label_kind").read_text() == "free\n"
        assert set(read_table(made / "data" / name / "utt2dataset").values()) == {"mini"}


def test_all_voices_are_in_all_sets_and_each_utterance_is_in_one(made):
    planned = {of.utt: of for of in plan.read_plan(made / "downloads/mini/plan")}
    voices = {of.voice.variant for of in planned.values() if of.set_name == plan.TRAIN_SET}
    seen = []
    for name in VOICE_SETS:
        assert set(labels(made, name).values()) == voices
        assert all(planned[utt].voice.variant == voice for utt, voice in labels(made, name).items())
        seen += labels(made, name)
    assert sorted(seen) == sorted(utt for utt, of in planned.items() if of.set_name == plan.TRAIN_SET)


def test_too_few_utterances_are_told(recipe):
    done = run(PREPARE, "--languages", "deu", "--utts_per_lang", 6, "--nj", 1, cwd=recipe, ok=False)
    assert "utterances, and each needs one for each of train_mini_spk, dev_mini_spk, test_mini_spk; " in done.stderr
    assert not (recipe / "data/train_mini_spk").exists()


def test_a_corpus_that_is_not_there_is_told(recipe):
    done = run("python", "local/prepare_mini_speakers.py", "nowhere", "data", cwd=recipe, ok=False)
    assert "nowhere/plan: there is no such file; local/prepare_mini_speakers.sh has it made first" in done.stderr
