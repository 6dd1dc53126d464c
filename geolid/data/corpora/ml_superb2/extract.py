"""The audio of a parquet file, written out: a folder a file, in it the utterances' audio as the bytes are.

Beside it `.written` lists what has been written: a line that tells the parquet file's state, then a line a row. What it
lists is not read again as long as the parquet file is the same and the audio is there. What a killed run has written
without coming to its end is compared by its size, as every file comes whole or not at all.
"""

import io
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import soundfile

from geolid.data.corpora.ml_superb2.parquet import Shard, audio_of
from geolid.data.tables import whole_or_absent
from geolid.errors import GeoLIDError

_RECORD = ".written"
_STATE = ".state"
_SUFFIXES = {"WAV": "wav", "WAVEX": "wav", "FLAC": "flac", "OGG": "ogg", "MP3": "mp3"}


class Written(NamedTuple):
    """What came of an utterance's audio."""

    name: str  # of the file, in the folder
    bytes: int
    seconds: float
    fault: str = ""  # why there is none


@dataclass(frozen=True)
class Job:
    """The audio that is wanted of a parquet file."""

    shard: Shard
    utts: Mapping[int, str]  # by row
    audio_dir: Path

    @property
    def folder(self) -> Path:
        return self.audio_dir / self.shard.name

    def missing(self) -> dict[int, str]:
        """Return what is still to be written."""
        done = _done(self)
        return {row: utt for row, utt in self.utts.items() if row not in done}


def write_audio(job: Job) -> dict[int, Written]:
    """Write the audio that is not there yet; return what came of every row that is wanted."""
    folder, state = job.folder, _state_of(job.shard)
    if folder.exists() and _text(folder / _STATE) != state:
        _clear(folder)
    done = _done(job)
    missing = {row: utt for row, utt in job.utts.items() if row not in done}
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_or_absent(folder / _STATE) as out:
            out.write(state)
        for row, content in audio_of(job.shard.file, missing):
            done[row] = _write(folder, missing[row], content())
        with whole_or_absent(folder / _RECORD) as out:
            out.write(state)
            out.writelines(json.dumps([row, *written]) + "\n" for row, written in sorted(done.items()))
    return {row: done[row] for row in job.utts}


def _clear(folder: Path) -> None:
    """Remove what was written from another parquet file of this name; nothing else is removed."""
    if not (folder / _STATE).exists() and any(folder.iterdir()):
        raise GeoLIDError(
            f"{folder}: the audio of a parquet file is to be written there, but it holds other files; move them away, "
            "or choose another place with --audio_dir"
        )
    shutil.rmtree(folder)


def _state_of(shard: Shard) -> str:
    status = shard.file.stat()
    return json.dumps({"bytes": status.st_size, "time": status.st_mtime_ns}) + "\n"


def _text(file: Path) -> str:
    with suppress(FileNotFoundError):
        return file.read_text(encoding="utf-8")
    return ""


def _done(job: Job) -> dict[int, Written]:
    """Return what came of the rows that were written from the same parquet file, as far as their audio is there."""
    state, *lines = _text(job.folder / _RECORD).splitlines(keepends=True) or [""]
    if state != _state_of(job.shard):
        return {}
    with os.scandir(job.folder) as files:
        sizes = {file.name: file.stat().st_size for file in files}
    rows = {row: Written(*written) for row, *written in map(json.loads, lines)}
    return {
        row: written
        for row, written in rows.items()
        if written.fault or written.bytes == sizes.get(written.name) and _is_of(written.name, row, job)
    }


def _is_of(name: str, row: int, job: Job) -> bool:
    """Return whether a file is called as its row is now; what a label means may have been changed since."""
    return row not in job.utts or name.rpartition(".")[0] == job.utts[row]


def _write(folder: Path, utt: str, content: bytes | None) -> Written:
    if not content:
        return Written("", 0, 0.0, "no audio")
    try:
        about = soundfile.info(io.BytesIO(content))
    except soundfile.LibsndfileError as error:
        return Written("", 0, 0.0, f"cannot be read as audio: {error.error_string}")
    if not about.frames:
        return Written("", 0, 0.0, "no samples")
    file = folder / f"{utt}.{_SUFFIXES.get(about.format, about.format.lower())}"
    if not (file.exists() and file.stat().st_size == len(content)):
        beside = file.with_name(f".{file.name}.tmp")
        try:
            beside.write_bytes(content)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    return Written(file.name, len(content), about.frames / about.samplerate)
