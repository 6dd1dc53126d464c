"""Answers as people and programs read them: a table for a terminal, JSON a line, or CSV."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np

from geolid.data.utterances import Utterance
from geolid.identify.identification import Candidate, Identification, Unidentified

Row = dict[str, Any]
FORMATS = ("table", "jsonl", "csv")
_NAMES_WIDTH = 60  # of the first column at most


@dataclass(frozen=True)
class Entry:
    """What came of a recording; the embedding only where it is wanted and there is one."""

    row: Row
    embedding: np.ndarray | None = None


def as_row(name: str, source: Utterance | None, answer: Identification | Unidentified, top: int) -> Row:
    """Return what is told of a recording; numbers are rounded to what can be meant."""
    row: Row = {"audio": _utf8(name)}
    if source is not None and source.source != name:
        row["file"] = _utf8(source.source)
        if not source.is_whole:
            row |= {"start": source.start} | ({"end": source.end} if source.end >= 0 else {})
    if isinstance(answer, Unidentified):
        return row | {"error": _utf8(" ".join(answer.reason.split()))}
    best = answer.top(top)
    row |= _candidate(best[0])
    if top > 1:
        row["top"] = [_candidate(candidate) for candidate in best]
    if answer.place is not None:
        latitude, longitude, km = answer.place
        row["place"] = {
            "latitude": round(latitude, 3),
            "longitude": round(longitude, 3),
            "km": None if km is None else round(km),
        }
    if answer.unrestricted is not None:
        row["unrestricted"] = _candidate(answer.unrestricted.top(1)[0])
    row["seconds"] = round(answer.seconds, 3)
    return row


def _utf8(text: str) -> str:
    """Return a text that can be written; the names of files may be other than UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _candidate(candidate: Candidate) -> Row:
    return {
        "language": candidate.language,
        "name": candidate.name,
        "probability": round(candidate.probability, 6),
    }


def row_writer(kind: str, out: TextIO, top: int, restricted: bool) -> "JsonLines | Csv | Table":
    """Return what writes rows in one of FORMATS; `top` and `restricted` are what the rows were made with."""
    if kind == "csv":
        return Csv(out, top, restricted)
    return Table(out) if kind == "table" else JsonLines(out)


class JsonLines:
    """An object a line."""

    def __init__(self, out: TextIO):
        self._out = out

    def write(self, rows: Sequence[Row]) -> None:
        self._out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


class Csv:
    """A line for each recording, with the same columns whatever is found."""

    def __init__(self, out: TextIO, top: int, restricted: bool):
        columns = ["audio", "file", "start", "end", "language", "name", "probability"]
        self._others = range(2, top + 1)
        columns += [f"{what}_{rank}" for rank in self._others for what in ("language", "probability")]
        columns += ["latitude", "longitude", "km"]
        if restricted:
            columns += ["unrestricted_language", "unrestricted_probability"]
        self._writer = csv.DictWriter(out, [*columns, "seconds", "error"], extrasaction="ignore", lineterminator="\n")
        self._writer.writeheader()

    def write(self, rows: Sequence[Row]) -> None:
        self._writer.writerows(self._flat(row) for row in rows)

    def _flat(self, row: Row) -> Row:
        flat = row | row.get("place", {})
        for rank, candidate in zip(self._others, row.get("top", [])[1:], strict=False):
            flat |= {f"{what}_{rank}": candidate[what] for what in ("language", "probability")}
        return flat | {f"unrestricted_{what}": value for what, value in row.get("unrestricted", {}).items()}


class Table:
    """Columns that stand below each other; what a later row has too much sticks out."""

    def __init__(self, out: TextIO):
        self._out = out
        self._width = 0

    def write(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        if not self._width:
            self._width = min(max(len("audio"), *(len(row["audio"]) for row in rows)), _NAMES_WIDTH)
            self._line("audio", "language", "prob.", "then")
        for row in rows:
            if "error" in row:
                self._line(row["audio"], "-", "-", row["error"])
            else:
                self._line(row["audio"], _named(row), f"{row['probability']:.3f}", _remarks(row))

    def _line(self, audio: str, language: str, probability: str, rest: str) -> None:
        line = f"{audio:<{self._width}}  {language:<24}  {probability:>5}  {rest}"
        self._out.write(line.rstrip() + "\n")


def _named(candidate: Mapping[str, Any]) -> str:
    code, name = candidate["language"], candidate["name"]
    return code if name == code else f"{code} {name}"


def _remarks(row: Row) -> str:
    remarks = [", ".join(f"{c['language']} {c['probability']:.3f}" for c in row.get("top", [])[1:])]
    if "place" in row:
        place = row["place"]
        far = "" if place["km"] is None else f", {place['km']} km from {row['language']}"
        remarks.append(f"heard at {_degrees(place['latitude'], 'NS')} {_degrees(place['longitude'], 'EW')}{far}")
    if "unrestricted" in row:
        free = row["unrestricted"]
        remarks.append(f"of all languages {_named(free)} {free['probability']:.3f}")
    return "; ".join(filter(None, remarks))


def _degrees(value: float, signs: str) -> str:
    return f"{abs(value):.0f}°{signs[value < 0]}"
