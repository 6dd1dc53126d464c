"""Accuracy by language and by duration, with how sure one can be of it."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from geolid.report.plots.inventory import Inventory, noun
from geolid.report.plots.style import INK, MUTED, RIGHT, TITLE_HEIGHT, add_axes, halo, new_figure, styled

_LONGEST_COLUMN = 54  # languages
_MOST = 200  # languages
_ROW = 0.185  # inches


def interval(accuracy: float, utterances: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of an accuracy, which is sound for few utterances and at 0 and 100 % too."""
    z = 1.96
    middle = accuracy + z * z / (2 * utterances)
    half = z * math.sqrt(accuracy * (1 - accuracy) / utterances + (z / (2 * utterances)) ** 2)
    scale = 1 + z * z / utterances
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


@styled
def draw_by_language(
    by_language: Mapping[str, Mapping[str, float]], mean: float, drawn: Inventory, set_name: str
) -> Figure:
    """Return the picture: a dot a language, best first, and the interval that its utterances allow.

    Of very many languages only the worst are drawn. `mean` is the macro accuracy.
    """
    rows = {code: row for code, row in by_language.items() if row["utterances"]}
    ranked = sorted(rows, key=lambda code: (-rows[code]["accuracy"], drawn[code].name))[-_MOST:]
    which = f"the worst {_MOST} of {len(rows)}; " if len(rows) > _MOST else ""
    columns = math.ceil(len(ranked) / _LONGEST_COLUMN)
    length = math.ceil(len(ranked) / columns)
    width, names = max(2.5, 5.4 - 1.2 * columns), 1.75
    height = TITLE_HEIGHT + length * _ROW + 0.75
    figure = new_figure(
        max(5.0, 0.3 + columns * (names + width)),
        height,
        f"Accuracy by {noun(drawn)} in {set_name}",
        f"{which}mean over {noun(drawn)}s {mean:.1%}; bars: 95 % intervals; numbers: utterances",
    )
    lowest = min(interval(rows[code]["accuracy"], rows[code]["utterances"])[0] for code in ranked)
    for column in range(columns):
        codes = ranked[column * length : (column + 1) * length]
        left = 0.15 + column * (names + width) + names
        axes = add_axes(figure, left, 0.55, width - 0.45, length * _ROW)
        _draw_column(axes, codes, rows, drawn)
        axes.set_xlim(math.floor(lowest * 10) / 10 - 0.01, 1.01)
        axes.set_ylim(length - 0.5, -0.5)
        axes.axvline(mean, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    return figure


def _draw_column(axes: Axes, codes: Sequence[str], rows: Mapping[str, Mapping[str, float]], drawn: Inventory) -> None:
    places = np.arange(len(codes))
    accuracies = np.array([rows[code]["accuracy"] for code in codes])
    intervals = np.array([interval(rows[code]["accuracy"], rows[code]["utterances"]) for code in codes])
    colours = [drawn[code].group.colour for code in codes]
    axes.hlines(places, intervals[:, 0], intervals[:, 1], colors=colours, linewidth=2.4, alpha=0.3)
    axes.scatter(accuracies, places, s=26, c=colours, zorder=3, linewidths=0)
    axes.set_yticks(places, [drawn[code].full_name for code in codes], size=8)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=0, labelsize=8)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(axis="x")
    axes.spines[["left", "bottom"]].set_visible(False)
    for place, code in enumerate(codes):
        count = f"{rows[code]['utterances']:.0f}"
        axes.annotate(
            count,
            (1, place),
            (4, 0),
            ("axes fraction", "data"),
            textcoords="offset points",
            size=7,
            color=MUTED,
            va="center",
        )


@styled
def draw_by_duration(by_duration: Sequence[Mapping], set_name: str) -> Figure:
    """Return the picture: a bar a class of duration that has utterances."""
    rows = [row for row in by_duration if row["utterances"]]
    figure = new_figure(
        6.4,
        4.0,
        f"Accuracy by duration in {set_name}",
        "lines: 95 % intervals, by the number of utterances",
    )
    axes = add_axes(figure, 0.65, 0.75, 5.5, 4.0 - TITLE_HEIGHT - 0.95)
    places = np.arange(len(rows))
    accuracies = np.array([row["accuracy"] for row in rows])
    intervals = np.array([interval(row["accuracy"], row["utterances"]) for row in rows])
    axes.bar(places, accuracies, width=0.72, color=RIGHT, alpha=0.85)
    axes.vlines(places, intervals[:, 0], intervals[:, 1], colors=INK, linewidth=1.2)
    for place, accuracy, (_, high) in zip(places, accuracies, intervals, strict=True):
        axes.text(place, high + 0.02, f"{accuracy:.1%}", ha="center", weight="bold", size=8.5, path_effects=halo())
    axes.set_xticks(places, [f"{_seconds(row)}\n{row['utterances']}" for row in rows])
    axes.set_xlabel("seconds, and utterances", color=MUTED)
    axes.set_xlim(-0.6, max(2.5, len(rows) - 0.4))
    axes.set_ylim(0, 1.08)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=0)
    return figure


def _seconds(row: Mapping) -> str:
    return f"over {row['from']:g}" if row["to"] is None else f"{row['from']:g} to {row['to']:g}"
