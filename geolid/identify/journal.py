"""Answers so far, so that a command that is killed goes on where it stood.

`.<output>.part` stands beside the output as long as that is not whole: a line that says what is asked for, then a line
for each recording, in their order. What it says holds for the recordings that come first, as long as they are the same
and have not changed since; whatever is behind the first other one is dropped.
"""

import base64
import fcntl
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geolid.errors import GeoLIDError
from geolid.identify.plan import last_change
from geolid.identify.rows import Entry
from geolid.identify.sources import Found, NoAudio

Mark = list[str | float | int]


def mark(source: Found) -> Mark:
    """Return what tells a recording from others, and from itself after it has changed."""
    if isinstance(source, NoAudio):
        return [source.name, source.reason]
    return [source.name, source.source, source.start, source.end, last_change(source.source)]


class Journal:
    """`recipe` is what answers depend on, as values that JSON has; entries that were made by another are dropped."""

    def __init__(self, output: Path, recipe: Mapping[str, Any]):
        if output.is_dir():
            raise GeoLIDError(f"{output}: is a folder; expected the name of a file to write")
        output.parent.mkdir(parents=True, exist_ok=True)
        self.path = output.with_name(f".{output.name}.part")
        self._file = self.path.open("a+b")
        try:  # this kind of lock goes with this process, while those that are forked may live a little longer
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise GeoLIDError(
                f"{output}: another 'geolid identify' is writing it ({self.path} is locked); wait for it, or name "
                "another --output"
            ) from None
        self._file.seek(0)
        self._recipe = dict(recipe)
        if _parsed(self._file.readline()) != self._recipe:
            self._file.seek(0)
            self._file.truncate()
            self._write(self._recipe)
        self._body = self._file.tell()

    def leave_undone(self, sources: Iterable[Found]) -> Iterator[Found]:
        """Take the recordings one after the other, and yield from the first one on that has no entry."""
        rest = iter(sources)
        self._file.seek(self._body)
        for source in rest:
            place = self._file.tell()
            entry = _parsed(self._file.readline())
            if entry is None or entry.get("of") != mark(source):
                self._file.truncate(place)
                self._file.seek(place)
                yield source
                yield from rest
                return
        self._file.truncate()  # there are fewer recordings now

    def add(self, marks: Sequence[Mark], entries: Sequence[Entry]) -> None:
        """Note what came of the next recordings; `marks` are those that they had before they were read."""
        for of, entry in zip(marks, entries, strict=True):
            line = {"of": of, "row": entry.row}
            if entry.embedding is not None:
                line["embedding"] = base64.b64encode(entry.embedding.astype("<f4").tobytes()).decode()
            self._write(line)
        self._file.flush()

    def entries(self) -> Iterator[Entry]:
        self._file.seek(self._body)
        for line in self._file:  # opened once more, closing that would free the lock
            entry = json.loads(line)
            embedding = entry.get("embedding")
            if embedding is not None:
                embedding = np.frombuffer(base64.b64decode(embedding), "<f4")
            yield Entry(entry["row"], embedding)

    def remove(self) -> None:
        self.path.unlink()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return what a line says; None for one that was not written to its end."""
    try:
        return json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
