"""Arrays written one after the other."""

import tracemalloc
import zipfile

import numpy as np
import pytest

from geolid.identify.npz import NpzWriter


def test_numpy_reads_what_was_written(tmp_path):
    arrays = {"deu_1": np.arange(5, dtype=np.float32), "fra-ä": np.ones((2, 3)), "x": np.float32(1.5)}
    with NpzWriter(tmp_path / "a.npz") as npz:
        for name, array in arrays.items():
            npz.write(name, array)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as read:
        assert read.files == list(arrays)
        assert all((read[name] == array).all() and read[name].dtype == array.dtype for name, array in arrays.items())
    assert zipfile.ZipFile(tmp_path / "a.npz").testzip() is None
    assert [file.name for file in tmp_path.iterdir()] == ["a.npz"]


def test_the_same_arrays_give_the_same_bytes(tmp_path, monkeypatch):
    for name in ("a", "b"):
        with NpzWriter(tmp_path / name) as npz:
            npz.write("x", np.arange(3))
        monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_more_entries_take_no_more_memory(tmp_path):
    tracemalloc.start()
    with NpzWriter(tmp_path / "a.npz") as npz:
        for number in range(4000):
            npz.write(f"utt{number}", np.zeros(2, np.float32))
            if number == 500:
                tracemalloc.reset_peak()
                at_first = tracemalloc.get_traced_memory()[0]
        peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - at_first < 100_000  # bytes


def test_there_may_be_more_entries_than_an_old_zip_can_count(tmp_path):
    with NpzWriter(tmp_path / "a.npz") as npz:
        for number in range(66_000):
            npz.write(f"utt{number}", np.zeros(2, np.float32))
    with np.load(tmp_path / "a.npz") as read:
        assert len(read.files) == 66_000
        assert read["utt65999"].tolist() == [0.0, 0.0]


def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(ZeroDivisionError), NpzWriter(tmp_path / "a.npz") as npz:
        npz.write("x", np.arange(3))
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
