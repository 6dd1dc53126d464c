from pathlib import Path

import numpy as np
import pytest

from geolid.geo.places import HALF_CIRCUMFERENCE_KM, Place, distance_km, distances, grid, place, places


@pytest.fixture(scope="module")
def package():
    """What lang2vec has of all its languages: the names of the points, and vectors (languages, 299)."""
    import lang2vec

    tables = np.load(Path(lang2vec.__file__).parent / "data" / "geocoord_features.npz")
    vectors = tables["data"][:, :, 0]
    vectors = vectors[vectors.min(axis=1) < 1]  # without the five codes that it gives 1 everywhere
    assert len(vectors) == 7965
    return tables["feats"].tolist(), vectors


def test_the_points_are_those_of_the_package(package):
    names, _ = package
    assert [f"GC_{round(latitude)}_{round(longitude)}" for latitude, longitude in grid()] == names


def test_every_vector_of_the_package_comes_back_from_its_place(package):
    """To the four digits that it has; the place itself is found to within the half of the last digit, 1 km."""
    _, vectors = package
    assert np.abs(distances(*places(vectors).T) - vectors).max() < 0.000_062


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (0, 0),
        (90, 0),
        (-90, 0),
        (0, 180),
        (0, -180),
        (-17.8, 179.99),
        (66, -179.99),
        (0, 90),
        *grid()[::60],
        *-grid()[::60],
    ],
)
def test_a_place_comes_back_from_its_vector_wherever_it_is(latitude, longitude):
    """Poles, date line, and the points themselves, which are 0 away from one of them, or its antipodes."""
    found = place(distances(latitude, longitude))
    assert isinstance(found, Place)
    assert distance_km(*found, latitude, longitude) < 0.1
    assert -180 <= found.longitude <= 180


def test_noise_moves_a_place_by_far_less_than_its_own_size(package):
    """0.02 of half the circumference are 400 km, 299 of them that differ in sign a few dozen."""
    _, vectors = package
    noise = np.random.default_rng(0).normal(0, 0.02, vectors.shape)
    moved = distance_km(*places(vectors).T, *places(vectors + noise).T)
    assert moved.mean() < 50
    assert moved.max() < 200


@pytest.mark.parametrize("confidence", [0.6, 1.4])
def test_a_timid_or_a_bold_prediction_keeps_its_direction(package, confidence):
    """A model that is unsure predicts all distances nearer to the middle; another may leave the range of 0 to 1."""
    _, vectors = package
    moved = distance_km(*places(vectors).T, *places(0.5 + confidence * (vectors - 0.5)).T)
    assert moved.max() < 300


def test_only_the_row_of_nan_has_no_place():
    found = places(np.stack([distances(48, 2), np.full(299, np.nan)]))
    assert np.abs(found[0] - [48, 2]).max() < 0.001
    assert np.isnan(found[1]).all()
    assert np.isnan(distances(np.nan, np.nan)).all()


def test_distances_in_km():
    paris, fiji = (48.8566, 2.3522), (-17.8, 179.9)
    assert distance_km(*paris, 51.5074, -0.1278) == pytest.approx(344, abs=1)  # London
    assert distance_km(*fiji, -17.8, -179.9) == pytest.approx(21.2, abs=0.1)  # across the date line
    assert distance_km(*paris, *paris) == 0
    assert distance_km(10, 20, -10, -160) == pytest.approx(HALF_CIRCUMFERENCE_KM)
    assert distance_km(0, 0, 0, 1e-6) == pytest.approx(0.0001112, rel=1e-3)
    assert distance_km([[0], [10]], [[0], [0]], [0, 0, 0], [0, 1, 2]).shape == (2, 3)
