"""Which scripts a language is written in."""

import pytest

from geolid.data import labels
from geolid.data.check.scripts import letter_names, scripts_of


@pytest.mark.parametrize(
    ("code", "scripts"),
    [
        ("deu", {"Latn"}),
        ("rus", {"Cyrl"}),
        ("hin", {"Deva"}),
        ("srp", {"Cyrl", "Latn"}),
        ("jpn", {"Jpan"}),
        ("cmn", {"Bopo", "Hanb", "Hans", "Hant"}),  # those of Chinese
        ("khk", {"Cyrl", "Mong"}),  # those of Mongolian
        ("qaa", set()),
    ],
)
def test_scripts_of_a_language(code, scripts):
    found = scripts_of(code)
    assert found == scripts or (code == "cmn" and {"Hans", "Hant"} <= found <= scripts)


def test_almost_every_language_of_the_corpora_has_its_script():
    codes = {
        entry.code for name in ("voxlingua107", "fleurs", "babel", "voxpopuli") for entry in labels.read(name).values()
    }
    assert {code for code in codes if not letter_names(code)} == set()


def test_a_romanised_spelling_is_no_script_of_its_language():
    assert not {"LATIN"} & {*letter_names("hin"), *letter_names("cmn")}
