"""Kaldi data directories: a folder of tables about one set of utterances.

`wav.scp` is the table that makes a folder a data directory. It is the first to go when a directory is written anew and
the last to come, so that a directory that has it is whole.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from geolid.data.tables import invert, write_table

# A table that says the same as another, the other way round.
INVERSES = {"utt2lang": "lang2utt", "utt2spk": "spk2utt", "utt2dataset": "dataset2utt"}


def write_data_dir(path: Path, tables: Mapping[str, Mapping[str, str]]) -> None:
    """Write the tables, and the inverse of each that has one, in place of the tables that stood there.

    A directory that already holds exactly these tables is left as it is.
    """
    path = Path(path)
    fresh = path.with_name(f".{path.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name, table in tables.items():
        write_table(fresh / name, table)
        if name in INVERSES:
            write_table(fresh / INVERSES[name], invert(table))
    take_place(fresh, path)


def take_place(fresh: Path, path: Path) -> None:
    """Move the tables of `fresh` into `path`; other tables of `path` go, its folders stay."""
    path.mkdir(parents=True, exist_ok=True)
    if not _same_tables(fresh, path):
        (path / "wav.scp").unlink(missing_ok=True)
        for old in path.iterdir():
            if old.is_file():
                old.unlink()
        for table in sorted(fresh.iterdir(), key=lambda table: table.name == "wav.scp"):
            table.replace(path / table.name)
    shutil.rmtree(fresh)


def _same_tables(a: Path, b: Path) -> bool:
    names = {file.name for file in a.iterdir()}
    return names == {file.name for file in b.iterdir() if file.is_file()} and all(
        (a / name).read_bytes() == (b / name).read_bytes() for name in names
    )
