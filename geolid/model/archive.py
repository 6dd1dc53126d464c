"""Zip archives of models, which may come from anywhere: nothing is written outside the folder that is meant."""

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from geolid.errors import GeoLIDError

_KNOWN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error)
_LEFT_FREE = 64 << 20  # bytes


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip of regular files into an empty folder; return the folder in which its files lie.

    That is the one folder that all of them are in, if there is one, as when a folder was packed by hand.
    """
    archive, folder = Path(archive), Path(folder)
    try:
        with zipfile.ZipFile(archive) as file:
            _refuse_unsafe(archive, file.infolist())
            _refuse_too_large(archive, file.infolist(), folder)
            for info in file.infolist():
                if not info.is_dir():
                    target = folder / info.filename
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with file.open(info) as packed, target.open("wb") as out:
                        shutil.copyfileobj(packed, out, 1 << 20)
    except _DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise GeoLIDError(
            f"{archive}: cannot be unpacked ({reason}); it is cut short, damaged or no zip: fetch or pack it again"
        ) from None
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def is_safe(name: str) -> bool:
    """Whether a name of a file stays below the folder that it is taken to be in, on every system."""
    parts = name.removesuffix("/").split("/")
    return bool(name) and not any(part in ("", ".", "..") for part in parts) and not set(name) & set("\\:\0\n\r")


def _refuse_unsafe(archive: Path, infos: list[zipfile.ZipInfo]) -> None:
    remedy = "it may be meant to do harm: take one from elsewhere"
    names = set()
    for info in infos:
        # zipfile ends a name at its first NUL, and takes some other separators for '/'
        if not is_safe(info.orig_filename) or not is_safe(info.filename):
            raise GeoLIDError(
                f"{archive}: holds '{info.orig_filename}', a name that may lead out of the folder; {remedy}"
            )
        mode = stat.S_IFMT(info.external_attr >> 16)
        if mode not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
            raise GeoLIDError(f"{archive}: holds '{info.filename}', which is no regular file; {remedy}")
        if info.compress_type not in _KNOWN:
            raise GeoLIDError(
                f"{archive}: '{info.filename}' is packed in an unusual way; unpack it, and name the folder"
            )
        if info.filename in names:
            raise GeoLIDError(f"{archive}: holds '{info.filename}' twice; {remedy}")
        names.add(info.filename)
    for name in sorted(names):
        if any(str(parent) in names for parent in PurePosixPath(name).parents):
            raise GeoLIDError(f"{archive}: holds '{name}' below what is itself a file; {remedy}")


def _refuse_too_large(archive: Path, infos: list[zipfile.ZipInfo], folder: Path) -> None:
    size, free = sum(info.file_size for info in infos), shutil.disk_usage(folder).free
    if size > max(free - _LEFT_FREE, 0):
        raise GeoLIDError(
            f"{archive}: takes {size / 1e9:.1f} GB to unpack, and {folder.parent} has {free / 1e9:.1f} GB left; set "
            "TMPDIR to a larger place, or unpack it yourself and name the folder"
        )
