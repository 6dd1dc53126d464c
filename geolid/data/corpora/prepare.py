"""What every preparation of a corpus shares: the part of it that is asked for, and its data directories.

A preparation finds the utterances of a corpus and gives them as rows; which languages, how many hours of each, and how
rows become tables is decided here, alike for all corpora.
"""

import math
import random
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from geolid.data import labels, languages
from geolid.data.data_dir import DROPPED, FREE_LABELS, fresh_data_dir
from geolid.data.tables import whole_or_absent, write_table
from geolid.errors import GeoLIDError


class Row(NamedTuple):  # there are millions of them
    """An utterance: a whole file, or a stretch of one where it names a recording."""

    utt: str
    source: str  # as in wav.scp; of the recording, where there is one
    lang: str  # ISO 639-3
    seconds: float
    speaker: str = ""  # all rows of a set have one, or none
    recording: str = ""  # all rows of a set have one, or none
    start: float = 0.0  # seconds
    end: float = 0.0
    text: str = ""  # what is said; all rows of a set have one, or none. NO_TEXT where it is not known


NO_TEXT = "-"
_ALL_OR_NONE = [Row._fields.index(name) for name in ("speaker", "recording", "text")]


@dataclass(frozen=True)
class Choice:
    """The part of a corpus that is asked for. Hours are those of a training set; sets to judge by are kept whole."""

    languages: frozenset[str] | None = None  # ISO 639-3; None: all that it has
    max_hours: float | None = None  # of each language
    seed: int = 1  # another one, other utterances

    def has(self, code: str) -> bool:
        return self.languages is None or code in self.languages


@dataclass(frozen=True)
class Made:
    """What a set has come to."""

    set_name: str
    languages: int
    speakers: int
    utterances: int
    hours: float
    dropped: int
    labels: str = "languages"  # what they are

    def __str__(self) -> str:
        if not self.utterances:
            return f"{self.set_name:<28} not made: the corpus has nothing for it in these languages"
        speakers = f"{self.speakers:8} in utt2spk" if self.speakers else ""
        dropped = f"{self.dropped:8} left out, see dropped" if self.dropped else ""
        return (
            f"{self.set_name:<28}{self.utterances:8} utterances{self.hours:10.2f} h{self.languages:5} {self.labels}"
            f"{speakers}{dropped}"
        )


def chosen_languages(text: str, corpus: str) -> frozenset[str] | None:
    """Read `eng,deu`: codes of the registry or labels of the corpus, between commas or blanks; None if there are none.

    A label of the corpus means what the corpus means by it.
    """
    words = [word for word in re.split(r"[,\s]+", text) if word]
    codes = frozenset(_code(word, corpus) for word in words)
    if text and not codes:
        raise GeoLIDError(f"--languages '{text}': expected codes with commas between, such as eng,deu")
    return codes or None


def _code(word: str, corpus: str) -> str:
    if corpus in labels.FREE:  # whether it has that label, its files tell
        return word
    entry = labels.find(word, corpus)
    if entry:
        return entry.code
    code = languages.get(word).code  # an unknown one is answered with the nearest
    if not languages.labels_of(code, corpus):
        raise GeoLIDError(
            f"--languages: {corpus} has no {code} ({languages.get(code).name}); what it has is told by "
            f"python -m geolid.bin.languages --corpus {corpus}"
        )
    return code


def refuse_unknown_folders(root: Path, found: Iterable[str], corpus: str) -> None:
    """Stop at folders below `root` that are called by no label of the corpus."""
    for label in sorted(found):
        try:
            languages.resolve(label, corpus)
        except languages.UnknownLanguageError as error:
            raise GeoLIDError(
                f"{root / label}: {error} Or move the folder elsewhere, or choose with --languages"
            ) from None


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Return rows as a set needs them."""
    return sorted(rows, key=lambda row: row.utt)


def up_to_hours(rows: Sequence[Row], choice: Choice) -> list[Row]:
    """Return rows at random, as many as `max_hours` of each language allow, in the order they came.

    What is taken of a language depends on its own rows and the seed, not on other languages.
    """
    if choice.max_hours is None:
        return list(rows)
    by_language: dict[str, list[Row]] = {}
    for row in in_order(rows):
        by_language.setdefault(row.lang, []).append(row)
    taken: set[str] = set()
    for lang, its_rows in by_language.items():
        random.Random(f"{choice.seed} {lang}").shuffle(its_rows)
        seconds = 0.0
        for row in its_rows:
            if seconds + row.seconds <= choice.max_hours * 3600:
                seconds += row.seconds
                taken.add(row.utt)
        if not seconds:
            raise GeoLIDError(
                f"--max_hours {choice.max_hours:g}: every utterance of {lang} is longer; give at least "
                f"{math.ceil(min(row.seconds for row in its_rows) / 0.36) / 10000}"
            )
    return [row for row in rows if row.utt in taken]


def write_set(
    path: Path,
    rows: Iterable[Row],
    corpus: str,
    dropped: Mapping[str, str] | None = None,
    free_labels: bool = False,
) -> Made:
    """Write the rows, sorted by utterance, as a data directory; one that would be empty goes.

    Rows may come one by one, so that millions of them need not be held. `dropped` names what was left out, with the
    reason; it is read when the rows are at their end, and may be filled while they come. Labels that are free are no
    codes of languages, such as speakers.
    """
    path, rows = Path(path), iter(rows)
    first = next(rows, None)
    if first is None:
        shutil.rmtree(path, ignore_errors=True)  # lest what other options made be taken for what these make
        return Made(path.name, 0, 0, 0, 0.0, len(dropped or ()))
    with fresh_data_dir(path) as fresh:
        tally = _Tally()
        _write_tables(fresh, chain([first], rows), corpus, tally)
        if dropped:
            write_table(fresh / DROPPED, dropped)
        if free_labels:
            (fresh / "label_kind").write_text(f"{FREE_LABELS}\n")
    return Made(
        set_name=path.name,
        languages=len(tally.languages),
        speakers=len(tally.speakers),
        utterances=tally.utterances,
        hours=tally.seconds / 3600,
        dropped=len(dropped or ()),
        labels="labels" if free_labels else "languages",
    )


@dataclass
class _Tally:
    utterances: int = 0
    seconds: float = 0.0
    languages: set[str] = field(default_factory=set)
    speakers: set[str] = field(default_factory=set)


def _write_tables(fresh: Path, rows: Iterator[Row], corpus: str, tally: _Tally) -> None:
    """Write a line of each row to each table; what stands in all of them decides the first row."""
    first = next(rows)
    names = ["segments" if first.recording else "wav.scp", "utt2lang", "utt2dataset", "utt2dur"]
    names += ["utt2spk"] if first.speaker else []
    names += ["text"] if first.text else []
    recordings: dict[str, str] = {}
    last = ""
    with ExitStack() as files:
        write = {name: files.enter_context(whole_or_absent(fresh / name)).write for name in names}
        for row in chain([first], rows):
            if row.utt <= last:
                _refuse_order(last, row)
            assert all(bool(row[at]) == bool(first[at]) for at in _ALL_OR_NONE)
            if row.recording:
                write["segments"](f"{row.utt} {row.recording} {row.start:.3f} {row.end:.3f}\n")
                _refuse_two_sources(recordings.setdefault(row.recording, row.source), row)
            else:
                write["wav.scp"](f"{row.utt} {row.source}\n")
            write["utt2lang"](f"{row.utt} {row.lang}\n")
            write["utt2dataset"](f"{row.utt} {corpus}\n")
            write["utt2dur"](f"{row.utt} {row.seconds:.3f}\n")
            if row.speaker:
                write["utt2spk"](f"{row.utt} {row.speaker}\n")
                tally.speakers.add(row.speaker)
            if row.text:
                write["text"](f"{row.utt} {' '.join(row.text.split())}\n")
            tally.languages.add(row.lang)
            tally.utterances += 1
            tally.seconds += row.seconds
            last = row.utt
    if recordings:
        write_table(fresh / "wav.scp", recordings)


def _refuse_order(last: str, row: Row) -> None:
    assert row.utt == last, f"'{row.utt}' comes behind '{last}'"
    raise GeoLIDError(
        f"{row.source}: its utterance would have the id '{row.utt}', which another of the corpus has already; one of "
        "the two is a copy: move it out of the corpus"
    )


def _refuse_two_sources(source: str, row: Row) -> None:
    if source != row.source:
        raise GeoLIDError(
            f"{row.source}: is called '{row.recording}', as {source} is; one of the two is a copy: move it out of the "
            "corpus"
        )


def printable(name: str) -> str:
    """Make a key of any name: files may be called by bytes that are no UTF-8, or with blanks."""
    return "?".join(name.encode("utf-8", "backslashreplace").decode().split())
