"""Repair a data directory: line ends, order, doubles, and utterances that not every table has."""

from collections.abc import Iterator
from operator import eq
from pathlib import Path

from geolid.data.data_dir import DROPPED, WORDS, fresh_data_dir, keep_needed_recordings, utterance_tables
from geolid.data.tables import TableError, read_table, whole_or_absent, write_table


def fix_data_dir(data_dir: Path) -> dict[str, str]:
    """Repair a directory in place; return the utterances that were left out, with the reason of each.

    They are listed in the directory's table `dropped`. Two lines with one id and different values are not for a
    machine to choose between: that is an error.
    """
    data_dir = Path(data_dir)
    names = utterance_tables(data_dir)
    kept, dropped = _common_utterances(data_dir, names)
    with fresh_data_dir(data_dir) as fresh:
        for name in names:
            with whole_or_absent(fresh / name) as out:
                out.writelines(f"{line}\n" for key, line in _repaired(data_dir / name) if key in kept)
        if names[0] == "segments":
            keep_needed_recordings((line.split(None, 1) for _, line in _repaired(data_dir / "wav.scp")), fresh)
        for word in WORDS:
            if (data_dir / word).exists():
                (fresh / word).write_bytes((data_dir / word).read_bytes())
        all_dropped = read_table(data_dir / DROPPED) if (data_dir / DROPPED).exists() else {}
        all_dropped |= dropped
        if all_dropped:
            write_table(fresh / DROPPED, all_dropped)
    return dropped


def _common_utterances(data_dir: Path, names: list[str]) -> tuple[set[str], dict[str, str]]:
    """Return the utterances that every table has, and the others with what they lack."""
    listing, *others = names
    listed = [utt for utt, _ in _repaired(data_dir / listing)]
    kept = set(listed)
    dropped = {utt: f"no value in {name}" for name in names for utt in _without_value(data_dir / name)}
    if listing == "segments":
        recordings = {name for name, _ in _repaired(data_dir / "wav.scp")}
        for utt, segment in _repaired(data_dir / "segments"):
            if segment.split()[1] not in recordings:
                dropped[utt] = "its recording is not in wav.scp"
                kept.discard(utt)
    for name in others:
        here = [utt for utt, _ in _repaired(data_dir / name)]
        if here != listed:
            lacking = dict.fromkeys(kept.difference(here), f"not in {name}")
            lacking |= dict.fromkeys(set(here).difference(listed), f"in {name}, but not in {listing}")
            dropped = lacking | dropped
            kept.intersection_update(here)
    return kept, dropped


def _without_value(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig") as lines:
        return [line.strip() for line in lines if line.strip() and len(line.split(None, 1)) == 1]


def _repaired(path: Path) -> Iterator[tuple[str, str]]:
    """Return a table's keys and lines, sorted, each once, without what Windows adds and lines that say nothing.

    Lines sort as their keys do, for a blank comes before every character of a key. It is whole lists that are worked
    on here, not rows, for a table may have millions.
    """
    text = path.read_text(encoding="utf-8-sig")  # drops a byte order mark, and takes any line end for one
    lines = [line.rstrip() for line in text.split("\n") if len(line.split(None, 1)) == 2]
    del text
    lines.sort()
    lines = [line for line, following in zip(lines, [*lines, None][1:], strict=True) if line != following]
    keys = [line.split(None, 1)[0] for line in lines]
    if any(map(eq, keys, keys[1:])):
        twice = next(key for key, following in zip(keys, keys[1:], strict=False) if key == following)
        raise TableError(f"{path}: '{twice}' stands there twice, with different values; remove the wrong line")
    return zip(keys, lines, strict=True)
