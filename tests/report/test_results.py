"""The scores of a set as a whole."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from conftest import RATE, ROOT, tone
from geolid.report import results, tables
from geolid.report.domain import Experiment
from geolid.report.predictions import read_predictions
from toy_predictions import LOGITS, TRUTH, write_predictions, write_reference

NOTHING_KNOWN = Experiment(frozenset(), None, None)


def score(exp_dir, data_dir, experiment=NOTHING_KNOWN, **options):
    folder = write_predictions(exp_dir, data_dir.name, **options)
    return results.score(read_predictions(folder, data_dir), data_dir, exp_dir, experiment)


@pytest.fixture
def scores(tmp_path):
    return score(tmp_path / "exp", write_reference(tmp_path / "test", TRUTH), logits=LOGITS, unread=["f"])


def test_an_unknown_language_and_unread_audio_are_wrong_in_the_whole_set(scores):
    """deu 2 of 3, fra 1 of 2 (f was not read), gsw 0 of 1."""
    assert scores["accuracy"] == 3 / 6
    assert scores["macro_accuracy"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert (scores["utterances"], scores["languages"], scores["dropped"]) == (6, 3, 1)
    assert scores["unknown_languages"] == ["gsw"]
    assert scores["languages_of_model"] == 3


def test_common_leaves_out_unknown_languages_and_not_unread_audio(scores):
    common = scores["common"]
    assert common["accuracy"] == 3 / 5
    assert common["macro_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert (common["utterances"], common["languages"]) == (5, 2)
    low, high = common["accuracy_interval"]
    assert 0 <= low < 0.6 < high <= 1


def test_the_best_few_of_the_whole_set(scores):
    assert scores["top3_accuracy"] == 4 / 6  # all but e, whose language is unknown, and f
    assert scores["top5_accuracy"] == 4 / 6


def test_scores_by_language_and_confusions(scores):
    assert scores["by_language"]["deu"] == pytest.approx(
        {"utterances": 3, "accuracy": 2 / 3, "precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3}
    )
    assert scores["by_language"]["fra"]["precision"] == 1 / 2
    assert scores["by_language"]["gsw"]["f1"] == 0
    assert list(scores["by_language"]) == ["deu", "fra", "gsw"]
    assert [(c["reference"], c["predicted"], c["count"]) for c in scores["confusions"]] == [
        ("deu", "fra", 1),
        ("gsw", "deu", 1),
    ]
    assert 700 < scores["confusions"][0]["km"] < 900  # the places lie in Thuringia and near Bourges


def test_confusions_are_listed_by_count_and_without_a_place_without_kilometres(tmp_path):
    truth = {"a": "tok", "b": "fra", "c": "fra"}
    logits = {"a": [0, 1, 0], "b": [1, 0, 0], "c": [1, 0, 0]}
    scored = score(tmp_path, write_reference(tmp_path / "t", truth), logits=logits, languages=["deu", "fra", "tok"])
    assert [(c["reference"], c["count"]) for c in scored["confusions"]] == [("fra", 2), ("tok", 1)]
    assert scored["confusions"][1]["km"] is None


def test_taken_for_a_language_without_a_place(tmp_path):
    data_dir = write_reference(tmp_path / "t", {"a": "fra"})
    scored = score(tmp_path, data_dir, logits={"a": [0, 0, 1]}, languages=["deu", "fra", "tok"])
    assert [(c["predicted"], c["km"]) for c in scored["confusions"]] == [("tok", None)]


def test_a_place_of_the_experiment_wins(tmp_path):
    (tmp_path / "places").write_text("fra 0 0\ntok 0 90\n")
    truth = {"a": "fra", "b": "tok"}
    experiment = replace(NOTHING_KNOWN, vector_file=tmp_path / "places")
    data_dir = write_reference(tmp_path / "t", truth)
    logits = {"a": [0, 0, 1], "b": [0, 0, 1]}
    scored = score(tmp_path, data_dir, experiment, logits=logits, languages=["deu", "fra", "tok"])
    assert scored["confusions"][0]["km"] == pytest.approx(20015 / 2, abs=1)


def test_durations_and_languages_in_common_only(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(0.1), RATE)
    samples = {"a": 2.9, "b": 3, "c": 19.9, "d": 20, "e": 4, "f": 60}
    table = {utt: str(round(seconds * RATE)) for utt, seconds in samples.items()}
    data_dir = write_reference(tmp_path / "t", TRUTH, utt2num_samples=table)
    (data_dir / "wav.scp").write_text("".join(f"{utt} {tmp_path}/a.wav\n" for utt in samples))
    bins = score(tmp_path, data_dir, logits=LOGITS, unread=["f"])["by_duration"]
    assert [(b["from"], b["to"], b["utterances"], b["accuracy"]) for b in bins] == [
        (0, 3, 1, 1.0),
        (3, 5, 1, 1.0),  # without e, whose language is unknown
        (5, 10, 0, None),
        (10, 20, 1, 0.0),
        (20, None, 2, 0.5),
    ]
    assert bins[4]["macro_accuracy"] == 0.5


@pytest.mark.parametrize(
    ("truth", "right"), [({"a": "deu"}, True), ({"a": "fra"}, False)], ids=["one utterance right", "wrong"]
)
def test_one_utterance_has_scores_and_no_detection(tmp_path, truth, right):
    scored = score(tmp_path, write_reference(tmp_path / "t", truth), logits={"a": [1, 0, 0]})
    assert scored["accuracy"] == scored["macro_accuracy"] == right
    assert scored["accuracy_interval"][1] - scored["accuracy_interval"][0] == pytest.approx(0.975)
    assert scored["cavg"] is None and scored["eer"] is None
    assert scored["calibration"]["nll"] > 0


def test_a_model_of_one_language(tmp_path):
    data_dir = write_reference(tmp_path / "t", {"a": "deu", "b": "fra"})
    scored = score(tmp_path, data_dir, logits={"a": [1.0], "b": [1.0]}, languages=["deu"])
    assert (scored["accuracy"], scored["common"]["accuracy"], scored["cavg"]) == (0.5, 1, None)
    assert scored["calibration"]["nll"] == 0


def test_where_nothing_in_common_could_be_read_nothing_is_calibrated(tmp_path):
    data_dir = write_reference(tmp_path / "t", {"a": "deu", "b": "gsw"})
    scored = score(tmp_path, data_dir, logits={"b": [1, 0, 0]}, unread=["a"])
    assert scored["common"]["accuracy"] == 0
    assert scored["calibration"] is None and scored["cavg"] is None
    tables.write_set_tables(tmp_path, scored)


def test_calibration_before_and_after_and_what_it_was_fitted_on(tmp_path):
    (tmp_path / "valid.accuracy.best.calibration.json").write_text('{"temperature": 2.0, "set": "dev"}')
    data_dir = write_reference(tmp_path / "t", {"a": "deu", "b": "fra"})
    logits = {"a": [2 * np.log(4), 0], "b": [2 * np.log(4), 0]}
    scored = score(tmp_path, data_dir, logits=logits, languages=["deu", "fra"], temperature=2.0)
    calibrated, before = scored["calibration"], scored["calibration"]["before"]
    assert calibrated["ece"] == pytest.approx(4 / 5 - 1 / 2)
    assert before["ece"] == pytest.approx(16 / 17 - 1 / 2)
    assert calibrated["nll"] == pytest.approx(-(np.log(4 / 5) + np.log(1 / 5)) / 2)
    assert (calibrated["temperature"], calibrated["fitted_on"]) == (2, "dev")


def test_what_the_set_itself_says(tmp_path):
    data_dir = write_reference(tmp_path / "t", TRUTH, utt2spk=dict.fromkeys(TRUTH, "s"))
    (data_dir / "dropped").write_text("x no such file\ny silent\n")
    scored = score(tmp_path, data_dir, replace(NOTHING_KNOWN, valid_set="t"), logits=LOGITS, unread=["f"])
    assert scored["dropped_by_formatting"] == 2
    assert scored["intervals_by"] == "speaker"
    assert scored["validation_set"] is True
    text = "\n".join(tables._readable(scored))
    assert "2 more were left out by stage 3" in text
    assert "the model was chosen by this set" in text


def test_results_of_an_earlier_inference_are_not_current(tmp_path):
    folder = write_predictions(tmp_path, "t", LOGITS, unread=["f"])
    assert results.current_results(folder) is None
    results.write_results(folder, {"accuracy": 1.0})
    assert results.current_results(folder)["accuracy"] == 1
    write_predictions(tmp_path, "t", {**LOGITS, "a": [9, 0, 0]}, unread=["f"])
    assert results.current_results(folder) is None


def test_outcomes_are_read_as_they_were_written(tmp_path):
    data_dir = write_reference(tmp_path / "t", TRUTH, utt2spk={utt: f"s_{utt}" for utt in TRUTH})
    p = read_predictions(write_predictions(tmp_path, "t", LOGITS, unread=["f"]), data_dir)
    results.write_outcomes(tmp_path / "outcomes", p)
    lines = (tmp_path / "outcomes").read_text().splitlines()
    assert lines[0] == "a deu deu s_a"
    assert lines[5] == "f fra - s_f"
    assert results.read_outcomes(tmp_path / "outcomes").predicted.tolist() == ["deu", "deu", "fra", "fra", "deu", "-"]


def test_results_json_is_json(scores, tmp_path):
    """NaN and Infinity are not."""
    assert json.loads(json.dumps(scores, allow_nan=False))["set"] == "test"


def test_reports_are_made_without_torch():
    modules = [str(file.relative_to(ROOT))[:-3].replace("/", ".") for file in (ROOT / "geolid/report").rglob("*.py")]
    assert "geolid.report.results" in modules
    script = f"import importlib, sys; [importlib.import_module(m) for m in {modules}]; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
