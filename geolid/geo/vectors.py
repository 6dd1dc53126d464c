"""Vectors of languages, by ISO 639-3 code: from a vector file, else from lang2vec.

A vector file holds one language a line, and wins over lang2vec:

    <code> <v1> ... <vN>             its vector, N numbers from 0 to 1
    <code> <latitude> <longitude>    its place in degrees; for geo vectors only
    <code> none                      it has no vector: a row of NaN, which takes no part in the loss
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geolid.data import languages
from geolid.data.tables import read_rows
from geolid.errors import GeoLIDError
from geolid.geo.places import distances, places

DIMS = {"geo": 299, "phonology_knn": 28, "syntax_knn": 103, "inventory_knn": 158}

VectorTable = dict[str, np.ndarray]  # by code, each (dims,)


class VectorError(GeoLIDError):
    """A language without a vector, or a vector file that cannot be used."""


def vectors(codes: Sequence[str], kind: str = "geo", vector_file: Path | None = None) -> np.ndarray:
    """Return the vectors of languages, (languages, dims) float32, in the order of their codes.

    A language of which nothing is known takes the vector of its macrolanguage, with a warning in the log.
    """
    if kind not in DIMS:
        raise VectorError(f"'{kind}' is no kind of language vector; choose one of {', '.join(DIMS)}")
    given = _read_vector_file(vector_file, kind) if vector_file is not None else {}
    known = _find(codes, kind, given)
    macrolanguages = {
        code: languages.registry()[code].macrolanguage
        for code in codes
        if code not in known and code in languages.registry()
    }
    stand_ins = _find(macrolanguages.values(), kind, given)
    for code, macrolanguage in macrolanguages.items():
        if macrolanguage in stand_ins:
            known[code] = stand_ins[macrolanguage]
            logging.getLogger(__name__).warning(
                "%s has no %s vector; that of its macrolanguage, %s, stands in",
                _named(code),
                kind,
                _named(macrolanguage),
            )
    missing = [code for code in dict.fromkeys(codes) if code not in known]
    if missing:
        raise VectorError(_what_is_missing(missing, kind))
    return np.array([known[code] for code in codes], dtype=np.float32).reshape(-1, DIMS[kind])


def language_places(codes: Sequence[str], vector_file: Path | None = None) -> np.ndarray:
    """Return latitude and longitude of languages, in degrees, (languages, 2); NaN where there is none."""
    return places(vectors(codes, "geo", vector_file))


def places_file(config: Mapping[str, Any]) -> Path | None:
    """Return the vector file that an experiment's config names, if it tells where languages are."""
    file = (config.get("preprocessor_conf") or {}).get("lang2vec_file")
    kind = (config.get("loss_conf") or {}).get("lang2vec_type") or "geo"
    return Path(file) if file and kind == "geo" else None


def _find(codes: Iterable[str], kind: str, given: VectorTable) -> VectorTable:
    """Return the vectors of those codes that have one, in the vector file or in lang2vec."""
    wanted = set(codes)
    found = {code: given[code] for code in wanted & given.keys()}
    # lang2vec would also take codes of other standards, such as `zh` and `ger`; labels are ISO 639-3
    return found | _ask_lang2vec(sorted((wanted - given.keys()) & languages.registry().keys()), kind)


def _ask_lang2vec(codes: list[str], kind: str) -> VectorTable:
    """Return the vectors of those codes that lang2vec knows.

    Its lists of languages leave out many that it has, so the vectors themselves are asked for. One unknown code fails
    a whole request: it is halved until the unknown ones stand alone.
    """
    if not codes:
        return {}
    from lang2vec.lang2vec import get_features  # takes two seconds

    try:
        features = get_features(codes, kind)
    except Exception as error:  # lang2vec raises no narrower one
        if "not found in the URIEL database" not in str(error):
            raise
        half = len(codes) // 2
        return _ask_lang2vec(codes[:half], kind) | _ask_lang2vec(codes[half:], kind) if half else {}
    return {code: np.array(row, dtype=np.float32) for code, row in features.items() if not _is_empty(row, kind)}


def _is_empty(row: list, kind: str) -> bool:
    """Say whether lang2vec has nothing to tell: a feature missing, or half the globe's circumference from everywhere.

    The latter is what it has for `zbl`, which nobody speaks.
    """
    return "--" in row or (kind == "geo" and min(row) == 1)


def _what_is_missing(codes: list[str], kind: str) -> str:
    near = {code: [language.code for language in languages.nearest(code, 8) if language.code != code] for code in codes}
    known = _ask_lang2vec(sorted({other for others in near.values() for other in others}), kind)
    lines = [f"there is no {kind} vector for {len(codes)} of the languages:"]
    for code, others in near.items():
        alike = [_named(other) for other in others if other in known][:3]
        lines.append(f"  {_named(code)}; nearest codes that have one: {', '.join(alike) or 'none'}")
    place = "'<code> <latitude> <longitude>', " if kind == "geo" else ""
    lines.append(
        "correct the codes, or name a vector file that holds a line for each: "
        f"{place}'<code>' and {DIMS[kind]} numbers, or '<code> none' to leave it out of the loss"
    )
    return "\n".join(lines)


def _named(code: str) -> str:
    return f"{code} ({languages.registry()[code].name})" if code in languages.registry() else f"'{code}'"


def _read_vector_file(path: Path, kind: str) -> VectorTable:
    if not Path(path).is_file():
        raise VectorError(f"{path}: there is no such vector file")
    given: VectorTable = {}
    for number, (code, text) in enumerate(read_rows(path), 1):
        try:
            if code in given:
                raise VectorError(f"'{code}' stands there twice; remove one of the lines")
            given[code] = _vector(text.split(), kind)
        except VectorError as fault:
            raise VectorError(f"{path}:{number}: {fault}") from None
    return given


def _vector(fields: list[str], kind: str) -> np.ndarray:
    """Return the vector (dims,) that stands behind a code in a vector file."""
    if fields == ["none"]:
        return np.full(DIMS[kind], np.nan)
    if kind == "geo" and len(fields) == 2:
        latitude, longitude = fields
        return distances(_number(latitude, "latitude", -90, 90), _number(longitude, "longitude", -180, 180))
    if len(fields) != DIMS[kind]:
        place = "a latitude and a longitude, " if kind == "geo" else ""
        found = f"'{fields[0]}'" if len(fields) == 1 else f"{len(fields)} fields"
        raise VectorError(f"expected {place}{DIMS[kind]} numbers or 'none' behind the code, found {found}")
    return np.array([_number(field, f"number {at}", 0, 1) for at, field in enumerate(fields, 1)])


def _number(field: str, name: str, low: float, high: float) -> float:
    try:
        value = float(field)
    except ValueError:
        value = np.nan
    if not low <= value <= high:
        raise VectorError(f"expected a {name} from {low} to {high}, found '{field}'")
    return value
