import pytest

from geolid.data import languages
from geolid.data.languages import UnknownLanguageError


def test_the_registry_is_iso_639_3():
    assert len(languages.registry()) > 7900
    assert languages.get("nob").name == "Norwegian Bokmål"
    assert languages.get("nob").macrolanguage == "nor"
    assert languages.from_part1("sw") == "swa"
    assert "und" not in languages.registry()


@pytest.mark.parametrize(
    ("code", "nearest"),
    [("en", "eng"), ("english", "eng"), ("pt-BR", "por"), ("Norwgian", "nor"), ("DEU", "deu")],
)
def test_an_unknown_code_is_answered_with_the_nearest(code, nearest):
    assert languages.nearest(code)[0].code == nearest
    with pytest.raises(UnknownLanguageError, match=f"'{code}' is no ISO 639-3 code; do you mean {nearest} "):
        languages.get(code)


def test_a_code_like_no_other_is_not_guessed_at():
    with pytest.raises(UnknownLanguageError, match="look it up"):
        languages.get("0123456789")
