"""The picture of a training."""

import math
import subprocess
import sys

import matplotlib.image
import pytest

from geolid.train.curves import curves, draw_curves


def history(epochs: int) -> dict:
    return {
        epoch: {
            "train": {
                "loss": 4 / epoch,
                "accuracy": 1 - 1 / (epoch + 1),
                "class_loss": 3 / epoch,
                "optim0_lr0": 1e-5 / epoch,
                "loss_scale": 1.0,
                "total_count": 10 * epoch,
            },
            "valid": {
                "loss": 5 / epoch,
                "accuracy": 0.9 - 0.01 * abs(epoch - 20),
                "class_loss": 4 / epoch,
                "time": 3.0,
            },
        }
        for epoch in range(1, epochs + 1)
    }


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_the_picture_stands_whole(tmp_path, epochs):
    path = draw_curves(history(epochs), tmp_path)
    height, width, _ = matplotlib.image.imread(path).shape
    assert height > 300
    assert width > 900
    assert [file.name for file in (tmp_path / "images").iterdir()] == ["curves.png"]


def test_it_shows_losses_accuracy_and_learning_rate_of_both_sets():
    panels = {panel.get_title(): panel for panel in curves(history(30)).axes}
    assert list(panels) == ["loss", "accuracy", "class loss", "learning rate"]
    drawn = {line.get_label(): list(line.get_ydata()) for line in panels["loss"].lines}
    assert drawn["train"] == [4 / epoch for epoch in range(1, 31)]
    assert drawn["valid"] == [5 / epoch for epoch in range(1, 31)]
    assert all(20 in panel.lines[-1].get_xdata() for panel in panels.values()), "the best epoch is marked"
    assert "best valid accuracy 90.0%, epoch 20" in curves(history(30)).get_suptitle()


def test_the_layers_losses_share_a_panel():
    noted = history(3)
    for epoch in noted:
        noted[epoch]["valid"] |= {"geo_loss_layer32": 0.3 / epoch, "geo_loss_layer36": 0.2 / epoch, "geo_loss": 0.1}
    panels = {panel.get_title(): panel for panel in curves(noted).axes}
    assert list(panels)[3:5] == ["geo loss", "geo loss at the layers, valid"]
    drawn = {line.get_label(): list(line.get_ydata()) for line in panels["geo loss at the layers, valid"].lines}
    assert drawn["32"] == [0.3, 0.15, 0.3 / 3] and drawn["36"] == [0.2, 0.1, 0.2 / 3]


def test_what_is_missing_or_no_number_leaves_a_gap():
    """A loss of NaN in one epoch, an infinite one in another, an accuracy that began later."""
    noted = history(4)
    noted[2]["valid"]["loss"] = math.nan
    noted[3]["valid"]["loss"] = math.inf
    for epoch in (1, 2):
        del noted[epoch]["valid"]["accuracy"], noted[epoch]["train"]["accuracy"]
    panel = curves(noted).axes[0]
    assert [math.isfinite(value) for value in panel.lines[1].get_ydata()] == [True, False, False, True]


def test_without_accuracy_the_lowest_loss_is_the_best():
    noted = {epoch: {"train": {"loss": 1.0}, "valid": {"loss": loss}} for epoch, loss in enumerate([3.0, 1.0, 2.0], 1)}
    assert "best valid loss 1, epoch 2" in curves(noted).get_suptitle()


def test_drawing_imports_no_torch():
    script = "import sys, geolid.train.curves; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
