"""What there is to say: real words of the language, which its voice can read."""

import re

import pytest

from conftest import ROOT
from geolid.data.corpora.mini import espeak
from geolid.data.corpora.mini.accents import Accent, CannotSpeakError, other_accents, spoken_languages, trained_accent
from geolid.data.corpora.mini.espeak import Voice
from geolid.data.corpora.mini.words import words_by_accent, words_to_say
from geolid.errors import GeoLIDError

SCRIPT = (ROOT / "local/prepare_mini.sh").read_text()
DEFAULT_LANGUAGES = re.search(r'^languages="(.*?)"', SCRIPT, re.MULTILINE)[1].split()


def words_of(lang: str) -> list[str]:
    return words_to_say(trained_accent(lang))


def test_the_default_languages_are_24_with_close_pairs_and_all_that_have_accents():
    assert len(set(DEFAULT_LANGUAGES)) == len(DEFAULT_LANGUAGES) == 24
    for group in ("por spa", "ces pol", "rus ukr", "nld deu", "swe dan", "eng spa fra por vie"):
        assert set(group.split()) <= set(DEFAULT_LANGUAGES)


@pytest.mark.parametrize("lang", DEFAULT_LANGUAGES)
def test_every_default_language_has_plenty_of_words_without_digits_and_capitals(lang):
    words = words_of(lang)
    assert len(words) >= 200
    assert words == sorted(set(words))
    assert not [word for word in words if re.search(r"\d", word) or re.search(r"\b[A-Z]{2,}\b", word)]


def test_words_are_places_languages_currencies_months_and_days():
    assert {"Danemark", "danois", "couronne danoise", "janvier", "lundi"} - {"Danemark"} <= set(words_of("fra"))
    assert {"Германия", "немецкий", "рубль", "январь", "января", "понедельник"} - {"рубль"} <= set(words_of("rus"))


def test_the_months_of_one_language_do_not_come_up_in_another_that_is_read_after_it():
    """Babel gives Hindi the stand-alone months of Chinese when Chinese was asked for first."""
    assert "十二月" in words_of("cmn")
    assert not [word for word in words_of("hin") if re.search(r"[\u4e00-\u9fff]", word)]


@pytest.mark.parametrize(("voice", "locale"), [("en", "ru"), ("ru", "el"), ("hi", "zh"), ("tr", "ja")])
def test_a_script_that_the_voice_can_only_spell_is_refused(voice, locale):
    with pytest.raises(CannotSpeakError, match=r"it takes 100$") as refused:
        words_to_say(Accent("eng", voice, locale))
    assert int(re.search(r"can read (\d+)", str(refused.value))[1]) < 20


@pytest.mark.parametrize(
    ("lang", "found"),
    [
        ("chr", r"^chr \(Cherokee\): CLDR, .* has 918 names in it, of which .* 'chr' can read 0, and it takes 100$"),
        ("hat", r"has 0 names in it"),  # Babel would give French words
        ("haw", r"has 69 names in it"),
        ("bas", r"^bas \(Basa \(Cameroon\)\): espeak-ng has no voice for it; it has one for each of afr amh "),
        ("xyz", r"'xyz' is no ISO 639-3 code; do you mean"),
        ("en", r"'en' is no ISO 639-3 code; do you mean eng"),
    ],
)
def test_a_language_that_cannot_be_spoken_is_refused_with_what_was_found(lang, found):
    with pytest.raises(GeoLIDError, match=found):
        words_of(lang)


@pytest.mark.parametrize(
    ("lang", "voice", "locale"),
    [("eng", "en", "en_GB"), ("por", "pt", "pt_PT"), ("swa", "sw", "sw"), ("nob", "nb", "nb"), ("cmn", "cmn", "cmn")],
)
def test_a_language_finds_its_voice_and_its_words(lang, voice, locale):
    assert trained_accent(lang) == Accent(lang, voice, locale)
    assert lang in spoken_languages()


def test_a_letter_is_a_syllable_in_chinese_and_words_that_go_to_another_voice_are_dropped():
    assert "星期一" in words_of("cmn")
    assert "Việt Nam" in words_of("vie")
    assert "Afghanistan" not in words_of("vie")


@pytest.mark.parametrize("lang", ["eng", "fra", "por", "spa", "vie"])
def test_an_accent_says_what_sounds_otherwise_than_the_trained_one(lang):
    assert other_accents(lang)
    for accent in other_accents(lang):
        words = words_to_say(accent)
        assert len(words) >= 16
        sounds = [
            espeak.say(Voice(voice, "f1", 160, 50), words[:1], 5.0, 9.0).samples.tobytes()
            for voice in (trained_accent(lang).voice, accent.voice)
        ]
        assert sounds[0] != sounds[1]


def test_accents_come_with_their_language_after_the_trained_one():
    assert [accent.name for accent in words_by_accent("fra")] == ["", "belgium", "switzerland"]
    assert [accent.name for accent in words_by_accent("deu")] == [""]
