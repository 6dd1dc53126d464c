"""The table of the clips, `trainingData.csv`, and the mp3 files that it names, wherever below the root they are.

Its labels are English names with blanks, which tables of ours cannot hold: as a word, a label has `-` for each blank.
No label has `-` by itself, so that words turn back into labels.
"""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from geolid.data import labels, languages
from geolid.data.corpora.prepare import Choice
from geolid.data.corpora.topcoder176 import CORPUS
from geolid.data.tables import whole_or_absent
from geolid.errors import GeoLIDError

TABLE = "trainingData.csv"
COLUMNS = ["Sample Filename", "Language"]
LABELS_FILE = f"{CORPUS}_labels.tsv"
HOW_TO_GET = (
    "SpokenLanguages2 cannot be fetched from here: its data were linked from the page of TopCoder's contest 16555 "
    f"(https://www.topcoder.com/challenges/16555); put {TABLE} and the folder of its mp3 files into one folder, and "
    "name that in db.sh (TOPCODER176) or with --root"
)


class Listed(NamedTuple):
    name: str  # of the file, without .mp3
    label: str  # as the table has it
    code: str  # ISO 639-3
    file: Path | None  # None: it is not there


@dataclass(frozen=True)
class Listing:
    clips: list[Listed]  # of the languages that are asked for, by name
    unlisted: int  # mp3 files that the table does not name, such as those of the contest's test


def word_of(label: str) -> str:
    return label.replace(" ", "-")


def label_of(word: str) -> str:
    return word.replace("-", " ")


def write_labels(path: Path) -> None:
    """Write what each label is called, so that any of our tables can be turned back into the corpus's words."""
    with whole_or_absent(path) as out:
        out.write("label\tword\tcode\tremark\n")
        for entry in labels.read(CORPUS).values():
            out.write(f"{entry.label}\t{word_of(entry.label)}\t{entry.code}\t{entry.remark}\n")


def find(root: Path, choice: Choice) -> Listing:
    """Return the clips of the languages that are asked for; all 176 have to be there where nothing is."""
    if not root.is_dir():
        raise GeoLIDError(f"{root}: there is no such folder. {HOW_TO_GET}")
    table = root / TABLE
    if not table.is_file():
        raise GeoLIDError(f"{root}: has no {TABLE}, which tells the language of each file. {HOW_TO_GET}")
    rows = dict(_read(table))
    found = set(rows.values())
    wanted = [entry for entry in labels.read(CORPUS).values() if choice.has(entry.code)]
    missing = [entry.label for entry in wanted if entry.label not in found]
    if missing:
        some = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise GeoLIDError(
            f"{table}: lists no file of {len(missing)} of {len(wanted)} languages ({some}); is it cut off? Take the "
            "table as it was published, or choose with --languages"
        )
    files = _find_files(root)
    codes = {entry.label: entry.code for entry in wanted}
    clips = [
        Listed(name.removesuffix(".mp3"), label, codes[label], files.get(name))
        for name, label in sorted(rows.items())
        if label in codes
    ]
    return Listing(clips, len(files.keys() - rows.keys()))


def _read(table: Path) -> Iterator[tuple[str, str]]:
    """Yield file and label of each line; lines may end in CR LF."""
    seen: set[str] = set()
    with table.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        reader = csv.reader(opened)
        header = next(reader, [])
        if header != COLUMNS:
            raise GeoLIDError(
                f"{table}: its columns are {', '.join(header) or 'none'}; expected {', '.join(COLUMNS)}, as in the "
                "contest's data"
            )
        for row in filter(None, reader):
            where = f"{table}:{reader.line_num}"
            if len(row) != len(COLUMNS) or not row[0].endswith(".mp3") or set(row[0]) & set("/\\ \t"):
                raise GeoLIDError(f"{where}: expected '<file>.mp3,<language>', found '{','.join(row)[:80]}'")
            if row[1] not in labels.read(CORPUS):
                raise GeoLIDError(f"{where}: {_unknown(row[1])}")
            if row[0] in seen:
                raise GeoLIDError(f"{where}: '{row[0]}' is listed twice; remove one of the two lines")
            seen.add(row[0])
            yield row[0], row[1]


def _unknown(label: str) -> str:
    try:
        code = languages.resolve(label, CORPUS)
    except languages.UnknownLanguageError as error:
        return str(error)
    spelt = languages.labels_of(code, CORPUS)[0]
    return f"'{label}' is no label of {CORPUS}; it spells {languages.get(code).name} '{spelt}'"


def _find_files(root: Path) -> dict[str, Path]:
    """Return the mp3 files below a folder, by name; none may be there twice, as names are all that tells them."""
    files: dict[str, Path] = {}
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in names:
            if name.endswith(".mp3") and not name.startswith("."):
                here = Path(folder) / name
                if files.setdefault(name, here) != here:
                    raise GeoLIDError(f"{here}: is at {files[name]}, too; move one of the two out of {root}")
    return files
