"""Sets of several corpora put together into one: every id with its corpus before it, every language under one label.

When matching is tolerant, one_language.tsv decides which labels are one language; when it is strict, every label stays
what it is. What has changed stands in the table merged_languages. The table hours says what there is of each corpus.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from sys import intern

from geolid.data.data_dir import WORDS, fresh_data_dir, has_free_labels, utterance_ids, utterance_tables
from geolid.data.lengths import seconds_of_utterances
from geolid.data.matching import counts_as
from geolid.data.tables import read_rows, read_table, write_table
from geolid.data.utterances import parse_segment
from geolid.errors import GeoLIDError

MERGED, HOURS = "merged_languages", "hours"
_WHOLE = "0 -1"  # as a segment says it


@dataclass
class Combined:
    """What the sets have come to."""

    merged: dict[str, str] = field(default_factory=dict)  # labels that have become others
    apart: list[list[str]] = field(default_factory=list)  # labels that tolerant matching would have made one
    left_out: list[str] = field(default_factory=list)  # tables that not all of the sets have
    hours: dict[tuple[str, str], float] = field(default_factory=dict)  # by corpus and language
    utterances: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Source:
    path: Path
    data_sets: dict[str, str]  # by utterance
    prefix: bool

    def rename(self, utt: str, name: str | None = None) -> str:
        """Return the new id of an utterance, or of what belongs to it."""
        return f"{self.data_sets[utt]}-{name or utt}" if self.prefix else name or utt


def combine(
    sources: Sequence[Path], dest: Path, tolerant: bool = False, prefix: bool = True, with_hours: bool = True
) -> Combined:
    """Write the combined set of sound data directories; one without utt2dataset is a corpus of its own name."""
    if Path(dest).resolve() in [Path(path).resolve() for path in sources]:
        raise GeoLIDError(f"{dest}: is to be read and written; give the combined set a place of its own")
    opened = [_open(Path(path), prefix) for path in sources]
    relabel = counts_as if tolerant else str
    if tolerant and any(has_free_labels(source.path) for source in opened):
        raise GeoLIDError("labels that are no languages (label_kind) cannot be merged; give --matching strict")
    combined = Combined()
    with fresh_data_dir(dest) as fresh:
        combined.left_out = _write_tables(opened, fresh, relabel)
        labels = {label for source in opened for _, label in read_rows(source.path / "utt2lang")}
        combined.merged = {label: relabel(label) for label in sorted(labels) if relabel(label) != label}
        combined.apart = [] if tolerant else _apart(labels)
        if combined.merged:
            write_table(fresh / MERGED, combined.merged)
        for source in opened:
            _count(source, relabel, with_hours, combined)
        if with_hours:
            rows = ((f"{corpus} {lang}", f"{hours:.4f}") for (corpus, lang), hours in combined.hours.items())
            write_table(fresh / HOURS, rows)
    return combined


def _open(path: Path, prefix: bool) -> _Source:
    if (path / "utt2dataset").exists():
        # interned: a table has millions of lines, and few corpora
        return _Source(path, {utt: intern(name) for utt, name in read_rows(path / "utt2dataset")}, prefix)
    return _Source(path, dict.fromkeys(utterance_ids(path), path.name), prefix)


def _write_tables(sources: list[_Source], fresh: Path, relabel: Callable[[str], str]) -> list[str]:
    names = [{*utterance_tables(source.path)} - {"wav.scp", "segments"} | {"utt2dataset"} for source in sources]
    for name in sorted(set.intersection(*names)):
        _write(fresh / name, [(source.path, _rows(source, name, relabel)) for source in sources])
    if any((source.path / "segments").exists() for source in sources):
        _write(fresh / "segments", [(source.path, _segments(source)) for source in sources])
    _write(fresh / "wav.scp", [(source.path, _recordings(source)) for source in sources])
    for word in WORDS:
        said = {(source.path / word).read_text() if (source.path / word).exists() else "" for source in sources}
        if len(said) > 1:
            each = ", ".join(f"{source.path}" for source in sources if (source.path / word).exists())
            raise GeoLIDError(
                f"{word}: the sets do not agree ({each} have one); combine sets of one kind: all of data/, or all of "
                "dump/ in one audio format"
            )
        if said != {""}:
            (fresh / word).write_text(said.pop())
    return sorted(set.union(*names) - set.intersection(*names))


def _rows(source: _Source, name: str, relabel: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    if name == "utt2dataset":
        yield from ((source.rename(utt), corpus) for utt, corpus in source.data_sets.items())
        return
    for utt, value in read_rows(source.path / name):
        if name == "utt2lang":
            value = relabel(value)
        elif name == "utt2spk":
            value = source.rename(utt, value)
        yield source.rename(utt), value


def _segments(source: _Source) -> Iterator[tuple[str, str]]:
    if not (source.path / "segments").exists():
        for utt, _ in read_rows(source.path / "wav.scp"):
            yield source.rename(utt), f"{source.rename(utt)} {_WHOLE}"
        return
    for utt, value in read_rows(source.path / "segments"):
        recording, times = value.split(None, 1)
        yield source.rename(utt), f"{source.rename(utt, recording)} {times}"


def _recordings(source: _Source) -> Iterator[tuple[str, str]]:
    if not (source.path / "segments").exists():
        yield from ((source.rename(utt), audio) for utt, audio in read_rows(source.path / "wav.scp"))
        return
    audio = read_table(source.path / "wav.scp")
    needed = {(source.rename(utt, name), name) for utt, name in _recordings_of(source.path)}
    yield from ((new, audio[name]) for new, name in needed)


def _recordings_of(path: Path) -> Iterator[tuple[str, str]]:
    return ((utt, parse_segment(value)[0]) for utt, value in read_rows(path / "segments"))


def _write(path: Path, parts: Iterable[tuple[Path, Iterator[tuple[str, str]]]]) -> None:
    """Write rows of several sets; an id that two of them have is an error."""
    may_share = path.name == "wav.scp"  # a recording may serve two sets
    merged: dict[str, str] = {}
    sizes: list[tuple[Path, int]] = []  # how many ids there were behind each set
    for source, rows in parts:
        for key, value in rows:
            if key in merged and not (may_share and merged[key] == value):
                place = list(merged).index(key)
                other = next((earlier for earlier, size in sizes if place < size), source)
                raise GeoLIDError(
                    f"{source}: '{key}' is an id of {other} too; name each set once, give different corpora different "
                    "names in utt2dataset, and leave --prefix true"
                )
            merged[key] = value
        sizes.append((source, len(merged)))
    write_table(path, merged)


def _apart(labels: set[str]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for label in sorted(labels):
        groups.setdefault(counts_as(label), []).append(label)
    return [group for group in groups.values() if len(group) > 1]


def _count(source: _Source, relabel: Callable[[str], str], with_hours: bool, combined: Combined) -> None:
    seconds = seconds_of_utterances(source.path) if with_hours else {}
    for utt, label in read_rows(source.path / "utt2lang"):
        key = source.data_sets[utt], relabel(label)
        combined.utterances[key] = combined.utterances.get(key, 0) + 1
        combined.hours[key] = combined.hours.get(key, 0.0) + seconds.get(utt, 0.0) / 3600
