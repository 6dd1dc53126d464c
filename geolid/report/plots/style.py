"""How all pictures look: fonts, colours, titles, and how they become small files."""

import functools
import io
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image  # comes with matplotlib

DPI = 150
INK = "#1f2a30"
MUTED = "#6f7b82"
FAINT = "#dde2e5"
RIGHT = "#2a6f97"
WRONG = "#c8443a"
TITLE_HEIGHT = 0.62  # inches, at the top of every picture
_MARGIN = 0.15  # inches, beside it

_STYLE = {
    "font.family": "DejaVu Sans",  # matplotlib brings it along, so that a picture is the same everywhere
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}

_P = ParamSpec("_P")
_R = TypeVar("_R")


def styled(draw: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a function draw in the style of the house, whatever style its caller has chosen."""

    @functools.wraps(draw)
    def in_style(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_STYLE)
            return draw(*args, **kwargs)

    return in_style


def new_figure(width: float, height: float, title: str, subtitle: str) -> Figure:
    """Return an empty picture of a size in inches, with a title and what there is to know for reading it.

    What is too long for the width is written smaller: names of sets and files are as long as people like.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    lines = (
        figure.text(_MARGIN / width, 1 - 0.14 / height, title, size=12.5, weight="bold", va="top"),
        figure.text(_MARGIN / width, 1 - 0.39 / height, subtitle, size=9, color=MUTED, va="top"),
    )
    for line in lines:
        room = (width - 2 * _MARGIN) * DPI
        line.set_size(line.get_size() * min(1.0, room / max(line.get_window_extent().width, 1.0)))
    return figure


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Return axes at a place and of a size in inches."""
    page = np.tile(figure.get_size_inches(), 2)
    return figure.add_axes(np.array([left, bottom, width, height]) / page)


def clear_axes(axes: Axes) -> None:
    """Take ticks and frame away, for pictures whose axes say nothing."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def halo(width: float = 2.0) -> list[patheffects.AbstractPathEffect]:
    """Return the effect of a white rim, for text above points and lines."""
    return [patheffects.withStroke(linewidth=width, foreground="white")]


@styled
def save_png(figure: Figure, path: Path) -> None:
    """Write a picture, whole or not at all; a large one in 256 colours, which makes it a third as large."""
    figure.canvas.draw()
    image = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
    content = _as_png(image)
    write_whole(path, content if len(content) <= _LARGE else _as_png(_with_few_colours(image)))


def _with_few_colours(image: Image.Image) -> Image.Image:
    """Return an image in 256 colours; those of small dots are among them, which other methods lose."""
    few = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.putpalette([255 if value == 254 else value for value in few.getpalette()])  # its white is not quite white
    return few


_LARGE = 120_000  # bytes


def _as_png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, format="PNG", compress_level=6, dpi=(DPI, DPI))
    return out.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
