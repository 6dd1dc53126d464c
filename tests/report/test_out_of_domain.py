"""Test sets of one corpus for a model of another: scored as published, over languages in common, and whole."""

import pytest

from geolid.data import labels
from geolid.report import domain, results
from geolid.report.predictions import read_predictions
from geolid.report.tables import write_markdown
from toy_predictions import MODEL, write_predictions, write_reference

# Languages that are no classes of a model of VoxLingua107, by the published recipe: no label is taken for another.
UNKNOWN = {
    "fleurs": "ast ckb fil ful gle ibo kam kea kir lug luo nob nso nya ori orm umb wol xho yue zul",
    "babel": "gug ibo khk kmr luo tpi yue zul",
    "voxpopuli": "",
}
IN_COMMON = {"fleurs": (81, 102), "babel": (17, 25), "voxpopuli": (16, 16)}
# The labels of VoxPopuli that are tested: the others have no transcripts.
TRANSCRIBED = ["cs", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "nl", "pl", "ro", "sk", "sl"]


def codes_of(corpus: str) -> list[str]:
    known = labels.read(corpus)
    return sorted({known[label].code for label in (TRANSCRIBED if corpus == "voxpopuli" else known)})


MODEL_LANGUAGES = codes_of("voxlingua107")


@pytest.fixture(scope="module")
def exp_dir(tmp_path_factory):
    """An experiment on VoxLingua107, with a test set of each corpus: two utterances of each of its languages.

    The first is taken for what it is, or for Tagalog where the model cannot; the second for Esperanto, which none of
    these sets has but that of VoxLingua107.
    """
    exp_dir = tmp_path_factory.mktemp("exp")
    (exp_dir / "config.yaml").write_text("data_sets: [voxlingua107]\n")
    for corpus in (*UNKNOWN, "voxlingua107"):
        truth = {f"{code}_{number}": code for code in codes_of(corpus) for number in (1, 2)}
        # named as if it were of the training corpus, as names tell nothing
        data_dir = exp_dir / "data" / f"test_voxlingua107_{corpus}"
        write_reference(data_dir, truth, utt2dataset=dict.fromkeys(truth, corpus))
        taken = {
            utt: "epo" if utt.endswith("2") else code if code in MODEL_LANGUAGES else "tgl"
            for utt, code in truth.items()
        }
        logits = {utt: [float(code == of) for of in MODEL_LANGUAGES] for utt, code in taken.items()}
        write_predictions(exp_dir, data_dir.name, logits, MODEL_LANGUAGES)
    return exp_dir


def score(exp_dir, corpus, tolerant=False):
    data_dir = exp_dir / "data" / f"test_voxlingua107_{corpus}"
    predictions = read_predictions(exp_dir / "inference" / MODEL / data_dir.name, data_dir)
    return results.score(predictions, data_dir, exp_dir, domain.read_experiment(exp_dir), tolerant)


@pytest.mark.parametrize("corpus", UNKNOWN)
def test_the_languages_in_common_are_those_of_the_published_recipe(exp_dir, corpus):
    scores = score(exp_dir, corpus)
    common, whole = IN_COMMON[corpus]
    assert scores["unknown_languages"] == UNKNOWN[corpus].split()
    assert (scores["common"]["languages"], scores["languages"]) == (common, whole)
    assert (scores["common"]["utterances"], scores["utterances"]) == (2 * common, 2 * whole)


@pytest.mark.parametrize("corpus", UNKNOWN)
def test_what_is_taken_for_a_language_that_the_set_lacks_is_wrong_and_no_class_more(exp_dir, corpus):
    """Half of what is in common is right; what the model does not know can only be wrong."""
    scores = score(exp_dir, corpus)
    common, whole = IN_COMMON[corpus]
    assert scores["common"]["accuracy"] == scores["common"]["macro_accuracy"] == 1 / 2
    assert scores["accuracy"] == pytest.approx(common / whole / 2)
    assert scores["macro_accuracy"] == pytest.approx(common / whole / 2)


@pytest.mark.parametrize("corpus", [*UNKNOWN, "voxlingua107"])
def test_the_domain_is_that_of_the_record_whatever_the_set_is_called(exp_dir, corpus):
    assert score(exp_dir, corpus)["domain"] == ("in" if corpus == "voxlingua107" else "out")


def test_labels_of_one_language_are_in_common_only_where_that_is_asked_for(exp_dir):
    tolerant = score(exp_dir, "fleurs", tolerant=True)["tolerant"]
    assert "nob" not in tolerant["unknown_languages"] and "fil" not in tolerant["unknown_languages"]
    assert {"reference": "fil", "predicted": "tgl", "count": 1} in tolerant["forgiven"]
    assert score(exp_dir, "fleurs")["tolerant"] is None


def test_both_stand_in_the_table_of_all_sets(exp_dir, tmp_path):
    write_markdown(tmp_path / "RESULTS.md", "exp", {MODEL: [score(exp_dir, "voxlingua107"), score(exp_dir, "babel")]})
    rows = [line.strip("| ").split(" | ") for line in (tmp_path / "RESULTS.md").read_text().splitlines()]
    cells = {row[0]: row[1:] for row in rows}
    assert cells["languages scored / in set"][:2] == ["107 / 107", "17 / 25"]
    assert cells["domain"][:2] == ["in-domain", "out-of-domain"]
    assert cells["accuracy"] == ["50.47", "50.00", "50.23"]
    assert cells["accuracy, whole set"] == ["50.47", "34.00", "42.23"]
