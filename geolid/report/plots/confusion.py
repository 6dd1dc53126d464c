"""The confusion matrix as a picture: kin beside kin, so that confusions between relatives lie near the diagonal."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure

from geolid.report.plots.inventory import Inventory, groups_of, noun
from geolid.report.plots.style import FAINT, INK, RIGHT, TITLE_HEIGHT, WRONG, add_axes, halo, new_figure, styled

_RIGHTS = LinearSegmentedColormap.from_list("rights", ["#e8f1f6", RIGHT])
_WRONGS = LinearSegmentedColormap.from_list("wrongs", ["#fdebe4", "#f08a6c", WRONG, "#7d1d18"])
_FEW = 40  # languages; up to these, rows have names and cells have numbers
_MOST_NAMED = 200  # languages; up to these, rows have codes
_WIDEST = 15.0  # inches
_LETTER = 0.62  # a letter's width as a share of its size


def shares(references: Mapping[str, str], predictions: Mapping[str, str], drawn: Inventory) -> np.ndarray:
    """Return for each language (rows, in the order of `drawn`) what its utterances were taken for (columns)."""
    number = {code: index for index, code in enumerate(drawn)}
    counts = np.zeros((len(drawn), len(drawn)))
    for (reference, predicted), count in Counter((references[utt], code) for utt, code in predictions.items()).items():
        counts[number[reference], number[predicted]] = count
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


@styled
def draw_confusion(matrix: np.ndarray, drawn: Inventory, set_name: str) -> Figure:
    """Return the picture: the share of each reference language's utterances, right in blue and wrong in red."""
    count = len(drawn)
    few = count <= _FEW
    what, has_groups = noun(drawn), len(groups_of(drawn)) > 1
    kin = ", kin beside kin" if has_groups else ""
    absent = "" if matrix.any(axis=1).all() else "; empty rows have no utterances"
    side = max(3.2, min((0.245 if few else 0.073) * count + 0.4, _WIDEST))
    left, right, top, below = (1.65 if few else 0.55), 0.25, (0.5 if few else 0.4), 1.0
    figure = new_figure(
        left + 0.3 + side + right,
        TITLE_HEIGHT + top + side + below,
        f"What was taken for what in {set_name}",
        f"share of each {what}'s utterances (rows) by predicted {what} (columns){kin}{absent}",
    )
    axes = add_axes(figure, left + 0.3, below, side, side)
    off = ~np.eye(count, dtype=bool)
    wrongs = axes.imshow(np.where(off & (matrix > 0), matrix, np.nan), cmap=_WRONGS, norm=PowerNorm(0.5, 0, 0.5))
    rights = axes.imshow(np.where(off | (matrix == 0), np.nan, matrix), cmap=_RIGHTS, vmin=0, vmax=1)
    _name_rows_and_columns(axes, drawn, few)
    if few:
        _write_numbers(axes, matrix)
    if has_groups:
        _mark_groups(axes, drawn, matrix > 0, size=8 if few else 7, cell=72 * side / count)
    for bar, image, text, ticks in (
        (0, rights, "right", [0, 0.5, 1]),
        (1, wrongs, "taken for another, 50 % or more in the darkest", [0, 0.05, 0.2, 0.5]),
    ):
        room = add_axes(figure, left + 0.3 + bar * side / 2, 0.55, side / 2 - 0.4, 0.1)
        scale = figure.colorbar(image, cax=room, orientation="horizontal", ticks=ticks, format=lambda x, _: f"{x:.0%}")
        scale.outline.set_visible(False)
        room.tick_params(labelsize=7.5, length=2)
        room.set_title(text if side > 5 else text.partition(",")[0], size=8, loc="left", pad=3)
    return figure


def _name_rows_and_columns(axes: Axes, drawn: Inventory, few: bool) -> None:
    size = 8 if few else 4.8 if len(drawn) <= _MOST_NAMED else 0
    axes.set_xticks(range(len(drawn)), list(drawn), rotation=90, size=size, family="DejaVu Sans Mono")
    axes.set_yticks(range(len(drawn)), [d.name if few else d.code for d in drawn.values()], size=size)
    axes.tick_params(length=0, pad=2, top=few, labeltop=True, bottom=False, labelbottom=False)
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        for label, language in zip(labels, drawn.values(), strict=True):
            label.set_color(language.group.colour)
    axes.set_xlim(-0.5, len(drawn) - 0.5)
    axes.set_ylim(len(drawn) - 0.5, -0.5)
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(FAINT)


def _mark_groups(axes: Axes, drawn: Inventory, filled: np.ndarray, size: float, cell: float) -> None:
    """Frame each family on the diagonal, rule it across, and write its name beside its frame.

    `filled` (languages, languages) are the cells not to write over; `size` of the letters and of a `cell` in points.
    """
    languages = list(drawn.values())
    start = 0
    for group in groups_of(drawn):
        end = start + sum(language.group == group for language in languages)
        for edge in (start, end):
            axes.axhline(edge - 0.5, color=FAINT, linewidth=0.5, zorder=3)
            axes.axvline(edge - 0.5, color=FAINT, linewidth=0.5, zorder=3)
        box = [start - 0.5, end - 0.5, end - 0.5, start - 0.5, start - 0.5]
        axes.plot(box, [box[3], box[3], box[1], box[1], box[3]], color=group.colour, linewidth=1.0, zorder=4)
        middle = (start + end - 1) / 2
        high = size / cell / 2
        band = filled[max(0, round(middle - high)) : round(middle + high) + 1].any(axis=0)
        place = _free_place(band, start, end, wide=int(np.ceil(_LETTER * size * len(group.name) / cell)))
        axes.text(
            place,
            middle,
            group.name,
            size=size,
            color=group.colour,
            ha="left",
            va="center",
            path_effects=halo(),
            zorder=5,
        )
        start = end


def _free_place(band: np.ndarray, start: int, end: int, wide: int) -> int:
    """Return the first column of `wide` free ones, as near to the frame from `start` to `end` as may be."""
    beside = [*range(end, len(band) - wide + 1), *range(start - wide - 1, -1, -1)]
    free = [column for column in beside if not band[column : column + wide].any()]
    return min(free or beside or [0], key=lambda column: max(column - end, start - 1 - wide - column))


def _write_numbers(axes: Axes, matrix: np.ndarray) -> None:
    for row, column in zip(*np.nonzero(np.round(100 * matrix)), strict=True):
        share = matrix[row, column]
        dark = share > (0.55 if row == column else 0.22)
        axes.text(column, row, f"{100 * share:.0f}", size=6.5, ha="center", va="center", color="white" if dark else INK)
