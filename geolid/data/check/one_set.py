"""A data directory as the checks look at it: columns of millions of rows, kept small."""

import os
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from geolid.data.audio import AudioError, ark_place, is_pipe, read_header
from geolid.data.check.measure import Measured
from geolid.data.data_dir import has_free_labels
from geolid.data.tables import read_rows, read_table
from geolid.data.utterances import parse_segment, utterances
from geolid.errors import GeoLIDError

UNKNOWN = -1


@dataclass
class Column:
    """A table with few different values: for each utterance the place of its value in `names`, or UNKNOWN."""

    names: list[str]
    of_utt: np.ndarray

    def name(self, index: int) -> str:
        place = self.of_utt[index]
        return "" if place == UNKNOWN else self.names[place]

    def places(self, name: str) -> np.ndarray:
        """Return the utterances with a value."""
        return np.flatnonzero(self.of_utt == self.names.index(name))


@dataclass
class OneSet:
    data_dir: Path
    is_trained_on: bool
    has_languages: bool  # not free labels
    by_segments: bool
    utts: list[str]
    languages: Column
    speakers: Column | None
    # Hashes, alike where the text is; 64 bits are enough for millions.
    sources: np.ndarray  # of the path (or the place in an ark, or the command)
    recordings: np.ndarray  # of the recording's name
    names_are_sure: bool  # whether two recordings of one name are one, in another set as well
    seconds: np.ndarray  # NaN where no table tells it and the audio was not looked at
    measured: Measured | None = None
    faults: dict[int, str] = field(default_factory=dict)  # why the audio of an utterance cannot be used

    @property
    def name(self) -> str:
        return str(self.data_dir)


def read_set(data_dir: Path, is_trained_on: bool, recording_pattern: str | None = None) -> OneSet:
    """Read the tables; raises where they are no tables."""
    by_segments = (data_dir / "segments").exists()
    utts: list[str] = []
    sources, recordings = array("q"), array("q")
    # of utterances in a row, many are of one recording
    known: tuple[str, int, int] = ("", 0, 0)
    name_of = _naming(recording_pattern)
    for (utt, source), key in zip(_utts_and_sources(data_dir), _recording_ids(data_dir), strict=True):
        utts.append(utt)
        if source != known[0] or not by_segments:
            place = source if is_pipe(source) else os.path.abspath(source)  # noqa: PTH100 # Path is ten times slower
            known = source, hash(place), hash(name_of(source, key, by_segments))
        sources.append(known[1])
        recordings.append(known[2])
    languages = _column(data_dir / "utt2lang", utts)
    return OneSet(
        data_dir=data_dir,
        is_trained_on=is_trained_on,
        has_languages=not has_free_labels(data_dir),
        by_segments=by_segments,
        utts=utts,
        languages=languages,
        speakers=_column(data_dir / "utt2spk", utts) if (data_dir / "utt2spk").exists() else None,
        sources=np.frombuffer(sources, np.int64),
        recordings=np.frombuffer(recordings, np.int64),
        # preparations give recordings with segments ids of their own; files in two folders may be named alike
        names_are_sure=by_segments or recording_pattern is not None,
        seconds=_seconds(data_dir, utts),
    )


def _utts_and_sources(data_dir: Path) -> Iterator[tuple[str, str]]:
    return ((utterance.name, utterance.source) for utterance in utterances(data_dir))


def _recording_ids(data_dir: Path) -> Iterator[str]:
    if (data_dir / "segments").exists():
        return (value.split(None, 1)[0] for _, value in read_rows(data_dir / "segments"))
    return (key for key, _ in read_rows(data_dir / "wav.scp"))


def _naming(pattern: str | None) -> Callable[[str, str, bool], str]:
    """Return what names a recording, by its source and its id in wav.scp.

    A file is named by its name without folder and ending, as corpora put the same file into several folders; what is
    cut by segments, in an ark or a command's output by the id.
    """
    if pattern is not None:
        try:
            if re.compile(pattern).groups < 1:
                raise re.error("it has no group")
        except re.error as error:
            raise GeoLIDError(
                f"--recording_pattern '{pattern}': {error}; expected a regular expression whose first group is the "
                r"recording, such as '(.{11})__U__S' for the videos of VoxLingua107"
            ) from None

    def name_of(source: str, key: str, by_segments: bool) -> str:
        in_file = not is_pipe(source) and not _in_ark(source)
        name = source.rsplit("/", 1)[-1] if in_file else key
        if pattern is not None:
            match = re.match(pattern, name)
            return match[1] if match else name
        return name.rpartition(".")[0] or name if in_file and not by_segments else key

    return name_of


def _in_ark(source: str) -> bool:
    """Whether a source may be in an ark; a look at the disk is taken only where it looks like one."""
    return source[-1:].isdigit() and ark_place(source) is not None


def _column(table: Path, utts: Sequence[str]) -> Column:
    places: dict[str, int] = {}
    column = array("i", (UNKNOWN if v is None else places.setdefault(v, len(places)) for v in values_of(table, utts)))
    return Column(list(places), np.frombuffer(column, np.int32))


def values_of(table: Path, utts: Sequence[str]) -> Iterator[str | None]:
    """Yield the value of each utterance, None where the table lacks it; a table in the same order is not kept."""
    rows = read_rows(table)
    for at, utt in enumerate(utts):
        key, value = next(rows, (None, None))
        if key != utt:
            rest = read_table(table)
            yield from (rest.get(other) for other in utts[at:])
            return
        yield value


def _seconds(data_dir: Path, utts: Sequence[str]) -> np.ndarray:
    """Return what tables tell of lengths; only the header of one file is read."""
    if (data_dir / "utt2num_samples").exists():
        try:
            rate = read_header(next(utterances(data_dir)).source).rate
        except AudioError:  # which the look at the audio tells
            rate = np.nan
        values = values_of(data_dir / "utt2num_samples", utts)
        return np.fromiter((_number(value) / rate for value in values), float, len(utts))
    if (data_dir / "utt2dur").exists():
        values = values_of(data_dir / "utt2dur", utts)
        return np.fromiter((_number(value) for value in values), float, len(utts))
    if (data_dir / "segments").exists():
        times = (parse_segment(value) for _, value in read_rows(data_dir / "segments"))
        return np.fromiter((end - start if end > 0 else np.nan for _, start, end in times), float, len(utts))
    return np.full(len(utts), np.nan)


def _number(text: str | None) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return np.nan
