"""Whether two labels are the same language: strictly, by their codes, or tolerantly, by the table one_language.tsv.

Corpora call one speech by codes of different width: Norwegian is `nor` in one, `nob` in another; Mongolian `mon` or
`khk`. The table says, label by label, what counts as one language, and why. What it does not name is told apart.
"""

import functools
from pathlib import Path

from geolid.data import languages

STRICT, TOLERANT = "strict", "tolerant"
MATCHINGS = (STRICT, TOLERANT)
ALL_MEMBERS = "*"
_TABLE = Path(__file__).with_name("one_language.tsv")


@functools.cache
def reasons() -> dict[str, str]:
    """Return why a language counts with others, or stays apart, by the first label of its line."""
    return {first: why for first, _, why in _rows()}


def counts_as(code: str) -> str:
    """Return the label under which a language is counted when matching is tolerant; mostly its own."""
    return _counts_as().get(code, code)


def match(code: str, other: str, tolerant: bool = False) -> bool:
    """Return whether two labels are the same language."""
    return code == other or tolerant and counts_as(code) == counts_as(other)


def counted_with(code: str) -> list[str]:
    """Return the other labels that count as the same language when matching is tolerant."""
    same = {other for other, first in _counts_as().items() if first == counts_as(code)} | {counts_as(code)}
    return sorted(same - {code})


@functools.cache
def _counts_as() -> dict[str, str]:
    return {code: first for first, also, _ in _rows() for code in _listed(first, also)}


def _listed(first: str, also: str) -> list[str]:
    if also == ALL_MEMBERS:
        return [language.code for language in languages.members(first)]
    return also.split()


def _rows() -> list[tuple[str, str, str]]:
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if not line.startswith("#")][1:]
    return [tuple(line.split("\t")) for line in rows]
