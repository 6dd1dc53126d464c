"""Places and families of languages, straight from lang2vec's files."""

import numpy as np

from geolid.geo.atlas import known_places, lineages, place_of, places_of
from geolid.geo.vectors import language_places


def test_places_are_those_of_the_vectors():
    codes = ["deu", "fra", "mri", "haw", "swa"]
    assert np.allclose([known_places()[code] for code in codes], language_places(codes))
    assert len(known_places()) > 7900


def test_what_nobody_speaks_is_nowhere():
    assert "zbl" in lineages(["zbl"]) and place_of("zbl") is None
    assert place_of("tok") is None
    assert place_of("no-code") is None


def test_a_language_that_is_not_known_takes_the_place_and_family_of_its_macrolanguage():
    assert "cnr" not in known_places()
    assert place_of("cnr") == known_places()["hbs"]
    assert lineages(["ekk"])["ekk"] == lineages(["est"])["est"]


def test_families_come_from_the_widest_to_the_narrowest():
    lines = lineages(["deu", "rus", "tok"])
    assert lines["deu"][:3] == ("Indo-European", "Germanic", "Northwest Germanic")
    assert lines["rus"] == ("Indo-European", "Balto-Slavic", "Slavic", "East Slavic")
    assert lines["tok"] == ()


def test_a_vector_file_wins(tmp_path):
    vector_file = tmp_path / "places"
    vector_file.write_text("deu 10 20\nfra none\nxxx 1 2\n")
    places = places_of(["deu", "fra", "ita"], vector_file)
    assert np.allclose(places["deu"], (10, 20), atol=0.1)
    assert places["fra"] is None
    assert places["ita"] == place_of("ita")


def test_a_vector_file_that_a_model_was_not_sent_with_is_done_without(tmp_path):
    assert places_of(["deu"], tmp_path / "gone") == {"deu": place_of("deu")}
