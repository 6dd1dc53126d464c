"""Kaldi data directories: a folder of tables about one set of utterances.

`wav.scp` is the table that makes a folder a data directory. It is the first to go when a directory is written anew and
the last to come, so that a directory that has it is whole.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from geolid.data.tables import TableError, invert, read_rows, read_table, write_table

# A table that says the same as another, the other way round.
INVERSES = {"utt2lang": "lang2utt", "utt2spk": "spk2utt", "utt2dataset": "dataset2utt"}
# What a directory says about all of its utterances, in a word; the first two only when it is formatted.
WORDS = ("feats_type", "audio_format", "label_kind")
# In label_kind: utt2lang holds other labels than languages, such as speakers.
FREE_LABELS = "free"
# The list of the utterances that were left out of a directory, with the reason of each.
DROPPED = "dropped"


def utterance_tables(data_dir: Path) -> list[str]:
    """Return the names of the tables with a line for each utterance, the one that lists the utterances first."""
    data_dir = Path(data_dir)
    names = [file.name for file in data_dir.iterdir() if file.name.startswith("utt2") or file.name == "text"]
    lists = "segments" if (data_dir / "segments").exists() else "wav.scp"
    return [lists, *sorted(names)]


def utterance_ids(data_dir: Path) -> list[str]:
    """Return the ids of a directory's utterances, in its order."""
    return [utt for utt, _ in read_rows(Path(data_dir) / utterance_tables(data_dir)[0])]


def write_data_dir(path: Path, tables: Mapping[str, Mapping[str, str]]) -> None:
    """Write the tables, and the inverse of each that has one, in place of the tables that stood there.

    A directory that already holds exactly these tables is left as it is.
    """
    with fresh_data_dir(path) as fresh:
        for name, table in tables.items():
            write_table(fresh / name, table)


def has_free_labels(data_dir: Path) -> bool:
    """Return whether a directory says that its labels are no languages."""
    word = Path(data_dir) / "label_kind"
    return word.exists() and word.read_text(encoding="utf-8").strip() == FREE_LABELS


def copy_tables(
    source: Path,
    fresh: Path,
    keep: Callable[[str], bool] = lambda utt: True,
    rename: Callable[[str], str] = str,
    rename_speaker: Callable[[str], str] = str,
) -> None:
    """Copy the tables of `source`, with the utterances that `keep` wants, under the names that `rename` gives.

    Recordings that no kept utterance needs are left out; their names stay.
    """
    names = utterance_tables(source)
    for name in names:
        value_of = rename_speaker if name == "utt2spk" else str
        rows = read_rows(source / name)
        write_table(fresh / name, ((rename(utt), value_of(value)) for utt, value in rows if keep(utt)))
    for name in WORDS:
        if (source / name).exists():
            shutil.copyfile(source / name, fresh / name)
    if names[0] == "segments":
        keep_needed_recordings(read_rows(source / "wav.scp"), fresh)


def keep_needed_recordings(recordings: Iterable[tuple[str, str]], fresh: Path) -> None:
    """Write the recordings that a segment of `fresh` needs."""
    needed = {value.split(None, 1)[0] for _, value in read_rows(fresh / "segments")}
    write_table(fresh / "wav.scp", ((name, source) for name, source in recordings if name in needed))


@contextmanager
def fresh_data_dir(path: Path) -> Iterator[Path]:
    """Give an empty folder for tables; when all went well they get their inverses and take their place in `path`.

    A formatted directory gets category2utt as well, the name under which the samplers of training look for lang2utt.
    """
    path = Path(path)
    fresh = path.with_name(f".{path.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
        for name, inverse in INVERSES.items():
            if (fresh / name).exists():
                write_table(fresh / inverse, invert(read_table(fresh / name)))
        if (fresh / "feats_type").exists():
            shutil.copyfile(fresh / "lang2utt", fresh / "category2utt")
        _take_place(fresh, path)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _take_place(fresh: Path, path: Path) -> None:
    """Move the tables of `fresh` into `path`; other tables of `path` go, its folders stay."""
    path.mkdir(parents=True, exist_ok=True)
    if not _same_tables(fresh, path):
        (path / "wav.scp").unlink(missing_ok=True)
        for old in _tables(path):
            old.unlink()
        for table in sorted(fresh.iterdir(), key=lambda table: table.name == "wav.scp"):
            table.replace(path / table.name)


def _same_tables(a: Path, b: Path) -> bool:
    names = {table.name for table in _tables(a)}
    return names == {table.name for table in _tables(b)} and all(_same_bytes(a / name, b / name) for name in names)


def _tables(data_dir: Path) -> Iterable[Path]:
    return [file for file in data_dir.iterdir() if file.is_file() and not file.name.startswith(".")]


def _same_bytes(a: Path, b: Path) -> bool:
    return a.stat().st_size == b.stat().st_size and a.read_bytes() == b.read_bytes()


def merge_tables(sources: list[Path], fresh: Path) -> list[str]:
    """Put the tables of several directories together; return the names of those that not all have (words: alike).

    Where only some have segments, the others' recordings become segments from their beginning to their end.
    """
    by_segments = any((source / "segments").exists() for source in sources)
    names = [set(utterance_tables(source)) - {"segments", "wav.scp"} for source in sources]
    for name in sorted(set.intersection(*names)):
        _merge(name, [(source, read_rows(source / name)) for source in sources], fresh)
    if by_segments:
        _merge("segments", [(source, _segments(source)) for source in sources], fresh)
    _merge("wav.scp", [(source, read_rows(source / "wav.scp")) for source in sources], fresh)
    return sorted((set.union(*names) - set.intersection(*names)) | _keep_words(sources, fresh))


def _keep_words(sources: list[Path], fresh: Path) -> set[str]:
    """Write the words that all sources have and agree on; return the others that there are."""
    left_out = set()
    for name in WORDS:
        words = {(source / name).read_text() if (source / name).exists() else "" for source in sources}
        if len(words) > 1:
            left_out.add(name)
        elif words != {""}:
            (fresh / name).write_text(words.pop())
    return left_out


def _segments(source: Path) -> Iterator[tuple[str, str]]:
    if (source / "segments").exists():
        return read_rows(source / "segments")
    return ((name, f"{name} 0 -1") for name, _ in read_rows(source / "wav.scp"))


def _merge(name: str, parts: list[tuple[Path, Iterator[tuple[str, str]]]], fresh: Path) -> None:
    merged: dict[str, str] = {}
    for source, rows in parts:
        for key, value in rows:
            if merged.setdefault(key, value) != value:
                raise TableError(
                    f"{source}/{name}: '{key}' stands in another of these directories too, with another value; give "
                    f"one directory a prefix: utils/copy_data_dir.sh --utt-prefix <corpus>- {source} <new directory>"
                )
    write_table(fresh / name, merged)
