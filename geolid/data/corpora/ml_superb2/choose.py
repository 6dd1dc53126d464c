"""Which utterances are taken, and what language they are of.

Labels are ISO 639-3 codes with a few exceptions, which the registry knows. What is left out is named with its reason.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from geolid.data import languages
from geolid.data.corpora.ml_superb2 import CORPUS
from geolid.data.corpora.prepare import Choice
from geolid.errors import GeoLIDError

# The official evaluation leaves these out.
NORWEGIAN = frozenset(["nno", "nob", "nor"])
# An id becomes a file name, and the key of tables.
_ID = re.compile(r"[^\s/.][^\s/]*")


class Listed(NamedTuple):
    """An utterance as the corpus lists it."""

    id: str
    label: str
    text: str
    table: str  # the file that lists it
    row: int  # its place there
    audio: str = ""  # its own file; none where the table holds the audio

    @property
    def place(self) -> str:
        return f"{self.table}:{self.row}"


class Taken(NamedTuple):
    utt: str
    lang: str  # ISO 639-3
    listed: Listed


@dataclass(frozen=True)
class Wishes:
    """What is asked for, beside languages and hours."""

    leave_out: tuple[str, ...] = ()  # corpora, as ids begin
    norwegian: bool = False


@dataclass
class Chosen:
    taken: list[Taken] = field(default_factory=list)
    dropped: dict[str, str] = field(default_factory=dict)  # utterances; why
    languages: set[str] = field(default_factory=set)  # all that there are, wanted or not


def refuse_norwegian(choice: Choice, wishes: Wishes) -> None:
    """Stop where Norwegian is asked for by name and left out by default."""
    wanted = sorted(NORWEGIAN & (choice.languages or frozenset()))
    if wanted and not wishes.norwegian:
        raise GeoLIDError(
            f"--languages {','.join(wanted)}: Norwegian is not in the official evaluation of ML-SUPERB 2.0, and left "
            "out; take it with --norwegian true, or leave it out of --languages"
        )


def choose(listed: Iterable[Listed], choice: Choice, wishes: Wishes) -> Chosen:
    """Sort a split's utterances into those that are taken and those that are not."""
    chosen = Chosen()
    places: dict[str, str] = {}
    codes: dict[str, str | None] = {}
    for one in listed:
        if one.label not in codes:
            codes[one.label] = code_of(one.label)
        code = codes[one.label]
        if code is None:
            if choice.languages is None:
                _refuse_unknown(one)
            continue
        chosen.languages.add(code)
        if not choice.has(code):
            continue
        utt = f"{code}_{one.id}"
        if not _ID.fullmatch(one.id):
            chosen.dropped[one.place] = f"its id cannot be the name of a file: {one.id!r}"
        elif code in NORWEGIAN and not wishes.norwegian:
            chosen.dropped[utt] = "Norwegian is not in the official evaluation"
        elif origin := next((name for name in wishes.leave_out if one.id.startswith(f"{name}_")), None):
            chosen.dropped[utt] = f"drawn from {origin}, which was to be left out"
        elif utt in places:
            chosen.dropped[f"{utt}:{one.place}"] = f"its id stands at {places[utt]} too"
        else:
            places[utt] = one.place
            chosen.taken.append(Taken(utt, code, one))
    return chosen


def code_of(label: str) -> str | None:
    """Return the code that a label of the corpus stands for; None if it stands for none."""
    try:
        return languages.resolve(label, CORPUS)
    except languages.UnknownLanguageError:
        return None


def _refuse_unknown(one: Listed) -> None:
    try:
        languages.resolve(one.label, CORPUS)
    except languages.UnknownLanguageError as error:
        raise GeoLIDError(f"{one.place}: {error} Mend it there, or choose with --languages") from None
