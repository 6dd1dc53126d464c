"""Stage 7 as a user runs it."""

import json
from pathlib import Path

import pytest

from conftest import run
from geolid.bin import score
from toy_predictions import LOGITS, TRUTH, write_predictions, write_reference

STAGE = "steps/07_score.sh"


@pytest.fixture
def scored(recipe: Path) -> Path:
    """An experiment with predictions for two sets, easy and test; of the latter, f could not be read."""
    exp_dir = recipe / "exp/lid"
    write_reference(recipe / "dump/raw/test", TRUTH, utt2dataset=dict.fromkeys(TRUTH, "babel"))
    write_predictions(exp_dir, "test", LOGITS, unread=["f"])
    easy = {utt: TRUTH[utt] for utt in "abd"}
    write_reference(recipe / "dump/raw/easy", easy, utt2dataset=dict.fromkeys(easy, "mini"))
    write_predictions(exp_dir, "easy", {utt: LOGITS[utt] for utt in "abd"})
    (exp_dir / "config.yaml").write_text("data_sets: [mini]\n")
    return exp_dir


def test_scores_for_machines_and_for_people(scored, recipe):
    told = run(STAGE, "exp/lid", "dump/raw/test", "dump/raw/easy", cwd=recipe).stdout
    assert "test: accuracy 60.00 % [" in told
    assert "over 2 of 3 languages, 5 of 6 utterances" in told
    folder = scored / "inference/valid.accuracy.best/test"
    results = json.loads((folder / "results.json").read_text())
    assert (results["accuracy"], results["macro_accuracy"]) == (0.5, pytest.approx(7 / 18))
    lines = (folder / "results").read_text().splitlines()
    assert lines[:2] == ["Overall Accuracy: 50.00%", "Macro Accuracy across Languages: 38.89%"]
    assert "out-of-domain, by the corpora that the model was trained on" in lines
    assert "unknown to the model, and so always wrong: gsw" in lines
    assert "1 utterances could not be read (see dropped) and count as wrong" in lines
    assert any(line.split() == ["deu", "fra", "1", str(results["confusions"][0]["km"])] for line in lines)
    assert (folder / "languages.tsv").read_text().splitlines()[1] == "deu\tGerman\t3\t0.6667\t0.6667\t0.6667\t0.6667"
    pairs = [line.split("\t")[:3] for line in (folder / "confusion.tsv").read_text().splitlines()]
    assert pairs[1:] == [["deu", "deu", "2"], ["deu", "fra", "1"], ["fra", "fra", "1"], ["gsw", "deu", "1"]]
    assert (folder / "outcomes").read_text().splitlines()[5] == "f fra - -"


@pytest.fixture
def score_sets(scored, recipe, monkeypatch):
    """Do what the stage does, without starting Python for it."""
    monkeypatch.chdir(recipe)

    def score_them(*set_names: str, model: str = "valid.accuracy.best") -> None:
        score.main(["exp/lid", model, *(f"dump/raw/{name}" for name in set_names)])

    return score_them


def rows_of(exp_dir: Path) -> dict[str, list[str]]:
    table = [line for line in (exp_dir / "RESULTS.md").read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table]
    return {row[0]: row[1:] for row in reversed(cells)}  # of two rows of a name, the first


def test_all_sets_stand_in_one_table(scored, score_sets):
    score_sets("test")
    score_sets("easy")
    rows = rows_of(scored)
    assert rows[""] == ["easy", "test", "macro avg."]
    assert rows["accuracy"] == ["100.00", "60.00", "80.00"]
    assert rows["macro accuracy"] == ["100.00", "58.33", "79.17"]
    assert rows["accuracy, whole set"] == ["100.00", "50.00", "75.00"]
    assert rows["languages scored / in set"] == ["2 / 2", "2 / 3", ""]
    assert rows["utterances scored / in set"] == ["3 / 3", "5 / 6", ""]
    assert rows["domain"] == ["in-domain", "out-of-domain", ""]
    assert rows["95 % interval"][0] == "[29.24, 100.00]"  # three utterances, all right: 0.025 to the power of 1/3


def test_sets_stand_in_the_order_they_were_asked_for(scored, score_sets):
    score_sets("test", "easy")
    assert rows_of(scored)[""] == ["test", "easy", "macro avg."]


def test_what_was_inferred_anew_and_not_scored_leaves_the_table(scored, score_sets, capsys):
    score_sets("test", "easy")
    write_predictions(scored, "test", LOGITS, unread=["f"], temperature=2.0)
    score_sets("easy")
    assert "test/results.json: is of an earlier inference and left out" in capsys.readouterr().err
    assert rows_of(scored)[""] == ["easy", "macro avg."]


def test_each_model_has_a_table(scored, recipe):
    write_predictions(scored, "easy", {utt: LOGITS[utt] for utt in "abd"}, model="3epoch")
    run(STAGE, "exp/lid", "dump/raw/easy", cwd=recipe)
    run(STAGE, "--inference_model", "exp/lid/3epoch.pth", "exp/lid", "dump/raw/easy", cwd=recipe)
    headings = [line for line in (scored / "RESULTS.md").read_text().splitlines() if line.startswith("#")]
    assert headings == ["# Results of lid", "## 3epoch", "## valid.accuracy.best"]


def test_tolerant_scores_stand_beside_the_strict_ones(scored, recipe):
    told = run(STAGE, "--matching", "tolerant", "exp/lid", "dump/raw/test", cwd=recipe).stdout
    assert "5 of 6 utterances; tolerant 60.00 %" in told
    rows = rows_of(scored)
    assert rows["accuracy, tolerant"] == rows["accuracy"]  # no label of the set is one language with another
    assert rows["languages scored, tolerant"][0] == "2"
    failed = run(STAGE, "--matching", "loose", "exp/lid", "dump/raw/test", cwd=recipe, ok=False)
    assert "invalid choice: 'loose'" in failed.stderr


def test_scoring_twice_gives_the_same_bytes(scored, score_sets):
    sums = []
    for _ in range(2):
        score_sets("test")
        made = [*(scored / "inference").rglob("*"), scored / "RESULTS.md"]
        sums.append({file: file.read_bytes() for file in made if file.is_file()})
    assert sums[0] == sums[1]


def test_a_set_that_cannot_be_scored_keeps_no_results(scored, recipe, score_sets):
    """Those of an earlier run would look like its own."""
    score_sets("easy")
    write_reference(recipe / "dump/raw/easy", {"a": "deu", "b": "deu"})
    failed = run(STAGE, "exp/lid", "dump/raw/easy", cwd=recipe, ok=False)
    assert "easy_lids: has d, not in dump/raw/easy/utt2lang; run stage 6 for this set" in failed.stderr
    assert not (scored / "inference/valid.accuracy.best/easy/results.json").exists()


def test_a_set_that_was_not_inferred_is_told(scored, recipe):
    write_reference(recipe / "dump/raw/other", TRUTH)
    failed = run(STAGE, "exp/lid", "dump/raw/other", cwd=recipe, ok=False)
    assert (
        "other/inference.json: there is no such file, so inference did not come to its end; run stage 6"
        in failed.stderr
    )


@pytest.mark.parametrize(
    ("utt2lang", "message"),
    [("", "utt2lang: is empty"), ("a deu\na deu\n", "utt2lang:2: 'a' stands in line 1 already; remove one of the two")],
    ids=["empty", "id twice"],
)
def test_a_faulty_reference_is_told(scored, recipe, utt2lang, message):
    (recipe / "dump/raw/easy/utt2lang").write_text(utt2lang)
    failed = run(STAGE, "exp/lid", "dump/raw/easy", cwd=recipe, ok=False)
    assert message in failed.stderr


def test_the_temperature_is_fitted_on_predictions_and_stored(scored, recipe):
    command = ["python", "-m", "geolid.bin.calibrate", "exp/lid/inference/valid.accuracy.best/test", "dump/raw/test"]
    told = run(*command, "exp/lid/valid.accuracy.best.calibration.json", cwd=recipe).stdout
    record = json.loads((scored / "valid.accuracy.best.calibration.json").read_text())
    assert f"temperature {record['temperature']:.3f}, from 4 utterances of test" in told
    assert record["after"]["nll"] <= record["before"]["nll"]
    assert (record["set"], record["utterances"]) == ("test", 4)
