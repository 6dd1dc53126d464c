"""Bootstrap intervals: do they hold the truth as often as they say?"""

import numpy as np
import pytest
from scipy import stats

from geolid.report import bootstrap, metrics

LANGUAGES = 24


def by_utterance(rng: np.random.Generator, truth: float):
    language = rng.integers(LANGUAGES, size=400)
    return language, rng.random(400) < truth, np.arange(400)


def by_speaker(rng: np.random.Generator, truth: float):
    """Of 150 speakers each is understood differently well, on average as the truth says, in four utterances."""
    speaker = np.repeat(np.arange(150), 4)
    share = rng.beta(5 * truth, 5 * (1 - truth), size=150)
    return rng.integers(LANGUAGES, size=150)[speaker], rng.random(600) < share[speaker], speaker


@pytest.mark.parametrize(("draw", "truth"), [(by_utterance, 0.9037), (by_utterance, 0.97), (by_speaker, 0.9)])
def test_an_interval_of_95_percent_holds_the_truth_95_times_of_100(draw, truth, monkeypatch):
    monkeypatch.setattr(bootstrap, "RESAMPLES", 500)
    rng = np.random.default_rng(7)
    held = []
    for _ in range(600):
        scores = metrics.accuracies(*draw(rng, truth))
        ends = (scores.accuracy_interval, scores.macro_accuracy_interval)
        held.append([low <= truth <= high for low, high in ends])
    coverage = np.mean(held, axis=0)
    assert (abs(coverage - 0.95) <= 0.02).all(), coverage


def test_utterances_of_one_speaker_tell_less_than_those_of_many():
    """Four utterances that are always right or wrong together tell as much as one: the interval doubles."""
    right = np.repeat(np.random.default_rng(3).random(150) < 0.9, 4)
    by_speaker = metrics.accuracies(np.zeros(600, dtype=int), right, np.repeat(np.arange(150), 4))
    by_utterance = metrics.accuracies(np.zeros(600, dtype=int), right, np.arange(600))
    assert np.diff(by_speaker.accuracy_interval) == pytest.approx(2 * np.diff(by_utterance.accuracy_interval), rel=0.1)


def test_it_agrees_with_scipys_bootstrap_row_by_row():
    right = np.random.default_rng(5).random(300) < 0.95
    expected = stats.bootstrap((right,), np.mean, method="BCa", n_resamples=2000, rng=1).confidence_interval
    found = metrics.accuracies(np.zeros(300, dtype=int), right, np.arange(300)).accuracy_interval
    np.testing.assert_allclose(found, expected, atol=0.004)


def test_the_order_of_utterances_and_the_names_of_units_do_not_matter():
    language, right, speaker = by_speaker(np.random.default_rng(3), 0.8)
    shuffled = np.random.default_rng(4).permutation(600)
    again = metrics.accuracies(language[shuffled], right[shuffled], 1000 - speaker[shuffled])
    assert again.accuracy == metrics.accuracies(language, right, speaker).accuracy
    np.testing.assert_allclose(
        again.macro_accuracy_interval, metrics.accuracies(language, right, speaker).macro_accuracy_interval, atol=0.01
    )


def test_all_right_does_not_mean_sure():
    """As many units as errs at 13.7 % would leave 25 without an error once in 40: 0.863 to the power of 25 is 0.025."""
    scores = metrics.accuracies(np.arange(25) % 5, np.ones(25, dtype=bool), np.arange(25))
    assert scores.accuracy_interval == (pytest.approx(0.025 ** (1 / 25)), 1)
    assert scores.macro_accuracy_interval == scores.accuracy_interval


@pytest.mark.parametrize(("right", "expected"), [(True, (0.025, 1)), (False, (0, 0.975))])
def test_one_utterance_tells_next_to_nothing(right, expected):
    scores = metrics.accuracies(np.array([3]), np.array([right]), np.array([0]))
    assert scores.accuracy_interval == pytest.approx(expected)


def test_a_set_of_200_000_utterances_and_157_languages_takes_few_kinds():
    rng = np.random.default_rng(1)
    language, right = rng.integers(157, size=200_000), rng.random(200_000) < 0.9
    resamples = bootstrap.resample(np.arange(200_000), 2 * language + right, 314)
    assert resamples.kinds.shape == (314, 314)
    assert (resamples.counts.sum(axis=1) == 200_000).all()
