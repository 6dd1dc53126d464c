"""Scores by which labels of one language are the same; they stand beside the strict ones."""

import pytest

from geolid.report import tables
from geolid.report.domain import Experiment
from geolid.report.predictions import read_predictions
from geolid.report.results import score
from toy_predictions import write_predictions, write_reference

NOTHING_KNOWN = Experiment(frozenset(), None, None)
# The model knows mon, nno, nor and swe.
KNOWN = ["mon", "nno", "nor", "swe"]
TRUTH = {"a": "nob", "b": "nob", "c": "nor", "d": "khk", "e": "swe", "f": "gsw", "g": "khk", "h": "gsw"}
LOGITS = {
    "a": [0, 0, 9, 0],  # nob as nor
    "b": [0, 0, 0, 9],  # nob as swe: wrong
    "c": [0, 9, 0, 0],  # nor as nno
    "d": [9, 0, 0, 0],  # khk as mon
    "e": [0, 0, 0, 9],  # right
    "f": [0, 9, 0, 0],  # unknown: wrong
}  # g and h could not be read


@pytest.fixture
def scores(tmp_path):
    def score_them(tolerant: bool) -> dict:
        data_dir = write_reference(tmp_path / "t", TRUTH)
        folder = write_predictions(tmp_path, "t", LOGITS, KNOWN, unread=["g", "h"])
        return score(read_predictions(folder, data_dir), data_dir, tmp_path, NOTHING_KNOWN, tolerant)

    return score_them


def test_labels_of_one_language_are_right_and_in_common(scores):
    """Norwegian 2 of 3, Mongolian 1 of 2, Swedish 1 of 1, Swiss German 0 of 2."""
    tolerant = scores(True)["tolerant"]
    assert (tolerant["accuracy"], tolerant["utterances"], tolerant["languages"]) == (4 / 8, 8, 4)
    assert tolerant["macro_accuracy"] == pytest.approx((2 / 3 + 1 / 2 + 1 + 0) / 4)
    common = tolerant["common"]
    assert (common["accuracy"], common["utterances"], common["languages"]) == (4 / 6, 6, 3)
    assert common["macro_accuracy"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert common["accuracy_interval"][0] < 4 / 6 < common["accuracy_interval"][1]
    assert tolerant["unknown_languages"] == ["gsw"]
    assert tolerant["forgiven"] == [
        {"reference": "khk", "predicted": "mon", "count": 1},
        {"reference": "nob", "predicted": "nor", "count": 1},
        {"reference": "nor", "predicted": "nno", "count": 1},
    ]


def test_strict_scores_stay_as_they_are(scores):
    strict, both = scores(False), scores(True)
    assert strict["accuracy"] == 1 / 8
    assert strict["unknown_languages"] == ["gsw", "khk", "nob"]
    assert strict.pop("tolerant") is None
    assert both.pop("tolerant")
    assert strict == both


def test_both_are_told_to_people(scores, tmp_path):
    both = scores(True)
    text = "\n".join(tables._readable(both))
    assert "Tolerant of labels that count as one language, accuracy in common 66.67 [" in text
    assert "over 3 languages; whole set 50.00 [" in text
    assert "right by that only: khk as mon 1, nob as nor 1, nor as nno 1" in text
    tables.write_markdown(tmp_path / "both.md", "x", {"m": [both]})
    assert "| accuracy, tolerant | 66.67 | 66.67 |" in (tmp_path / "both.md").read_text()
    tables.write_markdown(tmp_path / "mixed.md", "x", {"m": [both, scores(False)]})
    assert "tolerant" not in (tmp_path / "mixed.md").read_text()
