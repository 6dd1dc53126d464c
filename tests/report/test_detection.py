"""Cavg and the equal error rate, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from geolid.report.detection import cavg, detection_scores, equal_error_rate


def test_cavg_by_hand():
    """Two utterances of A, one of B, two of C.

    A: one is detected as A, the other as B: misses 1/2, false alarms of B 1/2. B: detected as B and C: false alarms
    of C 1. C: right. So A costs (1/2 + 0) / 2, B (0 + (1/2 + 0) / 2) / 2 and C (0 + (0 + 1) / 2) / 2; their mean:
    """
    scores = np.array([[1, -1, -1], [-1, 1, -1], [-1, 2, 1], [-1, -1, 1], [-2, -1, 3]])
    assert cavg(scores, np.array([0, 0, 1, 2, 2])) == pytest.approx((1 / 4 + 1 / 8 + 1 / 4) / 3)


def test_cavg_from_nothing_wrong_to_everything():
    right = 2 * np.eye(4) - 1
    assert cavg(right, np.arange(4)) == 0
    assert cavg(-right, np.arange(4)) == 1
    assert cavg(np.ones((4, 4)), np.arange(4)) == 0.5  # all is detected, so nothing is missed


def test_a_score_weighs_a_language_against_all_others_of_the_model():
    logits = np.random.default_rng(1).normal(size=(20, 6))
    p = np.exp(logits / 2)
    expected = np.log(p) - np.log((p.sum(axis=1, keepdims=True) - p) / 5)
    targets = np.array([1, 4])
    np.testing.assert_allclose(detection_scores(logits, targets, temperature=2), expected[:, targets], rtol=1e-5)


def test_scores_of_a_model_that_is_very_sure_stay_in_order():
    logits = np.array([[900.0, 0, 1], [2000, 0, 1]])
    scores = detection_scores(logits, np.arange(3))
    assert not np.isnan(scores).any()
    assert scores[0, 0] == pytest.approx(899 - np.log(1 + np.exp(-1)) + np.log(2), rel=1e-6)
    assert scores[0, 1] == pytest.approx(-900 + np.log(2), rel=1e-6)


def reference_rate(scores: np.ndarray, reference: np.ndarray) -> float:
    """From scikit-learn's curve, each language and each pair of languages of the same weight."""
    rows, targets = scores.shape
    is_target = np.arange(targets) == reference[:, None]
    count = np.bincount(reference)[reference][:, None]
    weight = np.where(is_target, 1 / count, 1 / count / (targets - 1))
    false_alarms, hits, _ = roc_curve(
        is_target.ravel(), scores.ravel(), sample_weight=weight.ravel(), drop_intermediate=False
    )
    gap = 1 - hits - false_alarms
    after = int(np.argmax(gap <= 0))
    share = gap[after - 1] / (gap[after - 1] - gap[after])
    return false_alarms[after - 1] + share * (false_alarms[after] - false_alarms[after - 1])


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5, 3.0])
@pytest.mark.parametrize("decimals", [8, 0], ids=["distinct", "many ties"])
def test_equal_error_rate_agrees_with_scikit_learn(shift, decimals):
    rng = np.random.default_rng(int(10 * shift))
    reference = np.concatenate([np.arange(5), rng.choice(5, p=[0.5, 0.2, 0.1, 0.1, 0.1], size=200)])
    scores = rng.normal(size=(205, 5))
    scores[np.arange(205), reference] += shift
    scores = scores.round(decimals)
    assert equal_error_rate(scores, reference) == pytest.approx(reference_rate(scores, reference), abs=1e-9)


def test_equal_error_rate_at_its_ends():
    assert equal_error_rate(2 * np.eye(3) - 1, np.arange(3)) == 0
    assert equal_error_rate(1 - 2 * np.eye(3), np.arange(3)) == 1
    assert equal_error_rate(np.zeros((3, 3)), np.arange(3)) == pytest.approx(0.5)
