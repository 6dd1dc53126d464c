"""From logits to a table of the best languages."""

import numpy as np
import pytest

from geolid.errors import GeoLIDError
from geolid.identify.scores import best_columns, probabilities, read_in_blocks, write_scores

LOGITS = np.array([[0.0, np.log(2), np.log(5)], [1.0, 1.0, 0.0]], np.float32)


def test_probabilities_are_the_softmax_of_logits_over_the_temperature():
    assert probabilities(LOGITS)[0] == pytest.approx([1 / 8, 2 / 8, 5 / 8])
    assert probabilities(LOGITS, 0.5)[0] == pytest.approx([1 / 30, 4 / 30, 25 / 30])
    assert probabilities(np.array([[1000.0, 0.0]])).tolist() == [[1.0, 0.0]]


def test_the_best_come_first_and_ties_in_order():
    assert best_columns(LOGITS, 2).tolist() == [[2, 1], [0, 1]]
    assert best_columns(LOGITS, 9).shape == (2, 3)


def test_the_table(tmp_path):
    np.save(tmp_path / "logits.npy", LOGITS)
    (tmp_path / "lids").write_text("a ita\nb deu\n")
    write_scores(tmp_path / "scores", tmp_path / "lids", tmp_path / "logits.npy", ["deu", "fra", "ita"], 1.0, 2)
    assert (tmp_path / "scores").read_text() == "a ita 0.625000 fra 0.250000\nb deu 0.422319 fra 0.422319\n"


def test_a_file_that_is_cut_short_is_told(tmp_path):
    np.save(tmp_path / "logits.npy", np.ones((9000, 3), np.float32))
    assert sum(len(block) for block in read_in_blocks(tmp_path / "logits.npy")) == 9000
    whole = (tmp_path / "logits.npy").read_bytes()
    (tmp_path / "logits.npy").write_bytes(whole[:-4])
    with pytest.raises(GeoLIDError, match="logits.npy: is cut short"):
        list(read_in_blocks(tmp_path / "logits.npy"))
