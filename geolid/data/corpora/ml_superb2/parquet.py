"""The pre-formatted set: parquet files with the columns id, language, audio and text.

Two ways to name the files are known: `<split>-<number>-of-<how many>.parquet`, in any folder, as the set is published,
and `<split>/<number>.parquet`, as the Hub converts sets. pyarrow is imported where it is needed: that takes a moment,
and the original tree does without.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from geolid.data.corpora.ml_superb2 import SPLITS
from geolid.data.corpora.ml_superb2.choose import Listed
from geolid.errors import GeoLIDError

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

COLUMNS = ("id", "language", "audio", "text")
_NAME = re.compile(rf"({'|'.join(SPLITS)})-(\d+)-of-(\d+)(?:-[0-9a-f]+)?\.parquet")
_CONVERTED = re.compile(rf"(?:.*/)?({'|'.join(SPLITS)})/(\d+)\.parquet")
# Texts begin with a label in square brackets.
_TAG = re.compile(r"\A\s*\[[^\]]*\]")
# The part of dev_dialect that says `hin` of these; ids tell which, such as ms_speech_tam_000001.
_SAID_TO_BE_HINDI = ("tam", "tel", "guj")
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Shard:
    """A parquet file, one of those of a split."""

    split: str
    number: int
    file: Path

    @property
    def name(self) -> str:
        return f"{self.split}-{self.number:05d}"


def find(root: Path) -> dict[str, list[Shard]]:
    """Return the files of each split that there is; a split that lacks some is refused."""
    found: dict[str, list[_Part]] = {}
    for file in sorted(root.rglob("*.parquet")):
        part = _part(file.relative_to(root).as_posix())
        if part:
            found.setdefault(part.split, []).append(part)
    for split, parts in found.items():
        _refuse_incomplete(root, split, parts)
    return {
        split: [Shard(split, part.number, root / part.path) for part in sorted(parts, key=lambda part: part.number)]
        for split, parts in found.items()
    }


def split_of(path: str) -> str | None:
    """Return the split that a file of the set is of, by its path in the set; None for any other file."""
    part = _part(path)
    return part.split if part else None


class _Part(NamedTuple):
    split: str
    number: int
    total: int | None  # of files of the split, where names tell
    path: str


def _part(path: str) -> _Part | None:
    if any(name.startswith(".") for name in path.split("/")):  # what programs keep for themselves
        return None
    if match := _NAME.fullmatch(path.rpartition("/")[2]):
        return _Part(match[1], int(match[2]), int(match[3]), path)
    if match := _CONVERTED.fullmatch(path):
        return _Part(match[1], int(match[2]), None, path)
    return None


def _refuse_incomplete(root: Path, split: str, parts: list[_Part]) -> None:
    numbers = [part.number for part in parts]
    totals = {part.total for part in parts}
    if len(totals) > 1 or len(set(numbers)) < len(numbers):
        raise GeoLIDError(
            f"{root}: holds two versions of {split}: {parts[0].path} and {parts[-1].path}; move one of them elsewhere"
        )
    total = totals.pop() or max(numbers) + 1
    missing = sorted(set(range(total)) - set(numbers))
    if missing:
        raise GeoLIDError(
            f"{root}: lacks {len(missing)} of {total} parquet files of {split}, number {missing[0]} among them: "
            "half-downloaded? Go on with --download true, or choose other splits with --splits"
        )


@contextmanager
def open_shard(file: Path) -> Iterator["ParquetFile"]:
    """Open a file, whatever it holds; one that is not whole is refused, then or when it is read."""
    import pyarrow
    import pyarrow.parquet

    try:
        # a buffer, lest the audio of hundreds of utterances be read in one piece
        with pyarrow.parquet.ParquetFile(file, buffer_size=_READ_BYTES, pre_buffer=False) as opened:
            yield opened
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the system, and not of the format
            raise
        raise GeoLIDError(
            f"{file}: is no whole parquet file ({error}); remove it and fetch it again, with --download true"
        ) from None


def read_list(shard: Shard) -> list[Listed]:
    """Return the utterances of a file; of the audio nothing is read."""
    with open_shard(shard.file) as opened:
        _refuse_other_columns(shard.file, opened)
        columns = opened.read(columns=["id", "language", "text"], use_threads=False).to_pydict()
    rows = zip(columns["id"], columns["language"], columns["text"], strict=True)
    return [
        _listed(shard, number, utt or "", label or "", _TAG.sub("", text or "").strip())
        for number, (utt, label, text) in enumerate(rows)
    ]


def _refuse_other_columns(file: Path, opened: "ParquetFile") -> None:
    import pyarrow

    schema = opened.schema_arrow
    kinds = {
        name: pyarrow.types.is_string(schema.field(name).type) or pyarrow.types.is_large_string(schema.field(name).type)
        for name in COLUMNS
        if name in schema.names
    }
    if "audio" in kinds:
        audio = schema.field("audio").type
        kinds["audio"] = pyarrow.types.is_struct(audio) and audio.get_field_index("bytes") >= 0
    if len(kinds) < len(COLUMNS) or not all(kinds.values()):
        found = ", ".join(f"{column.name} ({_short(column.type)})" for column in schema)
        raise GeoLIDError(
            f"{file}: its columns are {found}; expected id, language and text (string) and audio (a struct that has "
            "bytes). Is it another version of the set, or another set?"
        )


def _short(kind: object) -> str:
    text = str(kind)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _listed(shard: Shard, number: int, utt: str, label: str, text: str) -> Listed:
    if shard.split == "dev_dialect" and label.strip() == "hin":
        label = _not_hindi(utt, f"{shard.file}:{number}")
    return Listed(utt, label, text, str(shard.file), number)


def _not_hindi(utt: str, place: str) -> str:
    """Return what an utterance of dev_dialect is of that is said to be Hindi."""
    told = {part for part in utt.split("_") if part in _SAID_TO_BE_HINDI}
    if len(told) != 1:
        raise GeoLIDError(
            f"{place}: '{utt}' is said to be hin, which in dev_dialect stands for Tamil, Telugu or Gujarati; expected "
            "an id that tells which, such as ms_speech_tam_000001. Is it another version of the set? Choose other "
            "splits with --splits"
        )
    return told.pop()


def audio_of(file: Path, rows: Iterable[int]) -> Iterator[tuple[int, Callable[[], bytes | None]]]:
    """Yield each of the rows with what gives the bytes of its audio; row groups without any of them are passed over."""
    wanted = frozenset(rows)
    with open_shard(file) as opened:
        first = 0
        for group in range(opened.num_row_groups):
            behind = first + opened.metadata.row_group(group).num_rows
            if not wanted.isdisjoint(range(first, behind)):
                number = first
                for batch in opened.iter_batches(16, row_groups=[group], columns=["audio.bytes"], use_threads=False):
                    contents = batch.column(0).field("bytes")
                    for at in range(len(contents)):
                        if number in wanted:
                            yield number, contents[at].as_py
                        number += 1
            first = behind
