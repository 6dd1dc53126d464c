"""Tables of one utterance a line: `<key> <value>`, UTF-8, sorted by key as `LC_ALL=C sort` does.

Python compares strings by code point, which is the order of their UTF-8 bytes; so `sorted` and `LC_ALL=C` agree.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

from geolid.errors import GeoLIDError


class TableError(GeoLIDError):
    """A table that cannot be read as one; the message names file, line and remedy."""


def read_rows(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every (key, value) of a table, in the file's order. Neither order nor uniqueness is looked at."""
    path = Path(path)
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                fields = line.split(None, 1)
                # the common line is not looked at any closer
                if len(fields) < 2 or number == 1 or "\r" in line or line[len(fields[0])] not in " \t":
                    fault = line_fault(number, line)
                    if fault:
                        raise TableError(f"{path}:{number}: {fault}")
                yield fields[0], fields[1].rstrip("\n")
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such table; run the stage that makes it") from None
    except UnicodeDecodeError:
        raise TableError(f"{path}: not UTF-8; convert it, for instance with iconv -t UTF-8") from None


def line_fault(number: int, line: str) -> str | None:
    """Say what keeps a line from being '<key> <value>', and what to do; None if nothing does."""
    if number == 1 and line.startswith("\ufeff"):
        return "begins with a byte order mark; save it as UTF-8 without BOM, or run utils/fix_data_dir.sh"
    if line.endswith("\r\n"):
        return "ends in a carriage return (Windows line ends); convert it with dos2unix, or run utils/fix_data_dir.sh"
    fields = line.split(None, 1)
    if len(fields) < 2:
        found = repr(line.rstrip("\n"))
        return f"expected '<key> <value>', found {found}; add the missing column or remove the line"
    if not line.startswith(fields[0]):
        return "begins with a blank; remove it"
    separator = line[len(fields[0])]
    if separator not in " \t":  # Unicode has many more blanks
        return f"expected a blank or a tab behind '{fields[0]}', found U+{ord(separator):04X}; write a blank"
    return None


def read_table(path: Path) -> dict[str, str]:
    """Return a table as a dictionary, in the file's order; a key that comes twice is an error."""
    table: dict[str, str] = {}
    for number, (key, value) in enumerate(read_rows(path), 1):
        if key in table:
            raise TableError(f"{path}:{number}: '{key}' stands there twice; remove one, or run utils/fix_data_dir.sh")
        table[key] = value
    return table


def invert(table: Mapping[str, str]) -> dict[str, list[str]]:
    """Turn utt2lang into lang2utt: every value with the keys that have it, both sorted."""
    inverse: dict[str, list[str]] = {}
    for key in sorted(table):
        inverse.setdefault(table[key], []).append(key)
    return dict(sorted(inverse.items()))


def write_table(path: Path, rows: Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]]) -> None:
    """Write a table, sorted by key, whole or not at all; a value that is a list is joined by blanks."""
    items = rows.items() if isinstance(rows, Mapping) else rows
    with whole_or_absent(path) as out:
        out.writelines(
            f"{key} {value if isinstance(value, str) else ' '.join(value)}\n" for key, value in sorted(items)
        )


@contextlib.contextmanager
def whole_or_absent(path: Path) -> Iterator[TextIO]:
    """Open a file beside `path` for writing; it takes the name of `path` when, and only when, all went well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as out:
            yield out
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
