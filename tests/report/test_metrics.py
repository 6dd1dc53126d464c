"""Accuracy in its kinds, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn import metrics as sk

from geolid.report import metrics
from geolid.report.predictions import UNREAD

LANGUAGES = 12


@pytest.fixture
def guesses():
    """300 utterances of nine of twelve languages, half of them right; the rest goes to any of the twelve."""
    rng = np.random.default_rng(1)
    reference = rng.choice([0, 1, 2, 4, 5, 7, 8, 9, 11], size=300)
    logits = rng.normal(size=(300, LANGUAGES)).astype(np.float32)
    logits[np.arange(300), reference] += 2
    return reference, logits.argmax(axis=1), logits


def test_scores_agree_with_scikit_learn(guesses):
    reference, predicted, logits = guesses
    present = np.unique(reference)
    confusion = metrics.confusion_matrix(reference, predicted, LANGUAGES)
    of = metrics.by_language(confusion)
    precision, recall, f1, utterances = sk.precision_recall_fscore_support(
        reference, predicted, labels=range(LANGUAGES), zero_division=0
    )
    np.testing.assert_array_equal(confusion[:, :-1], sk.confusion_matrix(reference, predicted, labels=range(LANGUAGES)))
    np.testing.assert_array_equal(of.utterances, utterances)
    np.testing.assert_allclose(of.precision, precision)
    np.testing.assert_allclose(of.recall, recall)
    np.testing.assert_allclose(of.f1, f1)
    scores = metrics.accuracies(reference, predicted == reference, np.arange(len(reference)))
    assert scores.accuracy == pytest.approx(sk.accuracy_score(reference, predicted))
    macro = sk.recall_score(reference, predicted, labels=present, average="macro")
    assert scores.macro_accuracy == pytest.approx(macro)
    for k in (1, 3, 5):
        expected = sk.top_k_accuracy_score(reference, logits, k=k, labels=range(LANGUAGES))
        assert np.mean(metrics.ranks(logits, reference) <= k) == pytest.approx(expected)


def test_macro_accuracy_is_over_the_references_languages_only():
    """deu 3 of 4, fra 0 of 1, and a third language that nobody speaks here: (3/4 + 0) / 2."""
    reference = np.array([0, 0, 0, 0, 1])
    right = np.array([True, True, True, False, False])
    scores = metrics.accuracies(reference, right, np.arange(5))
    assert (scores.accuracy, scores.macro_accuracy) == (0.6, 0.375)
    with_absent = np.array([1, 3, 1, 0, 0, 0])  # wrong and right of each
    assert metrics.macro_accuracy(with_absent) == 0.375


def test_an_utterance_that_was_not_read_is_wrong_and_taken_for_nothing():
    reference, predicted = np.array([0, 0, 1]), np.array([0, UNREAD, 1])
    confusion = metrics.confusion_matrix(reference, predicted, 2)
    assert confusion.tolist() == [[1, 0, 1], [0, 1, 0]]
    of = metrics.by_language(confusion)
    assert of.recall.tolist() == [0.5, 1]
    assert of.precision.tolist() == [1, 1]


def test_a_tie_counts_against_the_language():
    assert metrics.ranks(np.array([[1.0, 1.0, 0.0], [2.0, 1.0, 0.0]]), np.array([1, 0])).tolist() == [2, 1]
