"""Segments, cut out of the sessions of Parliament, and the tables of a language, as the corpus's own scripts make them.

A segment is what is put together of one stretch or several of a session. Each file comes whole or not at all, and one
that stands is not cut again; the tables come last, so that a language that has them is whole.
"""

import ast
import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from geolid.data.corpora.parallel import each
from geolid.data.corpora.voxpopuli import SPLITS
from geolid.data.corpora.voxpopuli.remote import list_of, sessions_of
from geolid.data.tables import whole_or_absent
from geolid.errors import GeoLIDError

_COLUMNS = ("session_id", "id_", "split", "vad", "original_text", "normed_text", "speaker_id", "gender")
_HEADER = ("id", "raw_text", "normalized_text", "speaker_id", "split", "gender")
_LONGEST_FIELD = 1 << 26  # characters
_BLOCK = 1 << 17  # samples that are read and written at a time

Stretch = tuple[float, float]  # seconds


@dataclass(frozen=True)
class Session:
    audio: Path
    segments: list[tuple[Path, list[Stretch]]] = field(default_factory=list)


def cut(root: Path, labels: Sequence[str], nj: int) -> list[str]:
    """Cut languages out of the sessions that are there; return the names of those that are not.

    What is of a session that is missing has no audio, which the preparation tells and bounds.
    """
    tables = {label: _read_list(list_of(root, label)) for label in labels}
    sessions: dict[str, Session] = {}
    for label, rows in tables.items():
        for row in rows:
            name = row["session_id"]
            audio = sessions_of(root) / name[:4] / f"{name}_original.ogg"
            segment = list_of(root, label).parent / name[:4] / f"{name}-{row['id_']}.ogg"
            sessions.setdefault(name, Session(audio)).segments.append((segment, row["vad"]))
    missing = [session.audio.name for session in sessions.values() if not session.audio.is_file()]
    there = [session for session in sessions.values() if session.audio.is_file()]
    each(_cut_session, there, nj, "cutting sessions", unit="session", at_a_time=1)
    for label, rows in tables.items():
        for split in SPLITS:
            _write_table(list_of(root, label).parent / f"asr_{split}.tsv", [r for r in rows if r["split"] == split])
    return sorted(missing)


def _read_list(file: Path) -> list[dict]:
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines, delimiter="|")
            lacking = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise GeoLIDError(
                    f"{file}: its first line has no {', '.join(lacking)}, but {' '.join(reader.fieldnames or ())}; is "
                    "it of another version? Then cut it with the corpus's own scripts"
                )
            rows = [row for row in reader if row["split"] in SPLITS]
        for row in rows:
            row["vad"] = [(float(start), float(end)) for start, end in ast.literal_eval(row["vad"])]
    except (OSError, EOFError, csv.Error, ValueError, SyntaxError, TypeError) as error:
        raise GeoLIDError(f"{file}: cannot be read ({error}); remove it, and run again to fetch it anew") from None
    return rows


def _cut_session(session: Session) -> None:
    missing = [(path, stretches) for path, stretches in session.segments if not path.exists()]
    if missing:
        with soundfile.SoundFile(session.audio) as audio:
            for path, stretches in missing:
                _cut(audio, stretches, path)


def _cut(audio: soundfile.SoundFile, stretches: Sequence[Stretch], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    try:
        with soundfile.SoundFile(
            beside, "w", audio.samplerate, audio.channels, format="OGG", subtype="VORBIS"
        ) as segment:
            for start, end in stretches:
                at, stop = (min(int(seconds * audio.samplerate), audio.frames) for seconds in (start, end))
                audio.seek(at)
                while at < stop and len(block := audio.read(min(stop - at, _BLOCK), dtype="float32")):
                    segment.write(block)
                    at += len(block)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _write_table(path: Path, rows: Sequence[dict]) -> None:
    with whole_or_absent(path) as out:
        out.write("\t".join(_HEADER) + "\n")
        for row in rows:
            fields = (row["original_text"], row["normed_text"], row["speaker_id"], row["split"], row["gender"])
            name = f"{row['session_id']}-{row['id_']}"
            out.write("\t".join([name, *(" ".join(str(text).split()) for text in fields)]) + "\n")
