"""Each fault of a data directory, provoked once: it is told with file, line, what was found and what to do."""

import pytest

from conftest import make_data_dir, run
from geolid.data.tables import invert, write_table
from geolid.data.validate import faults

UTT2LANG = "deu_1 deu\nfra_1 fra\nfra_2 fra\n"


def test_a_right_directory_has_no_fault(toy):
    assert list(faults(toy)) == []


@pytest.mark.parametrize(
    ("table", "content", "fault"),
    [
        ("utt2lang", "deu_1 deu\nfra_1\nfra_2 fra\n", "utt2lang:2: expected '<key> <value>', found 'fra_1'; add"),
        ("utt2lang", "deu_1 deu\ndeu_1 deu\nfra_1 fra\nfra_2 fra\n", "utt2lang:2: 'deu_1' stands in line 1 already"),
        ("utt2lang", "fra_1 fra\ndeu_1 deu\nfra_2 fra\n", "utt2lang:2: 'deu_1' is out of order (LC_ALL=C); sort it"),
        ("utt2lang", "deu_1 deu\nfra_1 fra\n", "utt2lang: lacks 1 of the utterances of wav.scp (fra_2); add"),
        ("utt2lang", UTT2LANG + "ita_1 ita\n", "wav.scp: lacks 1 of the utterances of utt2lang (ita_1); add"),
        ("utt2lang", UTT2LANG.replace("\n", "\r\n"), "utt2lang:1: ends in a carriage return (Windows line ends)"),
        ("utt2lang", "\ufeff" + UTT2LANG, "utt2lang:1: begins with a byte order mark; save it as UTF-8"),
        ("utt2lang", "deu_1 de\nfra_1 fra\nfra_2 fra\n", "utt2lang:1: 'de' is no ISO 639-3 code; do you mean deu (Ger"),
        ("utt2lang", b"deu_1 deu\xff\n", "utt2lang: not UTF-8"),
        ("lang2utt", "deu deu_1\nfra fra_1\n", "lang2utt: does not say what utt2lang says, of fra; run utils/fix"),
        ("lang2utt", None, "lang2utt: there is no such table; utils/utt2lang_to_lang2utt.sh makes it"),
        ("wav.scp", "", "wav.scp: is empty; expected a line an utterance"),
        ("wav.scp", None, "wav.scp: there is no such table; run stage 1"),
        (
            "wav.scp",
            "deu_1 cat x |\nfra_1 b\nfra_2 c\n",
            "wav.scp:1: is a command, and commands are not allowed; allow",
        ),
        ("utt2num_samples", "deu_1 16000\nfra_1 -5\nfra_2 1\n", "utt2num_samples:2: expected a number of samples"),
        ("segments", "deu_1 x 0 1\nfra_1 fra_1 0 1\nfra_2 fra_2 0 1\n", "segments:1: recording 'x' is not in wav.scp"),
        ("segments", "deu_1 deu_1 2 1\nfra_1 fra_1 0 1\nfra_2 fra_2 0 1\n", "segments:1: a segment from 2 to 1 s"),
        ("segments", "deu_1 deu_1 0\nfra_1 fra_1 0 1\nfra_2 fra_2 0 1\n", "segments:1: expected '<utt> <recording>"),
        ("segments", "deu_1 deu_1 nan 1\nfra_1 fra_1 0 1\nfra_2 fra_2 0 inf\n", "segments:1: expected '<utt> <record"),
        ("utt2lang", "deu_1\u00a0deu\nfra_1 fra\nfra_2 fra\n", "utt2lang:1: expected a blank or a tab behind 'deu_1'"),
        ("utt2lang", " deu_1 deu\nfra_1 fra\nfra_2 fra\n", "utt2lang:1: begins with a blank; remove it"),
    ],
)
def test_a_fault_is_told(toy, table, content, fault):
    if content is None:
        (toy / table).unlink()
    else:
        (toy / table).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = list(faults(toy))
    assert any(f"{toy}/{message}" in " ".join(found) for message in [fault]), found


def test_an_id_that_cannot_be_a_file_name_is_told(recipe):
    folder = make_data_dir(recipe / "data" / "odd", {"../deu_1": ("deu", "x.wav")})
    assert any("'../deu_1' has a / in its id" in fault for fault in faults(folder))


def test_all_faults_are_told_in_one_go_up_to_a_limit(toy):
    (toy / "utt2lang").write_text("deu_1 de\nfra_1 xx-yy\nfra_2 fra\n")
    (toy / "wav.scp").write_text("fra_1 x\ndeu_1 y\nfra_2 z\n")
    everything = run("utils/validate_data_dir.sh", toy, cwd=toy.parents[1], ok=False).stderr
    assert "utt2lang:1" in everything and "utt2lang:2" in everything and "wav.scp:2" in everything
    limited = run("utils/validate_data_dir.sh", "--max_faults", 1, toy, cwd=toy.parents[1], ok=False).stderr
    assert len(limited.splitlines()) == 2 and "and more" in limited


def test_kaldis_options_are_understood_and_others_are_not(toy):
    good = run("utils/validate_data_dir.sh", "--no-feats", "--no_text", toy, cwd=toy.parents[1])
    assert good.stdout == f"{toy}: 3 utterances, no fault\n"
    bad = run("utils/validate_data_dir.sh", "--allow_pipe", "true", toy, cwd=toy.parents[1], ok=False)
    assert "unknown option --allow_pipe; did you mean --allow_pipes?" in bad.stderr


def test_a_missing_directory_is_told(recipe):
    assert (
        "there is no such directory; run stage 1"
        in run("utils/validate_data_dir.sh", "data/none", cwd=recipe, ok=False).stderr
    )


def test_free_labels_are_no_languages(toy):
    """As in a task of speakers: any word is a label where the directory says so."""
    write_labels(toy, "id10001", "id10002", "id10002")
    assert "'id10001' is no ISO 639-3 code" in next(faults(toy))
    (toy / "label_kind").write_text("free\n")
    assert list(faults(toy)) == []
    write_labels(toy, "id10001", "two words", "two words")
    assert "utt2lang:2: the label 'two words' has a blank; write - for it" in next(faults(toy))


def test_another_kind_of_labels_is_told(toy):
    (toy / "label_kind").write_text("speakers\n")
    assert "label_kind: expected 'free', for labels that are no languages, found 'speakers'" in next(faults(toy))


def write_labels(data_dir, *labels: str) -> None:
    utts = ("deu_1", "fra_1", "fra_2")
    write_table(data_dir / "utt2lang", dict(zip(utts, labels, strict=True)))
    write_table(data_dir / "lang2utt", invert(dict(zip(utts, labels, strict=True))))
