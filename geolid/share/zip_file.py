"""A folder as one zip whose bytes follow from the files alone: sorted, stored, without times or owners."""

import shutil
import stat
import zipfile
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell
_UNIX = 3
_MODE = stat.S_IFREG | 0o644
_ZIP64_FROM = 1 << 31  # bytes; a larger file's sizes need longer fields, which come before its content


def write_zip(folder: Path, archive: Path) -> None:
    """Write all files below a folder into a zip, at its root; what is written stays if and only if it is whole."""
    beside = archive.with_name(f".{archive.name}.tmp")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as out:
            for file in files_below(folder):
                info = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _EPOCH)
                info.create_system = _UNIX
                info.external_attr = _MODE << 16
                with file.open("rb") as content, out.open(info, "w", force_zip64=_is_large(file)) as packed:
                    shutil.copyfileobj(content, packed, 1 << 20)
        beside.replace(archive)
    finally:
        beside.unlink(missing_ok=True)


def files_below(folder: Path) -> list[Path]:
    return sorted((file for file in folder.rglob("*") if file.is_file()), key=lambda file: file.as_posix())


def _is_large(file: Path) -> bool:
    return file.stat().st_size >= _ZIP64_FROM
