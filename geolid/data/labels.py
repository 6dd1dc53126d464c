"""What corpora and other lists call languages: their labels, and the ISO 639-3 codes that these stand for.

A file of label_tables/ is one list: a line that says whose, a header, then label, code and remark. Where several labels
have one code, the list's own comes first. What a label means may depend on who says it: `lga` is a language of the
Solomon Islands, and in ML-SUPERB 2.0 another one of Uganda.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geolid.errors import refuse_unknown

_FOLDER = Path(__file__).with_name("label_tables")
# Lists of a standard, which hold for everybody and not for one corpus.
STANDARDS = ("iso639-1", "iso639-2b")
# These use ISO 639-3 codes; their tables hold what differs.
ISO_OTHERWISE = ("ml_superb2", "mms")
# What is classified here are no languages; any word without blanks is a label.
FREE = {"voxceleb1": "speakers of VoxCeleb1, or of any corpus like it: free labels"}


@dataclass(frozen=True)
class Label:
    label: str
    code: str  # ISO 639-3
    remark: str


def names() -> list[str]:
    """Return the names of all lists."""
    return sorted([*(file.stem for file in _FOLDER.glob("*.tsv")), *FREE])


def about(name: str) -> str:
    """Return what a list is, in a line."""
    refuse_unknown("labels", [name], names())
    return FREE.get(name) or _lines(name)[0].removeprefix("# ")


@functools.cache
def read(name: str) -> dict[str, Label]:
    """Return a list, by label and in its own order; empty for free labels."""
    refuse_unknown("labels", [name], names())
    if name in FREE:
        return {}
    rows = (Label(*line.split("\t")) for line in _lines(name)[2:])
    return {row.label: row for row in rows}


def find(label: str, name: str) -> Label | None:
    """Return the entry of a list for a label, also where it is spelt in another usual way."""
    entries = read(name)
    if label in entries or name not in _SPELLINGS:
        return entries.get(label)
    return entries.get(_SPELLINGS[name](label))


def _lines(name: str) -> list[str]:
    return (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()


def _pack_number(label: str) -> str:
    """Take the number out of `BABEL_204`, or `IARPA_BABEL_OP1_204` as LDC names the folder."""
    match = re.fullmatch(r"(?:IARPA[_-])?BABEL[_-](?:(?:BP|OP\d)[_-])?(\d{3})", label, re.IGNORECASE)
    return match[1] if match else label


_SPELLINGS: dict[str, Callable[[str], str]] = {
    "babel": _pack_number,
    "fleurs": lambda label: label.lower().replace("-", "_"),  # cmn-Hans-CN
    "topcoder176": lambda label: label.replace("-", " "),  # tables hold no blanks in a label
    "voxlingua107": lambda label: label.partition(": ")[0],  # published models say `th: Thai`
    "whisper": lambda label: label.lower().removeprefix("<|").removesuffix("|>"),  # its tokens are <|th|>
}
