"""The table of a split, `<split>.tsv`: a recording a line, without a header, its columns set apart by tabs.

Nothing is quoted: a quotation mark is one of the text. Several readers may have read one sentence, so that only the
name of the file tells a recording from others of its language.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from geolid.data.corpora.prepare import NO_TEXT
from geolid.errors import GeoLIDError

COLUMNS = (
    "number of the sentence, audio file, text, normalised text, its characters, number of samples, gender of the reader"
)
_COUNT = COLUMNS.count(",") + 1
_FILE = re.compile(r"[^\s/]+\.wav")
_SAMPLES = re.compile(r"[1-9][0-9]*")
_POINTER = "version https://git-lfs"


@dataclass(frozen=True)
class Reading:
    """A recording of a sentence."""

    file: str  # in the folder of the split
    samples: int
    text: str  # normalised where the table has that


@dataclass
class Table:
    readings: dict[str, Reading] = field(default_factory=dict)  # by file
    odd: dict[int, str] = field(default_factory=dict)  # lines, from 1, that are not as FLEURS has them, and why
    doubles: dict[int, str] = field(default_factory=dict)  # lines whose file stands in a line before


def read(tsv: Path, max_faulty: float) -> Table:
    """Read a table; one of which more than a share of the lines is odd is another than we know, and refused."""
    table = Table()
    try:
        with tsv.open(encoding="utf-8", newline="\n") as lines:  # a text may hold other ends of lines
            for number, line in enumerate(lines, 1):
                _add(table, number, line.rstrip("\r\n"))
    except UnicodeDecodeError:
        raise GeoLIDError(f"{tsv}: is not UTF-8, as the tables of FLEURS are; remove it and fetch it anew") from None
    if not table.readings and not table.odd:
        raise GeoLIDError(f"{tsv}: is empty; remove it, and fetch it anew with --download true")
    lines = len(table.readings) + len(table.odd)
    if len(table.odd) > max_faulty * lines:
        number, reason = next(iter(table.odd.items()))
        raise GeoLIDError(
            f"{tsv}: {len(table.odd)} of {lines} lines are not as FLEURS has them, such as line {number}: {reason}; "
            f"expected, with tabs between: {COLUMNS}. Is it another version of the corpus? Remove it, and fetch it "
            "anew with --download true, or allow more such lines with --max_faulty"
        )
    return table


def _add(table: Table, number: int, line: str) -> None:
    columns = line.split("\t")
    if len(columns) != _COUNT:
        pointer = ", as it is a pointer of git-lfs: get the file itself" if line.startswith(_POINTER) else ""
        table.odd[number] = f"{len(columns)} columns, not {_COUNT}{pointer}"
        return
    _, file, text, normalised, _, samples, _ = columns
    if not _FILE.fullmatch(file) or not _SAMPLES.fullmatch(samples):
        table.odd[number] = f"'{file}' and '{samples}' are no name of a wav and its number of samples"
    elif file in table.readings:
        table.doubles[number] = f"{file} stands in a line before"
    else:
        table.readings[file] = Reading(file, int(samples), normalised.strip() or text.strip() or NO_TEXT)
