"""Labels that can be read: none covers another, at 24, 107 and 157 languages."""

import re
from itertools import combinations

import numpy as np
import pytest

from geolid.geo.atlas import known_places
from geolid.report.plots.inventory import inventory
from geolid.report.plots.scatter import Plane, draw_plane
from geolid.report.plots.world_map import draw_map, map_data

MINI = sorted(["eng", "fra", "deu", "ita", "spa", "por", "nld", "swe", "dan", "pol", "ces", "rus", "ukr", "fin", "hun"])
MINI += ["ell", "hin", "ind", "kat", "kor", "swa", "tam", "tur", "vie"]
VOXLINGUA107 = re.findall(
    "...",
    "abkaframharaasmazebakbelbenbodbosbrebulcatcebcescymdandeuellengepoesteusfaofasfinfraglgglvgrngujhathauhawheb"
    "hinhrvhunhyeinaindislitajavjpnkankatkazkhmkorlaolatlavlinlitltzmalmarmkdmlgmltmonmrimsamyanepnldnnonorocipan"
    "polporpusronrussanscosinslkslvsnasndsomspasqisrpsunswaswetamtatteltgktglthatukturukrurduzbviewaryidyorzho",
)
MANY = sorted({*VOXLINGUA107, *list(known_places())[::150]})[:157]


def readable(figure) -> bool:
    """Say whether no two labels of the picture's axes have an area in common, and all are large enough to read."""
    figure.canvas.draw()
    labels = [text for axes in figure.axes for text in axes.texts]
    assert all(text.get_fontsize() >= 4.5 for text in labels)
    boxes = [text.get_window_extent() for text in labels]
    return not any(a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1 for a, b in combinations(boxes, 2))


def labels_of(figure) -> list[str]:
    return sorted(text.get_text() for axes in figure.axes for text in axes.texts)


@pytest.mark.parametrize("codes", [MINI, VOXLINGUA107, MANY], ids=len)
def test_languages_by_random_embeddings(codes):
    draw = np.random.default_rng(0)
    drawn = inventory(codes)
    figure = draw_plane(Plane("languages", codes, codes, None, draw.normal(size=(len(codes), 2))), drawn, "")
    assert labels_of(figure) == sorted(drawn[code].name for code in codes)
    assert readable(figure)


@pytest.mark.parametrize("codes", [MINI, VOXLINGUA107, MANY], ids=len)
def test_utterances_by_random_embeddings(codes):
    """Twenty utterances a language, in clouds that run into each other."""
    draw = np.random.default_rng(0)
    of_utterances = [code for code in codes for _ in range(20)]
    xy = np.repeat(draw.normal(size=(len(codes), 2)), 20, axis=0) + 0.1 * draw.normal(size=(20 * len(codes), 2))
    drawn = inventory(codes)
    keys = [str(number) for number in range(len(of_utterances))]
    figure = draw_plane(Plane("utterances", keys, of_utterances, of_utterances, xy), drawn, "")
    assert labels_of(figure) == sorted(drawn[code].name if len(codes) == 24 else code for code in codes)
    assert readable(figure)


@pytest.mark.parametrize("codes", [MINI, VOXLINGUA107, MANY], ids=len)
def test_the_map(codes):
    """Each language has one label: in the world, or in the panel of its crowded region."""
    drawn = inventory(codes)
    utts = {code: code for code in codes}
    figure = draw_map(map_data(utts, utts, None, drawn), "toy", with_truth=True)
    expected = sorted(drawn[code].name if len(codes) == 24 else code for code in codes if drawn[code].place)
    assert labels_of(figure) == expected
    assert readable(figure)
