"""A recording as a picture: which frequencies are how loud, and when."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from geolid.report.plots.style import TITLE_HEIGHT, add_axes, new_figure, styled

_HERTZ = (0, 250, 500, 1000, 2000, 4000, 8000, 16000, 32000)
_WIDTH, _HEIGHT = 9.0, 4.6  # inches


@styled
def draw_spectrogram(
    decibels: np.ndarray,
    frequencies: np.ndarray,
    start: float,
    seconds: float,
    title: str,
    subtitle: str,
    seams: Sequence[float] = (),
) -> Figure:
    """Return the picture of intensities (columns, bands) in dB, at `frequencies` (bands,) in Hz, from low to high.

    It shows `seconds` from `start` on; `seams` are moments at which a recording that is repeated begins anew.
    """
    figure = new_figure(_WIDTH, _HEIGHT, title, subtitle)
    height = _HEIGHT - TITLE_HEIGHT - 0.6
    axes = add_axes(figure, 0.75, 0.5, _WIDTH - 1.75, height)
    end = start + seconds
    image = axes.imshow(
        decibels.T, origin="lower", aspect="auto", extent=(start, end, -0.5, len(frequencies) - 0.5), cmap="magma"
    )
    for seam in seams:
        axes.axvline(seam, color="white", linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_xlim(start, end)
    axes.set_xlabel("time in s")
    axes.set_ylabel("frequency in Hz, on the mel scale")
    shown = [hertz for hertz in _HERTZ if frequencies[0] <= hertz <= frequencies[-1]]
    axes.set_yticks(np.interp(shown, frequencies, np.arange(len(frequencies))), [str(hertz) for hertz in shown])
    room = add_axes(figure, _WIDTH - 0.85, 0.5, 0.12, height)
    scale = figure.colorbar(image, cax=room)
    scale.outline.set_visible(False)
    room.tick_params(labelsize=7.5, length=2)
    room.set_title("dB", size=8, pad=4)
    return figure
