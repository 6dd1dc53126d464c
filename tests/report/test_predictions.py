"""Predictions beside their reference; what does not belong together is told, with names."""

import json

import numpy as np
import pytest

from geolid.errors import GeoLIDError
from geolid.report.predictions import UNREAD, read_predictions
from toy_predictions import LOGITS, TRUTH, write_predictions, write_reference


@pytest.fixture
def reference(tmp_path):
    return write_reference(tmp_path / "dump/test", TRUTH)


@pytest.fixture
def folder(tmp_path):
    return write_predictions(tmp_path / "exp", "test", LOGITS, unread=["f"])


def test_predictions_stand_beside_the_reference(folder, reference):
    p = read_predictions(folder, reference)
    assert (p.set_name, p.model) == ("test", "valid.accuracy.best")
    assert p.languages == ["deu", "fra", "gsw", "ita"]
    assert p.known.tolist() == [True, True, False, True]
    assert p.reference.tolist() == [0, 0, 0, 1, 2, 1]
    assert p.predicted.tolist() == [0, 0, 1, 1, 0, UNREAD]
    assert p.in_common.tolist() == [True, True, True, True, False, True]
    logits, labels = p.logits_in_common()
    assert logits.tolist() == [LOGITS[utt] for utt in "abcd"]
    assert labels.tolist() == [0, 0, 0, 1]
    assert p.unit.tolist() == [0, 1, 2, 3, 4, 5]


def test_columns_behind_an_unknown_language_are_found(tmp_path):
    """gsw stands between fra and ita in the list of all languages, but has no column."""
    folder = write_predictions(tmp_path / "exp", "test", {"a": [0, 0, 1], "b": [1, 0, 0]})
    p = read_predictions(folder, write_reference(tmp_path / "test", {"a": "ita", "b": "gsw"}))
    assert p.logits_in_common()[1].tolist() == [2]


def test_units_are_speakers_where_the_set_has_them(folder, tmp_path):
    speakers = dict(zip("abcdef", ["s2", "s1", "s2", "s3", "s1", "s3"], strict=True))
    p = read_predictions(folder, write_reference(tmp_path / "test", TRUTH, utt2spk=speakers))
    assert p.unit.tolist() == [1, 0, 1, 2, 0, 2]


def refused(folder, reference) -> str:
    with pytest.raises(GeoLIDError) as told:
        read_predictions(folder, reference)
    return str(told.value)


def test_missing_predictions_are_named(folder, tmp_path):
    reference = write_reference(tmp_path / "more", {**TRUTH, "g": "ita", "h": "ita"})
    assert "test_lids: lacks g, h of " in refused(folder, reference)


def test_extra_predictions_are_named(folder, tmp_path):
    reference = write_reference(tmp_path / "fewer", {utt: TRUTH[utt] for utt in "abde"})
    message = refused(folder, reference)
    assert "test_lids: has c, f, not in " in message
    assert "run stage 6 for this set as it is now" in message


def test_many_missing_predictions_are_counted(folder, tmp_path):
    reference = write_reference(tmp_path / "more", {**TRUTH, **{f"g{n:02}": "ita" for n in range(20)}})
    assert "lacks g00, g01, g02, g03, g04 and 15 more of" in refused(folder, reference)


def test_predictions_of_another_set_are_told(folder, tmp_path):
    message = refused(folder, write_reference(tmp_path / "other", {"x": "deu", "y": "fra"}))
    assert "holds none of the 2 utterances of" in message
    assert "but a, b, c, d, e and 1 more: it is of another set" in message


def test_an_empty_reference_is_told(folder, reference):
    (reference / "utt2lang").write_text("")
    assert "utt2lang: is empty; expected a line an utterance" in refused(folder, reference)


def test_a_reference_with_an_id_twice_is_told(folder, reference):
    (reference / "utt2lang").write_text("a deu\nb deu\nb fra\n")
    assert "utt2lang:3: 'b' stands there twice" in refused(folder, reference)


def test_no_language_in_common_is_told(tmp_path):
    folder = write_predictions(tmp_path / "exp", "test", {"a": [1, 0, 0], "b": [1, 0, 0]})
    message = refused(folder, write_reference(tmp_path / "test", {"a": "gsw", "b": "eng"}))
    assert "none of its eng, gsw is among the 3 languages that the model chooses from" in message


def test_a_speaker_that_is_missing_is_told(folder, reference):
    (reference / "utt2spk").write_text("a s1\n")
    assert "utt2spk: lacks b, c, d, e, f of utt2lang" in refused(folder, reference)


def test_an_unfinished_inference_is_told(folder, reference):
    (folder / "inference.json").unlink()
    assert "inference did not come to its end; run stage 6" in refused(folder, reference)


def test_logits_of_another_model_are_told(folder, reference):
    np.save(folder / "test_logits.npy", np.zeros((5, 4), dtype=np.float32))
    assert "its shape is (5, 4), expected (5, 3)" in refused(folder, reference)


def test_truncated_logits_are_told(folder, reference):
    file = folder / "test_logits.npy"
    file.write_bytes(file.read_bytes()[:-7])
    assert "test_logits.npy: cannot be read as an array" in refused(folder, reference)


@pytest.mark.parametrize("row", [[0, 1, 0], [np.nan, 1, 0], [np.inf, 1, 0]])
def test_logits_that_do_not_fit_the_predictions_are_told(folder, reference, row):
    logits = np.load(folder / "test_logits.npy")
    logits[1] = row
    np.save(folder / "test_logits.npy", logits)
    assert "the logits of 'b' are not finite, or not highest for its language" in refused(folder, reference)


def test_a_prediction_that_the_model_cannot_have_made_is_told(folder, reference):
    lids = folder / "test_lids"
    lids.write_text(lids.read_text().replace("e deu", "e eng"))
    assert "has eng, not in " in refused(folder, reference)


def test_a_temperature_that_was_not_fitted_is_1(folder, reference):
    record = json.loads((folder / "inference.json").read_text())
    (folder / "inference.json").write_text(json.dumps({**record, "temperature": None}))
    assert read_predictions(folder, reference).temperature == 1
