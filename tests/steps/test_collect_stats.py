"""Stage 4 as a user runs it."""

import pytest
import soundfile

from conftest import make_data_dir, run, tone

STAGE = "steps/04_collect_stats.sh"


@pytest.fixture
def other(recipe):
    """data/other: one utterance of a language that toy does not have, at another rate."""
    soundfile.write(recipe / "other.flac", tone(1.5, 44100, 2), 44100)
    return make_data_dir(recipe / "data" / "other", {"ita_1": ("ita", "other.flac")})


def test_lengths_come_from_headers_and_languages_are_counted(toy, other, recipe):
    made = run(STAGE, "data/toy", "data/other", "exp/stats", cwd=recipe)
    stats = recipe / "exp/stats"
    assert (stats / "train/speech_shape").read_text() == "deu_1 16000\nfra_1 8000\nfra_2 4000\n"
    assert (stats / "valid/speech_shape").read_text() == "ita_1 24000\n"
    table = (stats / "languages").read_text()
    assert table in made.stdout
    assert [line.split() for line in table.splitlines()[1:]] == [
        ["deu", "German", "1", "0.000", "0", "0.000"],
        ["fra", "French", "2", "0.000", "0", "0.000"],
        ["ita", "Italian", "0", "0.000", "1", "0.000"],
        ["all", "2", "/", "1", "languages", "3", "0.000", "1", "0.000"],
    ]


def test_utt2num_samples_is_believed_where_it_stands(toy, recipe):
    """So that no file is opened but the first, whose rate is looked at: the others are gone."""
    (toy / "utt2num_samples").write_text("deu_1 7\nfra_1 8\nfra_2 9\n")
    for wav in recipe.glob("fra_*.wav"):
        wav.unlink()
    run(STAGE, "data/toy", "data/toy", "exp/stats", cwd=recipe)
    assert (recipe / "exp/stats/train/speech_shape").read_text() == "deu_1 7\nfra_1 8\nfra_2 9\n"


def test_lengths_at_another_rate_than_asked_for_are_refused(toy, recipe):
    (toy / "utt2num_samples").write_text("deu_1 7\nfra_1 8\nfra_2 9\n")
    failed = run(STAGE, "--fs", "8k", "data/toy", "data/toy", "exp/stats", cwd=recipe, ok=False)
    assert "utt2num_samples: counts at 16000 Hz, as the audio has, not 8000; give --fs 16000" in failed.stderr


def test_a_segments_length_is_its_own(other, recipe):
    (other / "segments").write_text("ita_1 ita 0.25 0.75\nita_2 ita 1 -1\n")
    (other / "wav.scp").write_text("ita other.flac\n")
    (other / "utt2lang").write_text("ita_1 ita\nita_2 ita\n")
    (other / "lang2utt").write_text("ita ita_1 ita_2\n")
    run(STAGE, "data/other", "data/other", "exp/stats", cwd=recipe)
    assert (recipe / "exp/stats/train/speech_shape").read_text() == "ita_1 8000\nita_2 8000\n"


def test_a_stage_that_was_left_out_is_told(toy, recipe):
    failed = run(STAGE, "dump/raw/toy", "data/toy", "exp/stats", cwd=recipe, ok=False)
    assert "dump/raw/toy: there is no such directory; run stage 1, which makes data/<set>, or stage 3" in failed.stderr
    assert not (recipe / "exp/stats/train").exists()


def test_labels_that_are_no_languages_have_no_name(toy, recipe):
    (toy / "label_kind").write_text("free\n")
    (toy / "utt2lang").write_text("deu_1 id1\nfra_1 id2\nfra_2 id2\n")
    (toy / "lang2utt").write_text("id1 deu_1\nid2 fra_1 fra_2\n")
    run(STAGE, "data/toy", "data/toy", "exp/stats", cwd=recipe)
    assert (recipe / "exp/stats/languages").read_text().splitlines()[1].split()[:3] == ["id1", "-", "1"]
