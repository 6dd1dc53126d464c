"""A data directory's audio, made over in blocks of utterances that are done whole or not at all.

A block is what a job takes at a time and what a restart keeps. How a directory is cut into blocks does not depend on
the number of jobs. A block's folder in `<out-dir>/audio` stands only when the block is done:

    000012.todo       what is to be done: a line of settings, then a line an utterance
    000012/done       that same text, the size of the audio in bytes, then a line an utterance with what came of it
    000012/<utt>.wav  the audio, unless the source was already right

A finished block is done again when its `.todo` has changed (another setting, utterance, segment, or size of a source),
when a source has been written or put in another's place since, and when its own audio is not all there.
"""

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from geolid.data.audio import ark_place
from geolid.data.tables import whole_or_absent
from geolid.data.utterances import Utterance, utterances
from geolid.errors import GeoLIDError

UTTERANCES_IN_BLOCK = 50
_THREADS = 16  # asking a file server for many files' sizes is waiting


@dataclass(frozen=True)
class Settings:
    """What utterances are made into."""

    rate: int = 16000
    audio_format: str = "wav"  # wav, flac, wav.ark, flac.ark
    min_seconds: float = 0.0
    max_seconds: float = float("inf")
    speed: float = 1.0
    copy_only: bool = False  # nothing is made over; what is not right already is a fault
    allow_pipes: bool = False


@dataclass(frozen=True, slots=True)  # there are millions of them
class Outcome:
    """What came of an utterance: an audio source, or the reason why there is none."""

    utt: str
    source: str = ""
    samples: int = 0
    passed: bool = False  # the source was already right
    fault: str = ""  # its audio cannot be used
    unfit: str = ""  # its audio is well, but outside the wanted durations


def plan(data_dir: Path, out_dir: Path, settings: Settings) -> list[str]:
    """Write the `.todo` of every block, clear away what is stale, and return the blocks to be done."""
    audio_dir = Path(out_dir) / "audio"
    audio_dir.mkdir(parents=True, exist_ok=True)
    header = json.dumps(asdict(settings))
    blocks = ((f"{number:06d}", block) for number, block in enumerate(_in_blocks(utterances(data_dir))))
    wanted: set[str] = set()
    undone: list[str] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        while batch := list(islice(blocks, 4 * _THREADS)):
            done = pool.map(lambda item: _plan_block(audio_dir, *item, header), batch)
            wanted |= {name for name, _ in batch}
            undone += [name for (name, _), is_done in zip(batch, done, strict=True) if not is_done]
    for entry in audio_dir.iterdir():
        if entry.name.removesuffix(".todo") not in wanted:  # of an earlier, longer set, or left by a killed job
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return undone


def _plan_block(audio_dir: Path, name: str, block: list[Utterance], header: str) -> bool:
    """Write a block's `.todo`; return whether the block is done already."""
    states = [_size_and_time(utterance.source) for utterance in block]
    lines = [json.dumps([u.name, u.source, u.start, u.end, size]) for u, (size, _) in zip(block, states, strict=True)]
    text = "\n".join([header, *lines]) + "\n"
    todo = audio_dir / f"{name}.todo"
    if not todo.exists() or todo.read_text(encoding="utf-8") != text:
        with whole_or_absent(todo) as out:
            out.write(text)
    done_time = _size_and_time(str(audio_dir / name / "done"))[1]
    if done_time <= max(time for _, time in states):
        (audio_dir / name / "done").unlink(missing_ok=True)
    return is_done(audio_dir, name)


def _in_blocks(all_utterances: Iterator[Utterance]) -> Iterator[list[Utterance]]:
    while block := list(islice(all_utterances, UTTERANCES_IN_BLOCK)):
        yield block


def _size_and_time(source: str) -> tuple[int, int]:
    """Return the size of a source's file and when it last changed, in ns.

    A file that is moved into another's place keeps the time at which it was written, but not that of its last change.
    """
    place = ark_place(source)
    try:
        status = Path(place[0] if place else source).stat()
    except OSError:  # a command, or no such file, which the job will tell
        return 0, 0
    return status.st_size, max(status.st_mtime_ns, status.st_ctime_ns)


def read_todo(audio_dir: Path, block: str) -> tuple[Settings, list[Utterance]]:
    header, *lines = (audio_dir / f"{block}.todo").read_text(encoding="utf-8").splitlines()
    return Settings(**json.loads(header)), [Utterance(*json.loads(line)[:4]) for line in lines]


def is_done(audio_dir: Path, block: str) -> bool:
    try:
        done = (audio_dir / block / "done").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    todo = (audio_dir / f"{block}.todo").read_text(encoding="utf-8")
    return done.startswith(f"{todo}{_audio_bytes(audio_dir / block)}\n")


def _audio_bytes(folder: Path) -> int:
    with os.scandir(folder) as files:
        return sum(file.stat().st_size for file in files if file.name != "done")


def finish(audio_dir: Path, block: str, work_dir: Path, outcomes: list[Outcome]) -> None:
    """Record what came of a block and move its folder into place."""
    todo = (audio_dir / f"{block}.todo").read_text(encoding="utf-8")
    lines = [json.dumps(asdict(outcome)) for outcome in outcomes]
    text = "\n".join([f"{todo}{_audio_bytes(work_dir)}", *lines, ""])
    (work_dir / "done").write_text(text, encoding="utf-8")
    shutil.rmtree(audio_dir / block, ignore_errors=True)  # of another state of the inputs
    work_dir.rename(audio_dir / block)


def outcomes(out_dir: Path) -> Iterator[Outcome]:
    """Yield what came of every utterance, block after block."""
    audio_dir = Path(out_dir) / "audio"
    for todo in sorted(audio_dir.glob("*.todo")):
        if not is_done(audio_dir, todo.stem):
            raise GeoLIDError(f"{audio_dir / todo.stem}: is not done; run the stage again")
        length = len(todo.read_text(encoding="utf-8").splitlines())
        done = (audio_dir / todo.stem / "done").read_text(encoding="utf-8").splitlines()
        yield from (Outcome(**json.loads(line)) for line in done[length + 1 :])
