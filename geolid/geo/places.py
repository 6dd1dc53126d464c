"""Places on the globe, and lang2vec's `geo` vectors: how far a place is from 299 points.

The points lie on a golden spiral from pole to pole. lang2vec's feature names, `GC_<latitude>_<longitude>`, are the same
points rounded to whole degrees; measured from those, distances would be off by up to 80 km. Measured from the points
themselves they are the package's own, to its four digits.
"""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

HALF_CIRCUMFERENCE_KM = 20015.0  # of the sphere that stands for the earth; a distance of 1 in a vector
_POINTS = 299
_GOLDEN_ANGLE = 180 * (3 - 5**0.5)  # degrees


class Place(NamedTuple):
    latitude: float  # degrees north
    longitude: float  # degrees east, -180 to 180


def grid() -> np.ndarray:
    """Return latitude and longitude, in degrees, of the points that vectors are measured from: (299, 2)."""
    number = np.arange(1, _POINTS + 1)
    latitudes = np.degrees(np.arcsin(2 * number / _POINTS - 1))
    longitudes = -_GOLDEN_ANGLE * number % 360 - 180
    return np.stack([latitudes, longitudes], axis=1)


def distances(latitudes: ArrayLike, longitudes: ArrayLike) -> np.ndarray:
    """Return the geo vectors of places: (places, 299), each number from 0 to 1."""
    to_points = _units(latitudes, longitudes)[..., None, :]
    return (_angles(to_points, _points()) / np.pi).astype(np.float32)


def places(vectors: ArrayLike) -> np.ndarray:
    """Return the latitudes and longitudes, in degrees, that fit geo vectors best: (places, 299) -> (places, 2).

    The cosine of the angle to a point is linear in the place's own unit vector, so least squares over the 299 points
    are one product of matrices: nothing to iterate, no start to choose. A vector of NaN has a place of NaN.
    """
    cosines = np.cos(np.pi * np.asarray(vectors, dtype=np.float64))
    x, y, z = np.moveaxis(cosines @ np.linalg.pinv(_points()).T, -1, 0)
    return np.degrees(np.stack([np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)], axis=-1))


def place(vector: ArrayLike) -> Place:
    """Return the place of one geo vector (299,)."""
    latitude, longitude = places(vector)
    return Place(float(latitude), float(longitude))


def distance_km(
    latitude: ArrayLike, longitude: ArrayLike, other_latitude: ArrayLike, other_longitude: ArrayLike
) -> np.ndarray:
    """Return great-circle distances between places in degrees; the arrays may be of any shapes that fit each other."""
    angles = _angles(_units(latitude, longitude), _units(other_latitude, other_longitude))
    return angles / np.pi * HALF_CIRCUMFERENCE_KM


@functools.cache
def _points() -> np.ndarray:
    """Return the points as unit vectors, (299, 3)."""
    return _units(*grid().T)


def _units(latitudes: ArrayLike, longitudes: ArrayLike) -> np.ndarray:
    """Return unit vectors from the middle of the earth to places in degrees, (..., 3)."""
    latitudes, longitudes = np.broadcast_arrays(np.radians(latitudes), np.radians(longitudes))
    return np.stack(
        [np.cos(latitudes) * np.cos(longitudes), np.cos(latitudes) * np.sin(longitudes), np.sin(latitudes)], axis=-1
    )


def _angles(units: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the angles, in radians, between unit vectors (..., 3); this form is exact from zero to the antipodes."""
    return 2 * np.arctan2(np.linalg.norm(units - others, axis=-1), np.linalg.norm(units + others, axis=-1))
