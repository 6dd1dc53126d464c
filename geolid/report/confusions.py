"""Which languages are taken for which, and how far apart these are spoken."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geolid.geo.atlas import places_of
from geolid.geo.places import distance_km


@dataclass(frozen=True)
class Confusion:
    reference: str
    predicted: str
    count: int
    km: int | None  # between the places of the two; None where a language has no place


def confusions(
    confusion: np.ndarray, languages: Sequence[str], vector_file: Path | None, with_places: bool = True
) -> list[Confusion]:
    """Return what was taken for something else, the most frequent first, from a matrix (languages, languages + 1)."""
    counts = confusion[:, : len(languages)] * ~np.eye(len(languages), dtype=bool)
    pairs = np.argwhere(counts)
    codes = {languages[at] for at in np.unique(pairs)}
    places = places_of(codes, vector_file) if with_places else dict.fromkeys(codes)
    found = []
    for reference, predicted in pairs:
        here, there = places[languages[reference]], places[languages[predicted]]
        km = round(float(distance_km(*here, *there))) if here and there else None
        found.append(Confusion(languages[reference], languages[predicted], int(counts[reference, predicted]), km))
    return sorted(found, key=lambda pair: (-pair.count, pair.reference, pair.predicted))
