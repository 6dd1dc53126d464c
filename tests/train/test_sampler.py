import numpy as np
import pytest

from geolid.errors import GeoLIDError
from geolid.train.sampler import catpow, catpow_balance_dataset

RNG = np.random.default_rng(0)
# Four languages, of which the third has no utterances, in two data sets; the second language is in one only.
LABELS = np.repeat([0, 1, 3, 0, 3], [9000, 300, 700, 2000, 60]).astype(np.int16)
DATASETS = np.repeat([0, 0, 0, 1, 1], [9000, 300, 700, 2000, 60]).astype(np.int16)
LENGTHS = RNG.integers(16000, 160000, len(LABELS)) * np.where(LABELS == 3, 3, 1)


def surprise(counts: np.ndarray, probabilities: np.ndarray) -> float:
    """The largest deviation from the expected counts, in standard deviations; a draw of no probability is infinite."""
    draws = counts.sum()
    deviations = np.sqrt(draws * probabilities * (1 - probabilities))
    return max(abs(counts - draws * probabilities) / np.maximum(deviations, 1e-9))


@pytest.mark.parametrize("factor", [0, 0.3, 1])
def test_catpow_draws_languages_by_the_power_of_their_duration(factor):
    hours = {label: LENGTHS[label == LABELS].sum() for label in (0, 1, 3)}
    weights = np.array([(hours[label] / sum(hours.values())) ** factor if label != 2 else 0 for label in range(4)])
    drawn = catpow(LENGTHS, LABELS, factor, 5).draw(np.random.default_rng((1, 2)))
    assert surprise(np.bincount(LABELS[drawn], minlength=4), weights / weights.sum()) < 4


@pytest.mark.parametrize(("of_language", "of_dataset"), [(0.5, 0.3), (0, 1), (1, 0)])
def test_catpow_balance_dataset_draws_data_sets_and_languages_within_them(of_language, of_dataset):
    probabilities = np.zeros((2, 4))
    for dataset in (0, 1):
        inside = dataset == DATASETS
        weights = [LENGTHS[inside & (label == LABELS)].sum() / LENGTHS[inside].sum() for label in range(4)]
        weights = [weight**of_language if weight else 0 for weight in weights]
        share = (LENGTHS[inside].sum() / LENGTHS.sum()) ** of_dataset
        probabilities[dataset] = share * np.array(weights) / sum(weights)
    drawn = catpow_balance_dataset(LENGTHS, LABELS, DATASETS, of_language, of_dataset, 5).draw(np.random.default_rng(3))
    counts = np.bincount(DATASETS[drawn] * 4 + LABELS[drawn], minlength=8)
    assert surprise(counts, probabilities.ravel() / probabilities.sum()) < 4


def test_the_utterances_of_a_language_all_come_before_one_comes_again():
    drawn = catpow(LENGTHS, LABELS, 0.5, 3).draw(np.random.default_rng(0))
    for label in (0, 1, 3):
        of_language = np.flatnonzero(label == LABELS)
        counts = np.bincount(drawn, minlength=len(LABELS))[of_language]
        assert counts.max() - counts.min() == 1
        heard = drawn[LABELS[drawn] == label][: len(of_language)]
        assert len(set(heard)) == len(heard)
        assert not np.array_equal(heard, np.sort(heard))


def test_languages_come_mixed():
    """The first tenth is drawn from the same languages as all."""
    sampler = catpow(LENGTHS, LABELS, 0.5, 5)
    drawn = sampler.draw(np.random.default_rng(0))
    assert surprise(np.bincount(LABELS[drawn[: len(drawn) // 10]], minlength=4), sampler.probabilities) < 4


@pytest.mark.parametrize("factor", [1, 1.2])
def test_as_many_are_drawn_as_espnet_draws(factor):
    draws = int(int(LENGTHS.sum() * factor) / np.mean(LENGTHS))
    assert len(catpow(LENGTHS, LABELS, 0.5, factor).draw(np.random.default_rng(0))) == draws


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: catpow(LENGTHS, LABELS, 1.5), r"^upsampling_factor: found 1.5, expected a number from 0 .* to 1"),
        (
            lambda: catpow_balance_dataset(LENGTHS, LABELS, DATASETS, dataset_upsampling_factor=-1),
            "dataset_upsampling_factor: found -1",
        ),
        (
            lambda: catpow_balance_dataset(LENGTHS, LABELS, DATASETS, category_upsampling_factor=2),
            "category_upsampling_factor: found 2",
        ),
        (lambda: catpow(LENGTHS, LABELS, 0.5, 0.9), "dataset_scaling_factor: found 0.9, expected 1 or more"),
    ],
)
def test_factors_out_of_range_are_told(build, message):
    with pytest.raises(GeoLIDError, match=message):
        build()
