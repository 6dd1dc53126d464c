"""What every preparation shares."""

import pytest

from geolid.data.corpora.prepare import Choice, Row, chosen_languages, in_order, up_to_hours, write_set
from geolid.data.tables import read_table
from geolid.data.validate import faults
from geolid.errors import GeoLIDError

WHOLE = [Row("deu_1", "a b/1.wav", "deu", 1800.0, "anna"), Row("fra_1", "2.wav", "fra", 900.0, "jean")]
SEGMENTS = [
    Row("deu_r_000", "r.sph", "deu", 2.5, "anna", "r", 0.25, 2.75),
    Row("deu_r_300", "r.sph", "deu", 1.0, "anna", "r", 3.0, 4.0),
]


def tables(folder):
    return {file.name: read_table(file) for file in folder.iterdir()}


def test_whole_files(tmp_path):
    made = write_set(tmp_path / "train", WHOLE, "corpus")
    assert tables(tmp_path / "train") == {
        "wav.scp": {"deu_1": "a b/1.wav", "fra_1": "2.wav"},
        "utt2lang": {"deu_1": "deu", "fra_1": "fra"},
        "lang2utt": {"deu": "deu_1", "fra": "fra_1"},
        "utt2spk": {"deu_1": "anna", "fra_1": "jean"},
        "spk2utt": {"anna": "deu_1", "jean": "fra_1"},
        "utt2dataset": {"deu_1": "corpus", "fra_1": "corpus"},
        "dataset2utt": {"corpus": "deu_1 fra_1"},
        "utt2dur": {"deu_1": "1800.000", "fra_1": "900.000"},
    }
    assert (made.utterances, made.languages, made.speakers, made.hours, made.dropped) == (2, 2, 2, 0.75, 0)
    assert not list(faults(tmp_path / "train"))


def test_segments(tmp_path):
    write_set(tmp_path / "train", SEGMENTS, "corpus", {"deu_r_900": "no word in it"})
    found = tables(tmp_path / "train")
    assert found["wav.scp"] == {"r": "r.sph"}
    assert found["segments"] == {"deu_r_000": "r 0.250 2.750", "deu_r_300": "r 3.000 4.000"}
    assert found["dropped"] == {"deu_r_900": "no word in it"}
    assert not list(faults(tmp_path / "train"))


def test_without_speakers_there_is_no_table_of_them(tmp_path):
    made = write_set(tmp_path / "train", [row._replace(speaker="") for row in WHOLE], "corpus")
    assert not (tmp_path / "train" / "utt2spk").exists()
    assert "utt2spk" not in str(made)


def test_what_is_said_is_a_table_of_its_own(tmp_path):
    write_set(tmp_path / "train", [row._replace(text=" ein\tWort \n") for row in WHOLE], "corpus")
    assert read_table(tmp_path / "train" / "text") == {"deu_1": "ein Wort", "fra_1": "ein Wort"}


def test_labels_that_are_no_languages_are_said_to_be_free(tmp_path):
    speakers = [row._replace(lang=f"id{number}") for number, row in enumerate(WHOLE)]
    made = write_set(tmp_path / "train", speakers, "voxceleb1", free_labels=True)
    assert (tmp_path / "train" / "label_kind").read_text() == "free\n"
    assert not list(faults(tmp_path / "train"))
    assert "2 labels" in str(made)


def test_what_is_left_out_while_rows_come_is_listed(tmp_path):
    dropped = {}

    def rows():
        yield WHOLE[0]
        dropped["x"] = "why"
        yield WHOLE[1]

    assert write_set(tmp_path / "train", rows(), "corpus", dropped).dropped == 1
    assert read_table(tmp_path / "train" / "dropped") == {"x": "why"}


def test_a_set_without_rows_goes(tmp_path):
    write_set(tmp_path / "dev", WHOLE, "corpus")
    made = write_set(tmp_path / "dev", [], "corpus")
    assert not (tmp_path / "dev").exists()
    assert "not made" in str(made)


def test_two_utterances_of_one_id_are_told_and_the_old_set_stays(tmp_path):
    write_set(tmp_path / "train", WHOLE, "corpus")
    twice = [SEGMENTS[0], SEGMENTS[0]._replace(source="copy/r.sph")]
    with pytest.raises(GeoLIDError, match="copy/r.sph: its utterance would have the id 'deu_r_000', which another"):
        write_set(tmp_path / "train", twice, "corpus")
    assert list(tables(tmp_path / "train")["utt2lang"]) == ["deu_1", "fra_1"]
    copied = [SEGMENTS[0], SEGMENTS[1]._replace(source="copy/r.sph")]
    with pytest.raises(GeoLIDError, match="copy/r.sph: is called 'r', as r.sph is"):
        write_set(tmp_path / "train", copied, "corpus")


def test_rows_out_of_order_are_a_bug(tmp_path):
    with pytest.raises(AssertionError):
        write_set(tmp_path / "train", reversed(WHOLE), "corpus")
    assert in_order(reversed(WHOLE)) == WHOLE


MANY = [Row(f"{lang}_{n:02}", "x.wav", lang, 360.0) for lang in ("deu", "fra") for n in range(40)]


def taken(seed=1, rows=MANY, max_hours=1.0):
    return [row.utt for row in up_to_hours(rows, Choice(max_hours=max_hours, seed=seed))]


def test_hours_are_of_each_language_and_at_random():
    utts = taken()
    assert utts == sorted(utts)
    assert [sum(utt.startswith(lang) for utt in utts) for lang in ("deu", "fra")] == [10, 10]
    assert taken(seed=2) != utts
    assert utts[:10] != [row.utt for row in MANY[:10]]


def test_what_is_taken_of_a_language_depends_on_nothing_else():
    assert taken(rows=[row for row in MANY if row.lang == "fra"]) == [utt for utt in taken() if utt < "g" and utt > "f"]
    assert sorted(taken(rows=MANY[::-1])) == taken()
    assert len(taken(max_hours=None)) == len(MANY)
    assert len(taken(max_hours=5)) == len(MANY)


def test_hours_that_nothing_fits_into_are_told():
    with pytest.raises(GeoLIDError, match="--max_hours 0.05: every utterance of deu is longer; give at least 0.1"):
        taken(max_hours=0.05)


@pytest.mark.parametrize(
    ("text", "corpus", "codes"),
    [
        ("", "voxlingua107", None),
        ("iw,deu no", "voxlingua107", {"heb", "deu", "nor"}),
        ("201,kmr", "babel", {"hat", "kmr"}),
        ("lga", "ml_superb2", {"lug"}),  # is another language elsewhere
        ("cmn_hans_cn, eng", "fleurs", {"cmn", "eng"}),
        ("id10001 id10270", "voxceleb1", {"id10001", "id10270"}),  # any word is a label of speakers
    ],
)
def test_languages_may_be_codes_or_what_the_corpus_calls_them(text, corpus, codes):
    assert chosen_languages(text, corpus) == codes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("de,xyq", "'xyq' is no ISO 639-3 code; do you mean"),
        ("xho", "voxlingua107 has no xho .Xhosa."),
        ("he", "'he' is no ISO 639-3 code; do you mean heb"),
        (",", "expected codes with commas between"),
    ],
)
def test_unknown_languages_are_told(text, message):
    with pytest.raises(GeoLIDError, match=message):
        chosen_languages(text, "voxlingua107")
