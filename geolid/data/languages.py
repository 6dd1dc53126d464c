"""The registry of languages: ISO 639-3 codes, their names, two-letter codes and macrolanguages.

`languages.tsv` holds one language a line: code, two-letter code (ISO 639-1), macrolanguage, name;
utils/make_language_table.py makes it.
"""

import difflib
import functools
from dataclasses import dataclass
from pathlib import Path

from geolid.errors import GeoLIDError

_TABLE = Path(__file__).with_name("languages.tsv")


class UnknownLanguageError(GeoLIDError):
    """A code that ISO 639-3 does not know."""


@dataclass(frozen=True)
class Language:
    code: str  # ISO 639-3
    part1: str  # ISO 639-1, or ""
    macrolanguage: str  # the ISO 639-3 code of the macrolanguage it belongs to, or ""
    name: str


@functools.cache
def registry() -> dict[str, Language]:
    """Return every language by its ISO 639-3 code."""
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    return {line[:3]: Language(*line.split("\t")) for line in lines}


def get(code: str) -> Language:
    """Return the language of an ISO 639-3 code; an unknown code is answered with the nearest ones."""
    language = registry().get(code)
    if language is None:
        raise UnknownLanguageError(f"'{code}' is no ISO 639-3 code; {suggestion(code)}")
    return language


def from_part1(part1: str) -> str:
    """Return the ISO 639-3 code of a two-letter code."""
    for language in registry().values():
        if part1 and language.part1 == part1:
            return language.code
    raise UnknownLanguageError(f"'{part1}' is no ISO 639-1 code")


@functools.cache  # a table may hold the same unknown code a million times
def suggestion(code: str, most: int = 3) -> str:
    """Say which codes may be meant by one that is not known."""
    near = nearest(code, most)
    if not near:
        return "look it up on https://iso639-3.sil.org"
    return "do you mean " + " or ".join(f"{language.code} ({language.name})" for language in near) + "?"


def nearest(code: str, most: int = 3) -> list[Language]:
    """Return the languages most like a code that is not known: by two-letter code, by spelling, by name."""
    wanted = code.strip().lower()
    stem = wanted.replace("_", "-").split("-")[0]
    same = [language for language in registry().values() if stem in (language.part1, language.code)]
    ranked = sorted(((_likeness(wanted, language), language) for language in registry().values()), key=lambda p: -p[0])
    alike = [language for likeness, language in ranked[:most] if likeness > _UNLIKE]
    return list(dict.fromkeys(same + alike))[:most]


_UNLIKE = 0.6


def _likeness(wanted: str, language: Language) -> float:
    """Return how like a code or a name is, from 0 to 1; a little more for a language with a two-letter code."""
    matcher = difflib.SequenceMatcher(b=wanted)
    best = 0.0
    for word in (language.code, language.name.lower()):
        matcher.set_seq1(word)
        if matcher.real_quick_ratio() > _UNLIKE and matcher.quick_ratio() > max(best, _UNLIKE):
            best = max(best, matcher.ratio())
    return best + 0.15 if best and language.part1 else best
