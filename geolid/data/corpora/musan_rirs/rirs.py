"""The room impulse responses of RIRS_NOISES, simulated and recorded: a folder each, whose `rir_list` names them."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from geolid.data.corpora.musan_rirs import remote
from geolid.errors import GeoLIDError

ROOMS = ("small", "medium", "large")
_TOP = "RIRS_NOISES"  # in the paths of the lists
_REAL = "real_rirs_isotropic_noises"  # the folder has noises besides
_LIST = "rir_list"
_AGAIN = f"unpack {remote.ARCHIVES['rirs'].name} anew, or fetch it with --download true"


def find(root: Path, rooms: Sequence[str], real: bool) -> list[Path]:
    """Return the responses of simulated rooms, a size after the other, and of real ones where they are wanted."""
    if not root.is_dir():
        raise GeoLIDError(
            f"{root}: there is no such folder; say where RIRS_NOISES is, in db.sh or by --rirs_root, fetch it with "
            "--download true, or do without it by --parts musan"
        )
    remote.refuse_on_its_way("rirs", root)
    if not (root / "simulated_rirs").is_dir() and not (root / _REAL).is_dir():
        inner = root / _TOP
        raise GeoLIDError(
            f"{root}: holds neither simulated_rirs nor {_REAL}, the folders of RIRS_NOISES; "
            + (f"is it {inner}?" if inner.is_dir() else "is it another folder?")
        )
    folders = [root / "simulated_rirs" / f"{room}room" for room in rooms] + ([root / _REAL] if real else [])
    return [file for folder in folders for file in _responses(root, folder)]


def _responses(root: Path, folder: Path) -> list[Path]:
    """Return the files that a folder's list names, in order; all of them have to be there."""
    table = folder / _LIST
    if not table.is_file():
        raise GeoLIDError(f"{table}: there is no such list, which names the responses: half-unpacked? {_AGAIN}")
    listed = sorted({root / _place(table, number, line) for number, line in _lines(table)})
    there = set(folder.rglob("*.wav"))
    missing = [file for file in listed if file not in there]
    if missing or not listed:
        raise GeoLIDError(
            f"{folder}: lacks {len(missing)} of the {len(listed)} files that its {_LIST} names"
            + (f", such as {missing[0].relative_to(folder)}" if missing else "")
            + f": half-unpacked? {_AGAIN}"
        )
    return listed


def _lines(table: Path) -> list[tuple[int, str]]:
    lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _place(table: Path, number: int, line: str) -> Path:
    """Return the path that a line ends with, from the folder of the corpus on."""
    fields = line.split()
    path = PurePosixPath(fields[-1])
    if fields[0] != "--rir-id" or path.parts[0] != _TOP or path.suffix != ".wav" or ".." in path.parts:
        raise GeoLIDError(
            f"{table}:{number}: expected '--rir-id <id> --room-id <room> {_TOP}/<path>.wav', found '{line}'; is it "
            "another version of RIRS_NOISES?"
        )
    return Path(*path.parts[1:])
