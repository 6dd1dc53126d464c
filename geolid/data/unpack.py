"""Archives of corpora, unpacked: what was done before a run was killed is not done again."""

import gzip
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from geolid.data.download import put_aside
from geolid.data.tables import whole_or_absent
from geolid.errors import GeoLIDError

# Beside the folders of a corpus: for each archive that is unpacked, how many files came of it.
_RECORDS = ".unpacked"
_CHUNK_BYTES = 1 << 20


def unpack_zip(archive: Path, folder: Path, told: Callable[[int], None] = lambda count: None) -> int:
    """Unpack a zip into `folder`, whether it names that folder itself or not; return the number of its files.

    A file that stands with the right size stays, each comes whole or not at all, and a damaged archive is put aside.
    `told` hears of every file.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            files = [member for member in opened.infolist() if not member.is_dir()]
            members = [(member, place) for member in files if (place := _place(member.filename, archive, folder))]
            for member, place in members:
                if not _stands(place, member.file_size):
                    with opened.open(member) as content:  # compares the sum that the archive has of it
                        _write(content, place)
                told(1)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise _damaged(archive, error) from None
    _write_record(archive, folder, len(members))
    return len(members)


def unpack_tar(archive: Path, folder: Path, told: Callable[[int], None] = lambda count: None) -> int:
    """Unpack a tar or tar.gz in the same way, in one pass from its beginning to its end.

    The one sum that a tar.gz has is that of the whole, and stands at its end: what came of a damaged one is removed.
    Links and devices are left out.
    """
    open_stream = gzip.open if archive.suffix == ".gz" else open
    places = []
    try:
        with open_stream(archive, "rb") as stream, tarfile.open(fileobj=stream, mode="r|") as opened:
            for member in opened:
                place = _place(member.name, archive, folder) if member.isfile() else None
                if place:
                    places.append(place)
                    if not _stands(place, member.size):
                        _write(opened.extractfile(member), place)
                    told(1)
            while stream.read(_CHUNK_BYTES):  # the sum is compared at the end
                pass
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        for place in places:
            place.unlink(missing_ok=True)
        raise _damaged(archive, error) from None
    _write_record(archive, folder, len(places))
    return len(places)


def files_unpacked(root: Path, archive_name: str) -> int | None:
    """Return how many files have come of an archive that was unpacked here into a folder of `root`; else None."""
    record = _record(root, archive_name)
    return int(record.read_text()) if record.exists() else None


def _record(root: Path, archive_name: str) -> Path:
    return root / _RECORDS / archive_name


def _write_record(archive: Path, folder: Path, files: int) -> None:
    with whole_or_absent(_record(folder.parent, archive.name)) as out:
        out.write(f"{files}\n")


def _damaged(archive: Path, error: Exception) -> GeoLIDError:
    wrong = put_aside(archive)
    return GeoLIDError(f"{archive}: is damaged ({error}) and now called {wrong.name}; run again to fetch it anew")


def _place(name: str, archive: Path, folder: Path) -> Path | None:
    """Return where a file of an archive goes; None for what some systems leave everywhere."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise GeoLIDError(f"{archive}: wants to write {name}, outside its folder; this is no archive to trust")
    parts = path.parts[1:] if path.parts[:1] == (folder.name,) else path.parts
    if not parts or any(part.startswith((".", "__MACOSX")) for part in parts):
        return None
    return folder.joinpath(*parts)


def _stands(place: Path, size: int) -> bool:
    return place.exists() and place.stat().st_size == size


def _write(content: IO[bytes], place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.tmp")
    try:
        with beside.open("wb") as out:
            shutil.copyfileobj(content, out, _CHUNK_BYTES)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
