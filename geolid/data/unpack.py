"""Archives of corpora, unpacked: what was done before a run was killed is not done again."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from geolid.data.download import put_aside
from geolid.data.tables import whole_or_absent
from geolid.errors import GeoLIDError

# Beside the folders of a corpus: for each archive that is unpacked, how many files came of it.
_RECORDS = ".unpacked"


def unpack_zip(archive: Path, folder: Path, told: Callable[[int], None] = lambda count: None) -> int:
    """Unpack a zip into `folder`, whether it names that folder itself or not; return the number of its files.

    A file that stands with the right size stays, each comes whole or not at all, and a damaged archive is put aside.
    `told` hears of every file.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [(member, place) for member in opened.infolist() if (place := _place(member, archive, folder))]
            for member, place in members:
                if not (place.exists() and place.stat().st_size == member.file_size):
                    _extract(opened, member, place)
                told(1)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        wrong = put_aside(archive)
        raise GeoLIDError(
            f"{archive}: is damaged ({error}) and now called {wrong.name}; run again to fetch it anew"
        ) from None
    with whole_or_absent(_record(folder.parent, archive.name)) as out:
        out.write(f"{len(members)}\n")
    return len(members)


def files_unpacked(root: Path, archive_name: str) -> int | None:
    """Return how many files have come of an archive that `unpack_zip` unpacked into a folder of `root`; else None."""
    record = _record(root, archive_name)
    return int(record.read_text()) if record.exists() else None


def _record(root: Path, archive_name: str) -> Path:
    return root / _RECORDS / archive_name


def _place(member: zipfile.ZipInfo, archive: Path, folder: Path) -> Path | None:
    """Return where a member goes; None for folders, and for what some systems leave everywhere."""
    path = PurePosixPath(member.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename:
        raise GeoLIDError(
            f"{archive}: wants to write {member.filename}, outside its folder; this is no archive to trust"
        )
    parts = path.parts[1:] if path.parts[:1] == (folder.name,) else path.parts
    if member.is_dir() or not parts or any(part.startswith((".", "__MACOSX")) for part in parts):
        return None
    return folder.joinpath(*parts)


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.tmp")
    try:
        with opened.open(member) as packed, beside.open("wb") as out:
            shutil.copyfileobj(packed, out, 1 << 20)  # compares the sum that the archive has of it
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
