"""The places and families of all languages that lang2vec knows, and of those that a vector file adds.

They are read from lang2vec's own files: asked for all of its languages, its functions take more than a minute.
"""

import functools
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from math import isnan
from pathlib import Path

import numpy as np

from geolid.data import languages
from geolid.data.tables import read_rows
from geolid.geo.places import Place, places
from geolid.geo.vectors import language_places

_NOWHERE = 1.0  # half the globe's circumference: the distance from everywhere of what nobody speaks (`zbl`)


@functools.cache
def known_places() -> dict[str, Place]:
    """Return the place of every language that has one, by code."""
    codes, _, distances = _read("geocoord_features.npz")
    somewhere = distances.min(axis=1) < _NOWHERE
    rows = places(distances[somewhere])
    return {code: Place(*row) for code, row in zip(codes[somewhere].tolist(), rows.tolist(), strict=True)}


def places_of(codes: Iterable[str], vector_file: Path | None = None) -> dict[str, Place | None]:
    """Return where each language is; a vector file wins over lang2vec (geolid.geo.vectors tells of its format)."""
    found = {code: place_of(code) for code in codes}
    # a model from elsewhere comes without the file that it was trained with
    if vector_file is not None and vector_file.exists():
        listed = sorted({code for code, _ in read_rows(vector_file)} & found.keys())
        for code, (latitude, longitude) in zip(listed, language_places(listed, vector_file).tolist(), strict=True):
            found[code] = None if isnan(latitude) else Place(latitude, longitude)
    return found


def place_of(code: str) -> Place | None:
    """Return where lang2vec has a language, or else its macrolanguage; None for a language of nowhere."""
    macrolanguage = languages.registry()[code].macrolanguage if code in languages.registry() else ""
    return known_places().get(code) or known_places().get(macrolanguage)


def lineages(codes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the families that languages belong to, from the widest to the narrowest; () where nothing is known.

    A language of which nothing is known takes those of its macrolanguage, or of a language that belongs to it.
    """
    known = _known_lineages()
    return {code: next((known[kin] for kin in _kin(code) if kin in known), ()) for code in codes}


@functools.cache
def _known_lineages() -> dict[str, tuple[str, ...]]:
    codes, names, belongs = _read("family_features.npz")
    # families of one size hold the same languages; lang2vec lists the wider first
    from_widest = np.argsort(-belongs.sum(axis=0), kind="stable")
    names = [name.removeprefix("F_") for name in names[from_widest].tolist()]
    found: dict[str, list[str]] = {}
    for language, family in np.argwhere(belongs[:, from_widest] > 0).tolist():
        found.setdefault(str(codes[language]), []).append(names[family])
    return {code: tuple(line) for code, line in found.items()}


def _kin(code: str) -> Iterator[str]:
    yield code
    language = languages.registry().get(code)
    if language is not None:
        yield language.macrolanguage
        yield from (other.code for other in languages.registry().values() if other.macrolanguage == code)


def _read(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the codes (languages), names (features) and values (languages, features) of one of lang2vec's files."""
    folder = Path(find_spec("lang2vec").submodule_search_locations[0])  # found, not imported, which takes seconds
    with np.load(folder / "data" / name, allow_pickle=False) as file:
        return file["langs"], file["feats"], file["data"][..., 0]
