"""The picture of a training: losses, accuracy and learning rate over its epochs."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

History = Mapping[int, Mapping[str, Mapping[str, float]]]  # {epoch: {train or valid: {key: number}}}
_LAYER = re.compile(r"_layer(\d+)$")  # geo_loss_layer32: the loss at one of the encoder's layers
COLOURS = {"train": "tab:blue", "valid": "tab:orange"}


def draw_curves(history: History, folder: Path) -> Path:
    """Draw `<folder>/images/curves.png`, whole or not at all."""
    path = folder / "images" / "curves.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    try:
        curves(history).savefig(beside, format="png")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def curves(history: History) -> Figure:
    """Return a figure with a panel for each quantity, and the best epoch marked in all of them.

    The best epoch is the one of the highest accuracy in validation, or the lowest loss where there is no accuracy.
    """
    epochs = sorted(history)
    panels = _panels(history)
    columns = min(len(panels), 3)
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(4.4 * columns, 3.2 * rows), dpi=110, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flatten()
    best = _best(history)
    for panel, (title, lines) in zip(axes, panels, strict=False):
        for label, phase, key in lines:
            values = [_value(history, epoch, phase, key) for epoch in epochs]
            panel.plot(epochs, values, label=label, color=COLOURS.get(label), marker="o", markersize=3)
        _furnish(panel, title, epochs, best[0] if best else None)
        if len(lines) > 1:
            panel.legend(frameon=False)
    for unused in axes[len(panels) :]:
        unused.remove()
    if best:
        figure.suptitle(f"after epoch {epochs[-1]}; best {best[1]}, epoch {best[0]}", fontsize=11)
    return figure


def _panels(history: History) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return what to draw: titles with their lines (label, phase, key)."""
    keys = dict.fromkeys(key for phases in history.values() for noted in phases.values() for key in noted)
    losses = ["loss", "accuracy", *(key for key in keys if key.endswith("loss") and key != "loss")]
    panels = []
    for key in losses:
        phases = [phase for phase in COLOURS if any(key in epoch.get(phase, {}) for epoch in history.values())]
        if phases:
            panels.append((key.replace("_", " "), [(phase, phase, key) for phase in phases]))
    layers = [key for key in keys if _LAYER.search(key)]
    for phase in ("valid", "train"):  # in one panel, so that layers can be compared
        of_phase = [key for key in layers if any(key in epoch.get(phase, {}) for epoch in history.values())]
        if of_phase:
            title = f"{_LAYER.sub('', of_phase[0]).replace('_', ' ')} at the layers, {phase}"
            panels.append((title, [(_LAYER.search(key)[1], phase, key) for key in of_phase]))
            break
    rates = [key for key in keys if "_lr" in key and key.startswith("optim")]
    if rates:
        panels.append(("learning rate", [(key, "train", key) for key in rates]))
    return panels


def _furnish(panel: Axes, title: str, epochs: Sequence[int], best: int | None) -> None:
    panel.set_title(title, fontsize=10)
    panel.set_xlabel("epoch")
    panel.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    panel.grid(alpha=0.3)
    if "accuracy" in title:
        panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    if best is not None:
        panel.axvline(best, color="tab:green", linestyle="--", linewidth=1)


def _best(history: History) -> tuple[int, str] | None:
    """Return the best epoch and what makes it so."""
    for key, sign in (("accuracy", -1), ("loss", 1)):
        values = {epoch: _value(history, epoch, "valid", key) for epoch in sorted(history)}
        finite = [epoch for epoch, value in values.items() if math.isfinite(value)]
        if finite:
            epoch = min(finite, key=lambda e: sign * values[e])
            told = f"{values[epoch]:.1%}" if key == "accuracy" else f"{values[epoch]:.3g}"
            return epoch, f"valid {key} {told}"
    return None


def _value(history: History, epoch: int, phase: str, key: str) -> float:
    """Return a number, or NaN, which leaves a gap, for what is not there or infinite."""
    value = history[epoch].get(phase, {}).get(key, math.nan)
    return value if math.isfinite(value) else math.nan
