"""What the words of a command line stand for: files, folders, patterns, tables, a list that comes in on a pipe."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from geolid.data.tables import read_rows
from geolid.data.utterances import Utterance, utterances

STDIN = "-"
_READ = (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".sph", ".nist")
_READ += (".aif", ".aiff", ".aifc", ".au", ".snd", ".w64", ".rf64", ".caf")
_NOT_READ = (
    ".m4a",
    ".aac",
    ".mp4",
    ".wma",
    ".amr",
    ".webm",
)  # by soundfile; they get rows, as nothing is lost silently

_EMPTY = "no audio: a folder without a wav.scp or a file of a kind such as .wav, .flac or .mp3"


@dataclass(frozen=True)
class NoAudio:
    """Stands for a word behind which there is nothing to identify."""

    name: str
    reason: str


Found = Utterance | NoAudio


def expand(words: Iterable[str], stdin: Iterable[str] = ()) -> Iterator[Found]:
    """Yield the recordings that words stand for, in the words' order; each word gives one thing at least."""
    for word in words:
        if word == STDIN:
            yield from _listed(stdin)
        elif not Path(word).exists() and glob.has_magic(word):
            found = glob.iglob(word, recursive=True)  # noqa: PTH207 # Path.glob takes no absolute pattern
            for path in sorted(found) or [word]:
                yield from _of_path(path)
        else:
            yield from _of_path(word)


def _listed(lines: Iterable[str]) -> Iterator[Found]:
    empty = True
    for line in lines:
        path = line.rstrip("\r\n")
        if path:
            empty = False
            yield Utterance(path, path)
    if empty:
        yield NoAudio(STDIN, "no list: expected paths of audio files on the standard input, one a line")


def _of_path(path: str) -> Iterator[Found]:
    if path and Path(path).is_dir():
        if (Path(path) / "wav.scp").exists():
            found, nothing = utterances(Path(path)), "no audio: the data directory has no utterance"
        else:
            found, nothing = _below(path, set()), _EMPTY
    elif path.endswith(".scp"):
        found = (Utterance(name, source) for name, source in read_rows(Path(path)))
        nothing = "no audio: the table is empty"
    else:
        found, nothing = iter([Utterance(path, path)]), ""
    first = next(found, None)
    yield NoAudio(path, nothing) if first is None else first
    yield from found


def _below(folder: str, seen: set[tuple[int, int]]) -> Iterator[Found]:
    """Yield the audio files of a folder and of those in it, by name; a link that leads back is not followed twice."""
    try:
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            found: Sequence[os.DirEntry] = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield NoAudio(folder, f"cannot be read: {error.strerror}")
        return
    for entry in found:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _below(entry.path, seen)
        elif Path(entry.name).suffix.lower() in _READ + _NOT_READ:
            yield Utterance(entry.path, entry.path)
