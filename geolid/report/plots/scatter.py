"""A plane of utterances or of languages, coloured by family: as a picture, as an interactive page, and as a table."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from geolid.report.plots.inventory import NO_LANGUAGES, Group, Inventory, groups_of
from geolid.report.plots.labels import label_points
from geolid.report.plots.style import INK, TITLE_HEIGHT, add_axes, clear_axes, new_figure, styled, write_whole

_WIDTH, _WIDE, _LEGEND_WIDTH = 10.0, 12.5, 1.75  # inches
_MANY_LANGUAGES = 120  # above, the picture is wider
_FEW_LANGUAGES = 40  # up to these, names stand at clusters of utterances; codes above
_MOST_LABELS = 200


@dataclass(frozen=True)
class Plane:
    """Points of t-SNE and what they are."""

    title: str
    keys: list[str]  # utterances, or languages
    codes: list[str]  # the language of each
    predicted: list[str] | None  # what each was taken for; None where points are languages
    xy: np.ndarray  # (points, 2)

    @property
    def wrong(self) -> np.ndarray:
        if self.predicted is None:
            return np.zeros(len(self.keys), dtype=bool)
        return np.array(self.predicted) != np.array(self.codes)


@styled
def draw_plane(plane: Plane, drawn: Inventory, subtitle: str) -> Figure:
    """Return the picture: a dot a point, a cross where the language was mistaken, a label a language."""
    groups = groups_of({code: drawn[code] for code in plane.codes})
    span = np.ptp(plane.xy, axis=0)
    width = _WIDTH if len({*plane.codes}) <= _MANY_LANGUAGES else _WIDE
    across = width - _LEGEND_WIDTH - 0.3
    high = across * float(np.clip((span[1] + 1e-6) / (span[0] + 1e-6), 0.65, 1.0))
    figure = new_figure(width, high + TITLE_HEIGHT + 0.15, plane.title, subtitle)
    axes = add_axes(figure, 0.15, 0.1, across, high)
    clear_axes(axes)
    _fit(axes, plane.xy)
    of_languages = plane.predicted is None
    # areas, in square points
    size = (32 if len(plane.keys) <= 60 else 20) if of_languages else float(np.clip(9000 / len(plane.keys), 3, 26))
    colours = np.array([drawn[code].group.colour for code in plane.codes])
    right = ~plane.wrong
    axes.scatter(*plane.xy[right].T, s=size, c=colours[right], alpha=0.9 if of_languages else 0.55, linewidths=0)
    axes.scatter(*plane.xy[~right].T, s=size * 1.6, c=colours[~right], marker="x", linewidths=0.9)
    labels = _labels(plane, drawn)
    text_size = 9.0 if len(labels) <= _FEW_LANGUAGES else 7.5
    if of_languages:
        label_points(axes, labels, plane.xy, text_size, radius=(size / np.pi) ** 0.5)
    else:
        label_points(axes, labels, plane.xy, text_size, radius=0, weight="bold")
    _legend(figure, groups, bool(plane.wrong.any()), plane.predicted is not None)
    return figure


def _labels(plane: Plane, drawn: Inventory) -> list[tuple[str, float, float, str]]:
    """Return a label for each language, at the point that is most in the middle of its points; too many have none."""
    codes = np.array(plane.codes)
    present = sorted(set(plane.codes))
    if len(present) > _MOST_LABELS:
        return []
    by_name = plane.predicted is None or len(present) <= _FEW_LANGUAGES
    labels = []
    for code in present:
        points = plane.xy[codes == code]
        middle = points[np.argmin(np.linalg.norm(points - np.median(points, axis=0), axis=1))]
        labels.append((drawn[code].name if by_name else code, *middle.tolist(), drawn[code].group.colour))
    return labels


def _fit(axes, xy: np.ndarray) -> None:
    """Set limits with room for labels, and one scale for both directions: distances mean the same in both."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    page = np.array([axes.bbox.width, axes.bbox.height])
    span = np.maximum(high - low, 1e-6) * 1.12
    span = page * (span / page).max()
    middle = (low + high) / 2
    axes.set_xlim(middle[0] - span[0] / 2, middle[0] + span[0] / 2)
    axes.set_ylim(middle[1] - span[1] / 2, middle[1] + span[1] / 2)


def _legend(figure: Figure, groups: list[Group], with_wrong: bool, of_utterances: bool) -> None:
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=6, color=group.colour, label=group.name) for group in groups
    ]
    if of_utterances and with_wrong:
        handles.append(Line2D([], [], linestyle="", marker="x", markersize=5, color=INK, label="mistaken"))
    legend = figure.legend(
        handles=handles, loc="upper right", bbox_to_anchor=(0.995, 1 - TITLE_HEIGHT / figure.get_figheight())
    )
    legend.set_title(_legend_title(groups), prop={"weight": "bold", "size": 8.5})
    legend._legend_box.align = "left"


def _legend_title(groups: list[Group]) -> str:
    return "" if NO_LANGUAGES in groups else "family"


def write_page(plane: Plane, drawn: Inventory, subtitle: str, path: Path) -> None:
    """Write the page that shows each point's utterance, language and prediction; it needs no network."""
    import plotly.graph_objects as go  # takes seconds

    codes, wrong = np.array(plane.codes), plane.wrong
    figure = go.Figure()
    groups = groups_of({code: drawn[code] for code in plane.codes})
    for group in groups:
        mine = np.flatnonzero([drawn[code].group == group for code in codes])
        figure.add_trace(
            go.Scattergl(
                x=plane.xy[mine, 0].tolist(),
                y=plane.xy[mine, 1].tolist(),
                mode="markers",
                name=group.name,
                marker={
                    "color": group.colour,
                    "size": 11 if plane.predicted is None else 6,
                    "symbol": ["x" if wrong[i] else "circle" for i in mine],
                    "opacity": 0.8,
                },
                hovertext=[_hover(plane, drawn, i) for i in mine],
                hoverinfo="text",
            )
        )
    labels = _labels(plane, drawn)
    figure.add_trace(
        go.Scatter(
            x=[x for _, x, _, _ in labels],
            y=[y for _, _, y, _ in labels],
            text=[text for text, *_ in labels],
            textfont={"color": [colour for *_, colour in labels], "weight": "bold"},
            textposition="top center",
            mode="text",
            hoverinfo="skip",
            showlegend=False,
        )
    )
    figure.update_layout(
        title={"text": f"<b>{plane.title}</b><br><sup>{subtitle}</sup>"},
        template="simple_white",
        legend={"title": {"text": _legend_title(groups)}},
        hoverlabel={"align": "left"},
        xaxis={"visible": False},
        yaxis={"visible": False, "scaleanchor": "x"},
    )
    page = figure.to_html(include_plotlyjs=True, full_html=True, div_id="plane", config={"scrollZoom": True})
    write_whole(path, page.encode())


def _hover(plane: Plane, drawn: Inventory, index: int) -> str:
    language = drawn[plane.codes[index]]
    family = "" if language.group is NO_LANGUAGES else f", {language.group.name}"
    lines = [f"<b>{language.full_name}</b>{family}"]
    if plane.predicted is not None:
        taken_for = drawn[plane.predicted[index]]
        lines.append(plane.keys[index])
        if taken_for != language:
            lines.append(f"taken for {taken_for.full_name}")
    return "<br>".join(lines)


def write_csv(plane: Plane, drawn: Inventory, path: Path) -> None:
    """Write the points as a table, for pictures of one's own."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    of_utterances = plane.predicted is not None
    header = ["language", "name", "family"]
    writer.writerow([*(["utterance", *header, "predicted"] if of_utterances else header), "x", "y"])
    for index, (code, (x, y)) in enumerate(zip(plane.codes, plane.xy, strict=True)):
        row = [code, drawn[code].name, drawn[code].group.name]
        if of_utterances:
            row = [plane.keys[index], *row, plane.predicted[index]]
        writer.writerow([*row, f"{x:.4f}", f"{y:.4f}"])
    write_whole(path, out.getvalue().encode())
