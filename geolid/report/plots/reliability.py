"""The reliability diagram: how often the model is right when it says that it is so sure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from geolid.report.calibration import BINS, ReliabilityBins, reliability_of
from geolid.report.plots.style import MUTED, RIGHT, TITLE_HEIGHT, WRONG, add_axes, new_figure, styled


@dataclass(frozen=True)
class Curve:
    name: str
    measured: ReliabilityBins
    error: float  # the expected calibration error


def reliability_of_known(
    logits: np.ndarray, codes: Sequence[str], references: Sequence[str], temperature: float
) -> ReliabilityBins:
    """Count by confidence; logits are (utterances, languages), codes the languages, references one an utterance.

    Utterances in languages that the model does not know have no part in it, as in the results.
    """
    columns = {code: column for column, code in enumerate(codes)}
    labels = np.array([columns.get(code, -1) for code in references])
    known = labels >= 0
    return reliability_of(logits if known.all() else logits[known], labels[known], temperature)


@styled
def draw_reliability(curves: Sequence[Curve], set_name: str) -> Figure:
    """Return the picture: confidence against accuracy above, how often each confidence occurs below.

    The last curve is that of the probabilities that are given out.
    """
    height = 6.3
    figure = new_figure(
        5.6,
        height,
        f"How far confidence can be trusted in {set_name}",
        "on the dashed line, confidence is what it claims to be; below it, it is too sure",
    )
    axes = add_axes(figure, 0.75, 1.7, 4.6, height - TITLE_HEIGHT - 2.3)
    below = add_axes(figure, 0.75, 0.5, 4.6, 0.95)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
    for curve in curves:
        last = curve is curves[-1]
        colour = RIGHT if last else WRONG
        measured = curve.measured
        shares = measured.utterances / measured.utterances.sum()
        there = measured.utterances > 0
        x, y = measured.confidence[there], measured.accuracy[there]
        axes.plot(x, y, color=colour, linewidth=1.4, alpha=0.8)
        label = f"{curve.name}: calibration error {curve.error:.1%}"
        axes.scatter(x, y, s=12 + 160 * shares[there], color=colour, label=label, zorder=3)
        edges = np.linspace(0, 1, BINS + 1)
        below.stairs(shares, edges, color=colour, linewidth=1.3, fill=last, alpha=0.35 if last else 1)
    legend = axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), handletextpad=0.2)
    for handle in legend.legend_handles:
        handle.set_sizes([30])
    axes.set_ylabel("share that is right")
    axes.set_ylim(0, 1.02)
    below.set_ylabel("utterances")
    below.set_xlabel("confidence in the prediction")
    for one in (axes, below):
        one.set_xlim(0, 1.01)
        one.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        one.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        one.grid()
        one.tick_params(length=0)
    axes.set_xticklabels([])
    return figure
