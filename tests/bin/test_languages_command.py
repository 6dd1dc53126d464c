"""`geolid languages`, as geolid.bin.languages."""

import subprocess

import pytest

from conftest import environment, run
from geolid.bin import languages


@pytest.fixture
def told(capsys):
    """Run the command; return its exit status and the lines of its output and of its errors."""

    def tell(*words: str) -> tuple[int, list[str], list[str]]:
        status = languages.main(words)
        output = capsys.readouterr()
        return status, output.out.splitlines(), output.err.splitlines()

    return tell


def facts(lines: list[str]) -> dict[str, str]:
    return {line[2:18].strip(): line[18:] for line in lines if line.startswith("  ")}


def test_a_language_is_explained(told):
    status, lines, _ = told("nob")
    assert (status, lines[0]) == (0, "nob  Norwegian Bokmål")
    of = facts(lines)
    assert of["ISO 639-1"] == "nb"
    assert of["macrolanguage"] == "nor (Norwegian)"
    assert of["counts with"].startswith("nno (Norwegian Nynorsk), nor (Norwegian), as nor, when scoring is tolerant: ")
    assert of["family"].startswith("Indo-European > Germanic > ")
    assert of["place"].endswith(" E (lang2vec)")
    assert "nb_no (fleurs)" in of["called"]


def test_a_macrolanguage_names_its_members(told):
    of = facts(told("zho")[1])
    assert "cmn (Mandarin Chinese)" in of["members"] and "and 7 more" in of["members"]
    assert of["counts with"].startswith("cmn (Mandarin Chinese), as cmn")
    assert facts(told("hbs")[1])["counts alone"] == "corpora tell Bosnian, Croatian and Serbian apart"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["iw"], "iw stands for heb: a code that ISO 639-1 withdrew"),
        (["ger"], "ger stands for deu: a bibliographic code of ISO 639-2"),
        (["mol"], "mol stands for ron: retired from ISO 639-3 on 2008-11-03 (Moldavian: merged into another)"),
        (["201"], "201 stands for hat"),
        (["--corpus", "voxlingua107", "no"], "no stands for nor in voxlingua107"),
        (["--corpus", "ml_superb2", "ory"], "ory stands for ori in ml_superb2 (merged by the published recipe)"),
        (["--corpus", "voxceleb1", "id10003"], "id10003: a label of voxceleb1 (speakers of VoxCeleb1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_where_a_label_comes_from_is_told(told, words, first):
    assert told(*words)[1][0].startswith(first)


def test_what_a_label_means_elsewhere_is_told(told):
    assert facts(told("lga")[1])["elsewhere"].startswith("lug Ganda in ml_superb2 (Ganda is meant;")
    assert "zho" in told("zh")[1][0]
    assert facts(told("zh")[1])["elsewhere"].startswith(
        "cmn Mandarin Chinese in voxlingua107; cmn Mandarin Chinese in wh"
    )


def test_a_language_of_nowhere(told):
    assert facts(told("tok")[1])["place"] == "none"
    assert facts(told("tok")[1])["kind"] == "constructed"


def test_unknown_labels_are_told_and_the_others_explained(told):
    status, lines, errors = told("deu", "ccy", "fra", "Norwgian")
    assert status == 1
    assert [line for line in lines if line and not line.startswith(" ")] == ["deu  German", "fra  French"]
    assert errors[0].startswith(
        "'ccy' is neither a code nor a name of a language; it was retired from ISO 639-3 on 2007"
    )
    assert errors[1].startswith("'Norwgian' is neither")


@pytest.mark.parametrize(
    ("words", "count", "row"),
    [
        ([], 7923, "nob\tnb\tnor\tNorwegian Bokmål"),
        (["--corpus", "babel"], 25, "201\that\tHaitian\tHaitian Creole"),
        (["--corpora"], 11, "voxlingua107\t107\tfolders of VoxLingua107, among them two withdrawn codes"),
        (["--one_language"], 64, "tgl\tfil\tFilipino is the national standard of Tagalog"),
    ],
    ids=["all", "corpus", "corpora", "one language"],
)
def test_lists(told, words, count, row):
    status, lines, _ = told(*words)
    assert (status, len(lines)) == (0, count)
    assert row in lines


def test_a_reader_that_has_enough_is_no_fault(recipe):
    """As with `| head`."""
    done = subprocess.run(
        ["bash", "-c", "set -o pipefail; . ./path.sh; python -m geolid.bin.languages | head -1"],
        cwd=recipe,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("aaa\t\t\tGhotuo\n", "")


def test_an_unknown_corpus_is_told(recipe):
    failed = run("python", "-m", "geolid.bin.languages", "--corpus", "nothing", cwd=recipe, ok=False)
    assert "invalid choice: 'nothing'" in failed.stderr
