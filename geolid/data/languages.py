"""The registry of languages: ISO 639-3 codes, their names, two-letter codes and macrolanguages; and what a label means.

`languages.tsv` holds one language a line: code, two-letter code (ISO 639-1), macrolanguage, name, kind; `retired.tsv`
the codes that were in ISO 639-3 once. utils/make_language_table.py makes both. geolid.data.labels has the labels of
corpora, geolid.data.matching tells which labels count as one language.
"""

import difflib
import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from geolid.data import labels
from geolid.errors import GeoLIDError

_TABLE = Path(__file__).with_name("languages.tsv")
_RETIRED = Path(__file__).with_name("retired.tsv")


class UnknownLanguageError(GeoLIDError):
    """A code that ISO 639-3 does not know, or a label that stands for no language, or for several."""


@dataclass(frozen=True)
class Language:
    code: str  # ISO 639-3
    part1: str  # ISO 639-1, or ""
    macrolanguage: str  # the ISO 639-3 code of the macrolanguage it belongs to, or ""
    name: str
    kind: str  # "" for a living language, else extinct, historical or constructed


@dataclass(frozen=True)
class RetiredCode:
    code: str
    successors: tuple[str, ...]  # the codes in its place: none, one or several
    reason: str
    date: str
    name: str

    def __str__(self) -> str:
        return f"retired from ISO 639-3 on {self.date} ({self.name}: {self.reason})"


@functools.cache
def registry() -> dict[str, Language]:
    """Return every language by its ISO 639-3 code."""
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    return {line[:3]: Language(*line.split("\t")) for line in lines}


@functools.cache
def retired() -> dict[str, RetiredCode]:
    """Return every code that ISO 639-3 had and has no more."""
    rows = (line.split("\t") for line in _RETIRED.read_text(encoding="utf-8").splitlines())
    return {code: RetiredCode(code, tuple(successors.split()), *rest) for code, successors, *rest in rows}


def get(code: str) -> Language:
    """Return the language of an ISO 639-3 code; an unknown code is answered with the nearest ones."""
    language = registry().get(code)
    if language is None:
        raise UnknownLanguageError(f"'{code}' is no ISO 639-3 code; {suggestion(code)}")
    return language


def from_part1(part1: str) -> str:
    """Return the ISO 639-3 code of a two-letter code."""
    code = _by_part1().get(part1)
    if code is None:
        raise UnknownLanguageError(f"'{part1}' is no ISO 639-1 code")
    return code


def members(macrolanguage: str) -> list[Language]:
    """Return the languages that belong to a macrolanguage; none for any other."""
    return [language for language in registry().values() if macrolanguage and language.macrolanguage == macrolanguage]


def resolve(label: str, corpus: str | None = None) -> str:
    """Return the ISO 639-3 code that a label stands for.

    With a corpus, one of `labels.names()`, it is what that corpus means, and nothing but its labels is taken; labels
    that are free stay what they are. Without, in this order: codes of ISO 639 (639-3, 639-1, 639-2, and those
    withdrawn or retired that have one successor), with script and region behind them or not (`pt-BR`, `cmn_hans_cn`);
    what any corpus calls so, if all mean the same; English names.
    """
    if corpus is not None:
        return _resolve_in(label, corpus)
    code = _find(label)
    if code is None:
        raise UnknownLanguageError(f"'{label}' is neither a code nor a name of a language; {suggestion(label)}")
    return code


def labels_of(code: str, corpus: str) -> list[str]:
    """Return the labels that a corpus has for a language, its usual one first; none where it does not have it."""
    entries = labels.read(corpus)
    found = [entry.label for entry in entries.values() if entry.code == code]
    if corpus in labels.FREE or corpus in labels.ISO_OTHERWISE and code not in entries:
        return list(dict.fromkeys([code, *found]))
    return found


def _resolve_in(label: str, corpus: str) -> str:
    found = labels.find(label.strip(), corpus)
    if found is not None:
        return found.code
    if corpus in labels.FREE:
        if not label or re.search(r"\s", label):
            raise UnknownLanguageError(f"{corpus}: the label '{label}' is empty or has a blank; write it as one word")
        return label
    if corpus in labels.ISO_OTHERWISE:
        return get(label.strip()).code
    code = _find(label)
    calls = labels_of(code, corpus) if code else []
    hint = (
        f"did you mean {calls[0]}, as it calls {get(code).name}?"
        if calls
        else f"it has {len(labels.read(corpus))} others, see python -m geolid.bin.languages --corpus {corpus}"
    )
    raise UnknownLanguageError(f"'{label}' is no label of {corpus} ({labels.about(corpus)}); {hint}")


@functools.cache
def _by_part1() -> dict[str, str]:
    return {language.part1: language.code for language in registry().values() if language.part1}


@functools.cache
def _by_name() -> dict[str, str]:
    """Return codes by English names in small letters; without what stands in brackets too, where nothing else is so."""
    short: dict[str, set[str]] = {}
    for language in registry().values():
        short.setdefault(language.name.partition(" (")[0].lower(), set()).add(language.code)
    whole = {language.name.lower(): language.code for language in registry().values()}
    return {**{name: min(codes) for name, codes in short.items() if len(codes) == 1}, **whole}


def _find(label: str) -> str | None:
    """Return the one code that a label stands for, whoever says it; None if there is none, or several."""
    wanted = label.strip()
    return (
        _code(wanted.lower())
        or _tag(wanted.lower())
        or _only({found.code for name in labels.names() if (found := labels.find(wanted, name))})
        or _by_name().get(wanted.lower())
    )


def _code(code: str) -> str | None:
    if code in registry():
        return code
    for standard in labels.STANDARDS:
        if found := labels.find(code, standard):
            return found.code
    return _by_part1().get(code) or (_only(retired()[code].successors) if code in retired() else None)


_SCRIPT_OR_REGION = re.compile("[a-z]{4}|[a-z]{2}|[0-9]{3}")


def _tag(tag: str) -> str | None:
    """Return the code of a language tag: a code, then a script, a region or both."""
    first, *rest = tag.replace("_", "-").split("-")
    if not rest:
        return None
    if rest[0] in registry() and registry()[rest[0]].macrolanguage == _code(first):  # zh-yue
        first, *rest = rest
    return _code(first) if len(rest) <= 2 and all(map(_SCRIPT_OR_REGION.fullmatch, rest)) else None


def _only(codes: Iterable[str]) -> str | None:
    """Return the one that there is."""
    different = set(codes)
    return different.pop() if len(different) == 1 else None


@functools.cache  # a table may hold the same unknown code a million times
def suggestion(code: str, most: int = 3) -> str:
    """Say which codes may be meant by one that is not known."""
    near = nearest(code, most)
    history = f"it was {retired()[code]}; " if code in retired() else ""
    if not near:
        return f"{history}look it up on https://iso639-3.sil.org"
    return f"{history}do you mean " + " or ".join(f"{language.code} ({language.name})" for language in near) + "?"


def nearest(code: str, most: int = 3) -> list[Language]:
    """Return the languages most like a code that is not known: by what it is elsewhere, by spelling, by name.

    Of a code that ISO 639-3 has retired, all that are in its place.
    """
    wanted = code.strip().lower()
    if wanted in retired():
        return [registry()[successor] for successor in retired()[wanted].successors]
    meant = _find(code)
    stem = wanted.replace("_", "-").split("-")[0]
    same = [registry()[meant]] if meant else []
    same += [language for language in registry().values() if stem and stem in (language.part1, language.code)]
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
