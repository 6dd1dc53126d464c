"""The list of the identification task: `<1, 2 or 3> <speaker>/<video>/<file>.wav` a line."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from geolid.data.corpora.voxceleb1 import EXAMPLE, HOME, HOW_TO_GET
from geolid.errors import GeoLIDError

# The official list, and the same list as s3prl has it.
NAMES = ("iden_split.txt", "veri_test_class.txt")
SPLITS = {"1": "train", "2": "dev", "3": "test"}
_LINE = re.compile(r"([123])[ \t]+(([^/\s]+)/([^/\s]+)/([^/\s]+)\.wav)")
SPEAKER = re.compile(r"id\d{5}")


class Listed(NamedTuple):  # there are 153,516
    split: str  # train, dev or test
    path: str  # below the folder of the speakers
    speaker: str
    video: str
    number: str


def find_list(root: Path, given: Path | None) -> Path:
    """Return where the list is: as given, or beside the audio or with the audio of dev or test."""
    if given is not None:
        if not given.is_file():
            raise GeoLIDError(f"--split_list {given}: there is no such file. {HOW_TO_GET}")
        return given
    for folder in (root, root / "dev", root / "test", root / "dev" / "wav", root / "test" / "wav"):
        for name in NAMES:
            if (folder / name).is_file():
                return folder / name
    raise GeoLIDError(
        f"{root}: has no {NAMES[0]}, the list that tells training from dev and test (its folders are those of another "
        f"task); put {HOME}/meta/{NAMES[0]} there, or say where it is with --split_list"
    )


def read_list(path: Path) -> list[Listed]:
    """Return the files of the list, in its order."""
    files = list(_lines(path))
    seen: set[str] = set()
    for listed in files:
        if listed.path in seen:
            raise GeoLIDError(f"{path}: lists {listed.path} twice; a file is in one split: fetch the list anew")
        seen.add(listed.path)
    absent = [name for name in SPLITS.values() if name not in {listed.split for listed in files}]
    if absent:
        raise GeoLIDError(
            f"{path}: lists {len(files)} files, and none for {' and '.join(absent)}; expected lines with 1 (train), 2 "
            "(dev) and 3 (test): fetch the list anew"
        )
    return files


def _lines(path: Path) -> Iterator[Listed]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            match = _LINE.fullmatch(line.strip())
            if match is None:
                raise GeoLIDError(f"{path}:{number}: {_what_is_wrong(line)}")
            if not SPEAKER.fullmatch(match[3]):
                raise GeoLIDError(
                    f"{path}:{number}: speaker '{match[3]}': this list is of an old release, which calls speakers by "
                    f"name; expected an id, as in {EXAMPLE}: take {HOME}/meta/{NAMES[0]}"
                )
            yield Listed(SPLITS[match[1]], *match.group(2, 3, 4, 5))


def _what_is_wrong(line: str) -> str:
    expected = f"expected '1 {EXAMPLE}', with 1 for train, 2 for dev, 3 for test"
    if line.count(".wav") == 2:
        return (
            f"has two files, as a list of trials for verification; {expected}: the list of the identification task is "
            f"called {NAMES[0]}"
        )
    return f"{expected}, found '{line.strip()[:80]}'"
