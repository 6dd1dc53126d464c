"""Is the text of an utterance in a script that its language is written in? If not, its label may be another's.

The scripts of languages are those of CLDR, which the package Babel ships; a language that CLDR does not know is not
looked at, and a language with several scripts may be in any of them.
"""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from geolid.data import languages
from geolid.data.check.findings import Case, Finding, Severity, counted, some
from geolid.data.check.one_set import OneSet, values_of

# Marks in transcripts, such as <cough> and (()), which are no words of the language.
_MARKS = re.compile(r"<[^>]*>|\[[^]]*\]|\(\(|\)\)")
_LETTERS_LOOKED_AT = 60  # of an utterance
_FEWEST_LETTERS = 3
# Now and then a whole utterance is foreign: names, titles. From this share of a language on it is no accident.
_SHARE = 0.01

# What the names of letters begin with in Unicode, where it is not what CLDR calls their script.
_LETTER_NAMES = {
    "Beng": ("BENGALI",),
    "Bopo": ("BOPOMOFO", "CJK"),
    "Cans": ("CANADIAN SYLLABICS",),
    "Cyrs": ("CYRILLIC",),
    "Hanb": ("CJK", "BOPOMOFO"),
    "Hani": ("CJK",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA"),
    "Kore": ("HANGUL", "CJK"),
    "Mtei": ("MEETEI MAYEK",),
    "Nkoo": ("NKO",),
    "Orya": ("ORIYA",),
    "Plrd": ("MIAO",),
    "Rohg": ("HANIFI ROHINGYA",),
    "Lana": ("TAI THAM",),
    "Lisu": ("LISU", "LATIN"),
}
# CLDR has a Latin spelling of these for keyboards; transcripts do not use it.
_ROMANISED = {("hi", "Latn"), ("zh", "Latn")}


def script_findings(checked: OneSet) -> Iterator[Finding]:
    """Tell of texts in an unexpected script, language by language."""
    text = checked.data_dir / "text"
    if not text.exists() or not checked.has_languages:
        return
    looked_at: Counter[str] = Counter()
    odd: dict[str, list[Case]] = {}
    seen: dict[str, Counter[str]] = {}
    for index, words in enumerate(values_of(text, checked.utts)):
        language = checked.languages.name(index)
        expected = letter_names(language)
        if not words or not expected:
            continue
        counts = _letters(words)
        total = sum(counts.values())
        if total < _FEWEST_LETTERS:
            continue
        looked_at[language] += 1
        right = sum(count for name, count in counts.items() if name.startswith(expected))
        if 2 * right < total:
            script = next(n for n, _ in counts.most_common() if not n.startswith(expected)).split()[0].capitalize()
            seen.setdefault(language, Counter())[script] += 1
            case = Case(checked.name, checked.utts[index], f"{language}, text in {script}: {words[:40]}")
            odd.setdefault(language, []).append(case)
    often = {language for language, cases in odd.items() if len(cases) >= _SHARE * looked_at[language]}
    yield from _finding(checked, Severity.WARNING, {k: v for k, v in odd.items() if k in often}, seen)
    yield from _finding(checked, Severity.NOTE, {k: v for k, v in odd.items() if k not in often}, seen)


def _finding(checked: OneSet, severity: Severity, odd: dict, seen: dict) -> Iterator[Finding]:
    if odd:
        cases = [case for language in sorted(odd) for case in odd[language]]
        listed = [f"{len(odd[name]):,} of {name} in {some(list(seen[name]), 2)}" for name in sorted(odd)]
        yield Finding(
            severity,
            "scripts",
            checked.name,
            f"{counted(len(cases), 'text')} in a script that the language is not written in: {some(listed)}",
            "listen to some: the label may be wrong, or the text is a transliteration",
            cases,
        )


def _letters(words: str) -> Counter[str]:
    """Count the letters of a text by the beginning of their Unicode names."""
    counts: Counter[str] = Counter()
    letters = (name for char in _MARKS.sub("", words) if (name := _letter_name(char)))
    for _, name in zip(range(_LETTERS_LOOKED_AT), letters, strict=False):
        counts[name] += 1
    return counts


@functools.cache
def _letter_name(char: str) -> str:
    """Return a letter's name as far as its script goes, such as 'CYRILLIC SMALL'; '' for what is no letter."""
    if unicodedata.category(char) not in ("Lu", "Ll", "Lt", "Lo"):
        return ""
    name = unicodedata.name(char, "").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ")
    return " ".join(name.split()[:2])


@functools.cache
def letter_names(code: str) -> tuple[str, ...]:
    """Return what the names of a language's letters begin with; () where its scripts are not known."""
    return tuple(sorted(name for script in scripts_of(code) for name in _names_of_script(script)))


@functools.cache
def scripts_of(code: str) -> frozenset[str]:
    """Return the scripts of a language by ISO 15924 codes; those of its macrolanguage where it has none of its own."""
    language = languages.registry().get(code)
    if language is None:
        return frozenset()
    for tag in (language.part1, language.code):
        if tag in _scripts():
            return frozenset(_scripts()[tag])
    return scripts_of(language.macrolanguage) if language.macrolanguage else frozenset()


@functools.cache
def _scripts() -> dict[str, set[str]]:
    """Return the scripts of each CLDR language: the likely one, those likely in some region, those of its locales."""
    from babel.core import get_global
    from babel.localedata import locale_identifiers

    tags = [likely for tag, likely in get_global("likely_subtags").items() if not re.search("_[A-Z][a-z]{3}", tag)]
    found: dict[str, set[str]] = {}
    for tag in [*tags, *locale_identifiers()]:
        match = re.match("([a-z]+)_([A-Z][a-z]{3})", tag)
        if match and match.groups() not in _ROMANISED:
            found.setdefault(match[1], set()).add(match[2])
    return found


@functools.cache
def _names_of_script(script: str) -> tuple[str, ...]:
    from babel import Locale

    return _LETTER_NAMES.get(script) or (Locale("en").scripts.get(script, script).upper(),)
