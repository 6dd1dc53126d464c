"""Calibration: its measures by hand and against scikit-learn, and the temperature."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from geolid.errors import GeoLIDError
from geolid.report.calibration import BINS, calibration, fit_temperature, read_calibration, reliability


def test_ece_by_hand():
    """Bins are 1/15 wide. 0.70 (right) and 0.72 (wrong) share one: |0.71 - 1/2|. 0.95 (right) is alone: |0.95 - 1|.

    Weighed by utterances: (2 * 0.21 + 1 * 0.05) / 3.
    """
    first = np.array([0.70, 0.72, 0.95])
    logits = np.log(np.stack([first, 1 - first], axis=1))
    measured = calibration(logits, np.array([0, 1, 0]))
    assert measured.ece == pytest.approx((2 * 0.21 + 0.05) / 3)
    bins = reliability(first, np.array([True, False, True]))
    assert bins.utterances.tolist() == [0] * 10 + [2] + [0] * 3 + [1]
    assert np.isnan(bins.accuracy[0]) and bins.accuracy[10] == 0.5


def test_a_bin_holds_its_upper_end():
    bins = reliability(np.array([1 / BINS, 0.5 / BINS, 1.0]), np.ones(3))
    assert bins.utterances[[0, 1, -1]].tolist() == [2, 0, 1]


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_measures_agree_with_scikit_learn(temperature):
    rng = np.random.default_rng(2)
    logits, labels = 3 * rng.normal(size=(500, 7)), rng.integers(7, size=500)
    p = np.exp(logits / temperature)
    p /= p.sum(axis=1, keepdims=True)
    measured = calibration(logits, labels, temperature)
    assert measured.nll == pytest.approx(log_loss(labels, p, labels=range(7)))
    assert measured.brier == pytest.approx(brier_score_loss(labels, p, labels=range(7), scale_by_half=False))


@pytest.mark.parametrize("truth", [0.3, 1.0, 4.0])
def test_the_temperature_that_made_logits_unsure_or_too_sure_is_found(truth):
    rng = np.random.default_rng(3)
    fair = 2 * rng.normal(size=(4000, 10))
    p = np.exp(fair)
    labels = np.array([rng.choice(10, p=row / row.sum()) for row in p])
    logits = fair * truth
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(truth, rel=0.06)
    before, after = calibration(logits, labels), calibration(logits, labels, temperature)
    assert after.nll <= before.nll
    assert after.ece < 0.02
    assert ((logits / temperature).argmax(axis=1) == logits.argmax(axis=1)).all()


def test_where_nothing_is_wrong_some_doubt_is_left():
    """Likelihood alone would be best at temperature 0."""
    logits = 4 * np.eye(3)[np.arange(60) % 3]
    temperature = fit_temperature(logits, np.arange(60) % 3)
    confidence = 1 / (1 + 2 * np.exp(-4 / temperature))
    assert 0.2 < temperature < 1
    assert confidence < 0.9999


@pytest.mark.parametrize("label", [0, 1])
def test_one_utterance_hardly_moves_it(label):
    assert 0.5 < fit_temperature(np.array([[2.0, 0.0]]), np.array([label])) < 3


@pytest.mark.parametrize("content", ["{", "{}", '{"temperature": 0}', '{"temperature": "hot"}', "[]"])
def test_a_damaged_calibration_is_told(content, tmp_path):
    (tmp_path / "best.calibration.json").write_text(content)
    with pytest.raises(GeoLIDError, match=r"best.calibration.json: holds no temperature above 0; remove it"):
        read_calibration(tmp_path / "best.calibration.json")


def test_a_model_without_calibration(tmp_path):
    assert read_calibration(tmp_path / "best.calibration.json") is None
