"""Sets put together into one, as a user does it."""

from pathlib import Path

import pytest
import soundfile

from conftest import RATE, make_data_dir, run, tone
from geolid.data.data_dir import write_data_dir
from geolid.data.tables import read_table


@pytest.fixture
def sets(recipe: Path) -> Path:
    """data/books: whole files, in Guarani and German; data/calls: segments, in Paraguayan Guarani and German."""
    soundfile.write(recipe / "long.wav", tone(3.0), RATE)
    soundfile.write(recipe / "short.wav", tone(1.0), RATE)
    make_data_dir(
        recipe / "data/books",
        {"1": ("grn", "long.wav"), "2": ("deu", "short.wav")},
        utt2spk={"1": "s", "2": "t"},
        utt2dataset={"1": "books", "2": "books"},
    )
    write_data_dir(
        recipe / "data/calls",
        {
            "wav.scp": {"1": "long.wav", "r": "short.wav"},
            "segments": {"1": "1 0.5 2.5", "2": "1 2.5 3", "3": "r 0 -1"},
            "utt2lang": {"1": "gug", "2": "deu", "3": "deu"},
            "utt2spk": {"1": "s", "2": "s", "3": "t"},
        },
    )
    return recipe


def table(recipe: Path, name: str) -> dict[str, str]:
    return read_table(recipe / "data/all" / name)


def test_ids_get_their_corpus_before_them_in_every_table(sets):
    run("local/combine.sh", "data/all", "data/books", "data/calls", cwd=sets)
    assert table(sets, "segments") == {
        "books-1": "books-1 0 -1",
        "books-2": "books-2 0 -1",
        "calls-1": "calls-1 0.5 2.5",
        "calls-2": "calls-1 2.5 3",
        "calls-3": "calls-r 0 -1",
    }
    assert table(sets, "wav.scp") == {
        "books-1": "long.wav",
        "books-2": "short.wav",
        "calls-1": "long.wav",
        "calls-r": "short.wav",
    }
    assert table(sets, "utt2spk")["calls-2"] == "calls-s"
    assert table(sets, "utt2dataset") == {utt: utt.partition("-")[0] for utt in table(sets, "segments")}
    assert table(sets, "dataset2utt") == {"books": "books-1 books-2", "calls": "calls-1 calls-2 calls-3"}
    run("utils/validate_data_dir.sh", "data/all", cwd=sets)


def test_strict_matching_keeps_labels_and_names_those_that_are_one_language(sets):
    done = run("local/combine.sh", "data/all", "data/books", "data/calls", cwd=sets)
    assert list(table(sets, "lang2utt")) == ["deu", "grn", "gug"]
    assert "grn and gug stay apart; --matching tolerant would make them one language" in done.stdout
    assert not (sets / "data/all/merged_languages").exists()


def test_tolerant_matching_gives_one_language_one_label_and_says_so(sets):
    done = run("local/combine.sh", "--matching", "tolerant", "data/all", "data/books", "data/calls", cwd=sets)
    assert table(sets, "lang2utt") == {"deu": "books-2 calls-2 calls-3", "grn": "books-1 calls-1"}
    assert table(sets, "merged_languages") == {"gug": "grn"}
    assert "gug is grn here, see merged_languages" in done.stdout
    assert "stay apart" not in done.stdout


def test_hours_are_told_of_each_corpus_and_language(sets):
    done = run("local/combine.sh", "data/all", "data/books", "data/calls", cwd=sets)
    lines = (sets / "data/all/hours").read_text()
    assert lines == "books deu 0.0003\nbooks grn 0.0008\ncalls deu 0.0004\ncalls gug 0.0006\n"
    table_lines = [line.split() for line in done.stdout.splitlines()]
    for line in (["books", "2", "2", "0.00"], ["calls", "2", "3", "0.00"], ["all", "3", "5", "0.00"]):
        assert line in table_lines


def test_what_a_corpus_tells_of_lengths_spares_opening_its_files(sets):
    for wav in sets.glob("*.wav"):
        wav.unlink()
    (sets / "data/books/utt2dur").write_text("1 7200.0\n2 3600.0\n")
    run("local/combine.sh", "data/all", "data/books", cwd=sets)
    assert (sets / "data/all/hours").read_text() == "books deu 1.0000\nbooks grn 2.0000\n"
    assert table(sets, "utt2dur") == {"books-1": "7200.0", "books-2": "3600.0"}
    (sets / "data/books/utt2dur").write_text("1 7200.0\n2 long\n")
    done = run("local/combine.sh", "data/all", "data/books", cwd=sets, ok=False)
    assert "data/books/utt2dur: '2' has 'long'; expected seconds, such as 3.25" in done.stderr


def test_without_hours_no_file_is_opened(sets):
    for wav in sets.glob("*.wav"):
        wav.unlink()
    run("local/combine.sh", "--hours", "false", "data/all", "data/books", "data/calls", cwd=sets)
    assert not (sets / "data/all/hours").exists()
    assert len(table(sets, "utt2lang")) == 5


def test_formatted_sets_stay_formatted(sets):
    run("steps/03_format_audio.sh", "--nj", 1, "dump", "data/books", "data/calls", cwd=sets)
    run("local/combine.sh", "data/all", "dump/books", "dump/calls", cwd=sets)
    assert table(sets, "utt2num_samples")["calls-1"] == "32000"
    assert (sets / "data/all/category2utt").read_text() == (sets / "data/all/lang2utt").read_text()
    assert (sets / "data/all/audio_format").read_text() == "wav\n"
    assert not (sets / "data/all/segments").exists()


def test_two_sets_may_share_a_recording_but_no_utterance(sets):
    run("utils/subset_data_dir.sh", "--languages", "gug", "data/calls", "data/gug", cwd=sets)
    run("utils/subset_data_dir.sh", "--languages", "deu", "data/calls", "data/deu", cwd=sets)
    for name in ("gug", "deu"):
        utts = read_table(sets / "data" / name / "utt2lang")
        tables = {it: read_table(sets / "data" / name / it) for it in ("wav.scp", "segments", "utt2lang")}
        write_data_dir(sets / "data" / name, {**tables, "utt2dataset": dict.fromkeys(utts, "calls")})
    run("local/combine.sh", "data/all", "data/gug", "data/deu", cwd=sets)
    assert table(sets, "wav.scp") == {"calls-1": "long.wav", "calls-r": "short.wav"}
    done = run("local/combine.sh", "data/again", "data/gug", "data/gug", cwd=sets, ok=False)
    assert "data/gug: 'calls-1' is an id of data/gug too; name each set once" in done.stderr
    assert not (sets / "data/again/wav.scp").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--prefix", "false", "data/all", "data/books", "data/calls"), "data/calls: '1' is an id of data/books too; "),
        (("data/books", "data/books", "data/calls"), "data/books: is to be read and written; give the combined set"),
        (("data/all", "data/none"), "data/none: there is no such directory; run stage 1"),
        (("--matching", "lax", "data/all", "data/books"), "invalid choice: 'lax'"),
        (("data/all",), "usage: local/combine.sh"),
    ],
)
def test_a_mistake_is_told(sets, arguments, message):
    before = sorted((sets / "data/books").glob("[!.]*"))
    done = run("local/combine.sh", *arguments, cwd=sets, ok=False)
    assert message in done.stderr
    assert not (sets / "data/all/wav.scp").exists()
    assert sorted((sets / "data/books").glob("[!.]*")) == before


def test_sets_of_two_kinds_are_refused(sets):
    run("steps/03_format_audio.sh", "--nj", 1, "dump", "data/books", cwd=sets)
    done = run("local/combine.sh", "data/all", "dump/books", "data/calls", cwd=sets, ok=False)
    assert "feats_type: the sets do not agree (dump/books have one)" in done.stderr
    (sets / "data/books/label_kind").write_text("free\n")
    done = run("local/combine.sh", "--matching", "tolerant", "data/all", "data/books", cwd=sets, ok=False)
    assert "labels that are no languages (label_kind) cannot be merged; give --matching strict" in done.stderr
