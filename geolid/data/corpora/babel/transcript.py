"""Transcripts: time marks in brackets, a line each, with what is said between two of them; and which of it are words.

[0.000]
<no-speech>
[3.275]
hello <breath> hel- <click>
[5.040]
"""

import functools
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from geolid.errors import GeoLIDError

_MARK = re.compile(r"\[(\d+(?:\.\d*)?)\]")
_FRAGMENT_MARKS = "-*~"  # broken off, mispronounced, cut by the recording's end


class TranscriptError(GeoLIDError):
    """A transcript that says nothing certain about its recording."""


class Stretch(NamedTuple):
    start: float  # seconds
    end: float
    text: str


def read_transcript(path: Path) -> list[Stretch]:
    """Return what stands between the time marks; marks with nothing between them make no stretch."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise TranscriptError(f"not UTF-8: {path}") from None
    stretches: list[Stretch] = []
    start: float | None = None
    said: list[str] = []
    for number, line in enumerate(map(str.strip, lines), 1):
        if line.startswith("[") and line.endswith("]"):
            time = _time(path, number, line)
            if start is not None and time < start:
                raise TranscriptError(f"time runs backwards, from {start:g} to {time:g} s: {path}:{number}")
            if start is not None and said:
                stretches.append(Stretch(start, time, " ".join(said)))
            start, said = time, []
        elif line and start is None:
            raise TranscriptError(f"text before the first time mark: {path}:{number}")
        elif line:
            said.append(line)
    if start is None:
        raise TranscriptError(f"no time marks: {path}")
    if said:
        raise TranscriptError(f"cut short: {path}: it ends without a closing time mark")
    return stretches


def _time(path: Path, number: int, line: str) -> float:
    mark = _MARK.fullmatch(line)
    if not mark:
        raise TranscriptError(f"expected a time such as [3.275], found '{line}': {path}:{number}")
    return float(mark[1])


def has_word(text: str, lexicon: frozenset[str] | None) -> bool:
    """Return whether any of what is said is a word of the lexicon; without one, whether any is whole and has letters.

    What stands in angle brackets is a noise, a hesitation or a remark, and no word even where a lexicon has it.
    """
    tokens = [token for token in text.split() if not (token.startswith("<") and token.endswith(">"))]
    if lexicon is None:
        return any(any(map(str.isalpha, token)) and token.strip("-") == token for token in tokens)
    return any(_plain(token) in lexicon or _plain(token.strip(_FRAGMENT_MARKS)) in lexicon for token in tokens)


@functools.lru_cache(maxsize=2)  # recordings come pack after pack
def read_lexicon(path: Path) -> frozenset[str]:
    """Return the words of a lexicon, the first field of each line, whatever their case."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise GeoLIDError(f"{path}: not UTF-8; unpack its pack anew, or convert it with iconv -t UTF-8") from None
    words = (line.split(None, 1)[0] for line in lines if line.strip())
    return frozenset(_plain(word) for word in words)


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word.casefold())
