"""The tables of a language, `asr_train.tsv` and so on: a header, then a line for each segment.

Columns stand between tabs and nothing is quoted: a quotation mark is part of what is said. Older tables have fewer
columns; those that are read here all have.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from geolid.data.corpora.prepare import NO_TEXT
from geolid.data.corpora.voxpopuli.layout import cut
from geolid.errors import GeoLIDError

_COLUMNS = ("id", "raw_text", "normalized_text", "speaker_id", "split")
_NOBODY = ("", "none")  # the scripts write what is not known as Python calls it
# A segment is called after the session, the beginning of the speech in it, and its number in the speech.
_NUMBER_IN_SPEECH = re.compile(r"_\d+$")


@dataclass(frozen=True)
class Segment:
    name: str
    speaker: str
    text: str


@dataclass(frozen=True)
class Manifest:
    segments: list[Segment]
    faults: dict[str, str]  # `<label>/<table>:<line>` of each line that cannot be used, and why

    def __len__(self) -> int:
        return len(self.segments) + len(self.faults)


def read_manifest(folder: Path, split: str) -> Manifest:
    path = folder / f"asr_{split}.tsv"
    if not path.is_file():
        raise GeoLIDError(
            f"{path}: there is no such file: half-cut? It is written when all is cut; {cut(folder)}, or leave the "
            "language out with --languages"
        )
    segments: list[Segment] = []
    faults: dict[str, str] = {}
    try:
        # other line ends than this one, of which Unicode has some, may stand in what is said
        with path.open(encoding="utf-8-sig", newline="\n") as lines:
            at = _columns(path, next(lines, ""))
            width = len(at)
            for number, line in enumerate(lines, 2):
                fields = line.rstrip("\r\n").split("\t")
                fault = _fault(fields, width, at, split)
                if fault:
                    faults[f"{folder.name}/{path.name}:{number}"] = fault
                else:
                    segments.append(_segment(fields, at))
    except UnicodeDecodeError:
        raise GeoLIDError(f"{path}: not UTF-8; convert it with iconv -t UTF-8, or have it written anew") from None
    return Manifest(segments, faults)


def _columns(path: Path, header: str) -> dict[str, int]:
    names = header.rstrip("\r\n").split("\t")
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise GeoLIDError(
            f"{path}: its first line has no {', '.join(missing)}; expected {', '.join(_COLUMNS)} and others with a tab "
            f"between, found '{' '.join(names)}'. Is it a table of another version? Then {cut(path.parent)}"
        )
    return {name: place for place, name in enumerate(names)}


def _fault(fields: list[str], width: int, at: dict[str, int], split: str) -> str:
    """Return why a line cannot be used; nothing where it can."""
    if len(fields) != width:
        return f"{len(fields)} columns, not {width}"
    if len(fields[at["id"]].split()) != 1:
        return f"no id without blanks: '{fields[at['id']]}'"
    if fields[at["split"]] != split:
        return f"its split is '{fields[at['split']]}'"
    return ""


def _segment(fields: list[str], at: dict[str, int]) -> Segment:
    name = fields[at["id"]].strip()
    text = " ".join(fields[at["normalized_text"]].split()) or " ".join(fields[at["raw_text"]].split())
    return Segment(name, _speaker(name, fields[at["speaker_id"]]), text or NO_TEXT)


def _speaker(name: str, told: str) -> str:
    """Return who speaks; where nobody says so, the speech, as what is of one speech is of one person."""
    told = "_".join(told.split())
    return _NUMBER_IN_SPEECH.sub("", name) if told.lower() in _NOBODY else told
