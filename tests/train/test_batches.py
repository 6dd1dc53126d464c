import numpy as np
import pytest

from geolid.errors import GeoLIDError
from geolid.train.batches import GROUPINGS, Batches, BatchSize, group_by_length, group_in_order, join

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(32000, 320001, 3000)
DRAWN = RNG.integers(0, len(LENGTHS), 5000)  # some of them more than once


def lists(batches: Batches) -> list[list[int]]:
    return [batches[number].tolist() for number in range(len(batches))]


@pytest.mark.parametrize("grouping", GROUPINGS)
@pytest.mark.parametrize("size", [BatchSize(2_880_000, 16), BatchSize(700_000), BatchSize(700_000, 8, 4)])
def test_each_draw_is_in_one_batch(grouping, size):
    batches = GROUPINGS[grouping](DRAWN, LENGTHS, size)
    rows = [row for batch in lists(batches) for row in batch]
    left = np.bincount(DRAWN, minlength=len(LENGTHS)) - np.bincount(rows, minlength=len(LENGTHS))
    assert left.min() == 0
    assert left.sum() < size.min_batch_size


def test_batches_of_similar_length_keep_to_the_padded_budget_and_fill_it():
    batches = group_by_length(DRAWN, LENGTHS, BatchSize(2_880_000, 16))
    for batch in lists(batches):
        assert len(batch) == 1 or LENGTHS[batch].max() * len(batch) <= 2_880_000
        assert len(batch) <= 16
    assert batches.real_share(LENGTHS) > 0.97
    full = [batch for batch in lists(batches) if len(batch) < 16 and (LENGTHS[batch].max() * (len(batch) + 1) > 2.88e6)]
    assert len(full) + sum(len(batch) == 16 for batch in lists(batches)) >= len(batches) - 1  # all but the last


def test_one_that_is_longer_than_the_budget_is_a_batch_of_its_own():
    lengths = np.array([10, 500, 30, 20])
    assert lists(group_by_length(np.arange(4), lengths, BatchSize(100))) == [[1], [2, 3, 0]]


def test_equal_lengths_stay_as_they_were_drawn():
    """With crops all are equally long; sorted by index a batch would be of one language."""
    batches = group_by_length(np.array([3, 0, 2, 1]), np.full(4, 100), BatchSize(200))
    assert lists(batches) == [[3, 0], [2, 1]]


def espnet_rule(drawn, lengths, size):
    batches, batch = [], []
    for utt in drawn.tolist():
        batch.append(utt)
        total = sum(lengths[batch])
        if (total > size.batch_bins and len(batch) >= size.min_batch_size) or len(batch) == size.max_batch_size:
            batches.append(batch)
            batch = []
    if not size.drop_last and batch and len(batch) >= size.min_batch_size:
        batches.append(batch)
    return batches


@pytest.mark.parametrize("draws", [1, 2, 7, 300, 301, 302])
@pytest.mark.parametrize(
    "size",
    [
        BatchSize(900_000, 6),
        BatchSize(900_000),
        BatchSize(100_000, None, 3),
        BatchSize(2_000_000, 5, 5),
        BatchSize(900_000, 6, drop_last=True),
    ],
)
def test_grouping_none_fills_batches_as_espnet_does(size, draws):
    assert lists(group_in_order(DRAWN[:draws], LENGTHS, size)) == espnet_rule(DRAWN[:draws], LENGTHS, size)
    equal = np.full(len(LENGTHS), 100_000)  # sums that just reach the budget
    assert lists(group_in_order(DRAWN[:draws], equal, size)) == espnet_rule(DRAWN[:draws], equal, size)


def test_a_last_batch_too_small_for_all_processes_takes_from_the_one_before():
    lengths = np.full(10, 100)
    drawn = np.arange(10)
    assert lists(group_by_length(drawn, lengths, BatchSize(800, None, 3))) == [list(range(7)), [7, 8, 9]]
    assert lists(group_by_length(drawn, lengths, BatchSize(300, None, 3))) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert lists(group_by_length(drawn, lengths, BatchSize(800, None, 3, drop_last=True))) == [list(range(8))]
    assert lists(group_by_length(drawn, lengths, BatchSize(500, drop_last=True))) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert lists(group_by_length(drawn[:2], lengths, BatchSize(800, None, 3))) == []


def test_every_process_gets_a_row_even_beyond_the_budget():
    batches = group_by_length(DRAWN, LENGTHS, BatchSize(320_000, 16, 4))
    assert batches.sizes.min() == 4


def test_batches_are_taken_and_joined():
    batches = Batches(np.array([5, 6, 7, 8, 9, 10]), np.array([0, 1, 3, 6]))
    taken = batches.take(np.array([2, 0]))
    assert lists(taken) == [[8, 9, 10], [5]]
    assert lists(join([taken, batches])) == [[8, 9, 10], [5], [5], [6, 7], [8, 9, 10]]


def test_the_share_of_real_samples_counts_the_padding():
    assert Batches(np.array([0, 1, 2]), np.array([0, 2, 3])).real_share(np.array([4, 8, 5])) == 17 / 21


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"batch_bins": 0}, "batch_bins: found 0, expected 1 or more"),
        ({"batch_bins": 9, "max_batch_size": 6, "min_batch_size": 8}, "max_batch_size: found 6, expected 8 or more"),
    ],
)
def test_impossible_sizes_are_told(sizes, message):
    with pytest.raises(GeoLIDError, match=message):
        BatchSize(**sizes)
