"""What there is to say: names of places, languages, currencies, months and days, as CLDR writes them in each language.

Names are dropped that a voice would not read as words: with digits, abbreviations, signs, or in letters that it can
only spell, pass over, or give to the voice of another language.
"""

import re
import unicodedata

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from geolid.data import languages
from geolid.data.corpora.mini import espeak
from geolid.data.corpora.mini.accents import Accent, CannotSpeakError, other_accents, trained_accent
from geolid.data.corpora.mini.child import in_a_child

MIN_WORDS = 100
_JOINERS = "\u200c\u200d"  # between letters of Persian, Sinhala and others
_SIGNS = " -'\u2019\u00b7" + _JOINERS
_YEARS = "0123456789()\u2013"
_SYLLABIC_VOICES = ("cmn", "ja", "yue")


def words_by_accent(lang: str) -> dict[Accent, list[str]]:
    """Return what each accent of a language has to say, the one that is trained on first."""
    return {accent: words_to_say(accent) for accent in (trained_accent(lang), *other_accents(lang))}


def words_to_say(accent: Accent) -> list[str]:
    """Return what a voice can read of the names of its locale, sorted; too few of them is an error.

    An accent that is only tested on says what it says otherwise than the voice that is trained on. Names with years are
    among it: by nothing else does espeak-ng tell Belgium and Switzerland ("nonante") from France.
    """
    names = in_a_child(_names, accent.lang, accent.locale)
    plain = [name for name in names if _is_plain(name, signs=_SIGNS + _YEARS if accent.name else _SIGNS)]
    readings = espeak.pronounce(accent.voice, plain)
    words = {
        word: reading for word, reading in zip(plain, readings, strict=True) if _is_read(word, reading, accent.voice)
    }
    if accent.name:
        usual = espeak.pronounce(trained_accent(accent.lang).voice, list(words))
        return [word for word, reading in zip(words, usual, strict=True) if words[word] != reading]
    if len(words) < MIN_WORDS:
        raise CannotSpeakError(
            f"{accent.lang} ({languages.get(accent.lang).name}): CLDR, as Babel brings it, has {len(names)} names in "
            f"it, of which espeak-ng's voice '{accent.voice}' can read {len(words)}, and it takes {MIN_WORDS}"
        )
    return list(words)


def _names(lang: str, tag: str) -> list[str]:
    """Return the names of a locale, sorted; none if there is no such locale."""
    try:
        locale = Locale.parse(tag)
    except UnknownLocaleError:
        return []
    if _borrows(lang, tag):
        return []
    tables = [locale.territories, locale.languages, locale.currencies]
    tables += [forms["wide"] for calendar in (locale.months, locale.days) for forms in calendar.values()]
    return sorted({name for table in tables for name in table.values()})


def _borrows(lang: str, tag: str) -> bool:
    """Say whether a locale takes what it lacks from another language, as that of Haiti takes everything from French."""
    parent = get_global("parent_exceptions").get(tag, tag).split("_")[0]
    return parent != tag.split("_")[0] and languages.from_part1(parent) != languages.get(lang).macrolanguage


def _is_plain(name: str, signs: str) -> bool:
    """Say whether a name is made of letters and of these signs, and none of its words is a group of capitals."""
    letters = all(char.isalpha() or unicodedata.category(char)[0] == "M" or char in signs for char in name)
    return letters and not any(len(word) > 1 and word.isupper() for word in _words(name))


def _is_read(text: str, reading: str, voice: str) -> bool:
    """Judge by the IPA of a text whether the voice reads it, and does not spell it, skip it or change language.

    A word that is spelt gives a group of sounds for each letter. That is right for digits, and where a letter is a
    syllable.
    """
    groups = len(reading.split())
    most = len(_words(text)) + sum(char.isdigit() or voice in _SYLLABIC_VOICES for char in text)
    return 0 < groups <= most and "(" not in reading


def _words(text: str) -> list[str]:
    return re.findall(r"[^ -]+", text)
