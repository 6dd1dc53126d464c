"""Batches by length, read ahead."""

import threading

import numpy as np
import pytest

from geolid.data.audio import AudioError
from geolid.identify.batches import BatchLimits, batches_by_length, padded_lengths, read_batches


def lengths_of(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(800, 80_000, count)


def test_every_utterance_is_in_one_batch_and_batches_keep_to_the_limits():
    lengths = lengths_of(500)
    limits = BatchLimits(samples=200_000, utterances=20)
    batches = batches_by_length(lengths, limits)
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    for batch in batches:
        assert len(batch) <= 20
        assert len(batch) == 1 or padded_lengths(lengths[batch]).max() * len(batch) <= 200_000
    padding = sum(padded_lengths(lengths[batch]).max() * len(batch) for batch in batches)
    assert lengths.sum() / padding > 0.85


def test_an_utterance_longer_than_a_batch_goes_alone():
    batches = batches_by_length([9000, 500, 90_000], BatchLimits(samples=20_000))
    assert [batch.tolist() for batch in batches] == [[2], [0, 1]]


def test_no_utterances_make_no_batch():
    assert list(read_batches([], lambda number: np.ones(1), BatchLimits(1000))) == []


def test_padded_lengths_are_few_and_hardly_longer():
    lengths = np.arange(400, 320_000, 37)
    padded = padded_lengths(lengths)
    assert (padded >= lengths).all()
    assert (padded / np.maximum(lengths, 1600) < 1.06).all()
    assert len(set(padded.tolist())) <= 110  # as many as steps of a twentieth from 0.1 to 20 s


def test_waves_come_with_zeros_behind_them_and_faults_by_number():
    waves = [np.full(n, 1.0 + n, np.float32) for n in (5, 3, 4)]

    def read(number: int) -> np.ndarray:
        if number == 2:
            raise AudioError("broken")
        return waves[number]

    (batch,) = read_batches([5, 3, 4], read, BatchLimits(1_000_000))
    assert batch.rows.tolist() == [0, 1]
    assert batch.lengths.tolist() == [5, 3]
    assert batch.waves[:, :5].tolist() == [[6.0] * 5, [4.0] * 3 + [0.0] * 2]
    assert not batch.waves[:, 5:].any()
    assert batch.faults == {2: "broken"}


def test_a_batch_of_nothing_but_faults_is_empty():
    def read(number: int) -> np.ndarray:
        raise AudioError(f"broken {number}")

    (batch,) = read_batches([5, 3], read, BatchLimits(1_000_000))
    assert len(batch.rows) == len(batch.waves) == 0
    assert batch.faults == {0: "broken 0", 1: "broken 1"}


def test_no_more_than_a_few_batches_are_read_ahead():
    read_so_far = set()
    lock = threading.Lock()

    def read(number: int) -> np.ndarray:
        with lock:
            read_so_far.add(number)
        return np.ones(1600, np.float32)

    limits = BatchLimits(samples=3200)  # two utterances
    for taken, batch in enumerate(read_batches([1600] * 100, read, limits), 1):
        assert len(batch.rows) == 2
        assert len(read_so_far) <= 2 * (taken + 3)
    assert len(read_so_far) == 100


def test_another_error_than_a_fault_of_the_audio_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        list(read_batches([5], lambda number: 1 // 0, BatchLimits(1000)))
