"""Which of the encoder's layers a model listens to: the weights of the sum over its states."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from geolid.report.plots.style import MUTED, RIGHT, TITLE_HEIGHT, add_axes, new_figure, styled


@styled
def draw_layers(weights: np.ndarray) -> Figure:
    """Return the picture: a bar a state; state 0 is what the first layer gets, state n what layer n gives."""
    heaviest = int(weights.argmax())
    figure = new_figure(
        max(5.4, 1.0 + 0.135 * len(weights)),
        3.2,
        "Which layers of the encoder count",
        f"share of each state in the weighted sum; the most has layer {heaviest}, {weights[heaviest]:.1%}",
    )
    width, height = figure.get_size_inches()
    axes = add_axes(figure, 0.65, 0.55, width - 0.85, height - TITLE_HEIGHT - 0.7)
    axes.bar(range(len(weights)), weights, width=0.8, color=RIGHT)
    axes.axhline(1 / len(weights), color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.text(len(weights) - 0.4, 1 / len(weights), "all alike", size=7.5, color=MUTED, ha="right", va="bottom")
    axes.set_xlabel("layer (0: before the first)")
    axes.set_xlim(-0.6, len(weights) - 0.4)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    axes.grid(axis="y")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    return figure
