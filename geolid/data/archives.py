"""Archives on the web that become folders of a corpus: what is to be fetched, what that takes, and fetching it."""

import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from geolid.data.download import bytes_here, fetch, free_bytes, size_of
from geolid.data.unpack import unpack_tar, unpack_zip
from geolid.errors import GeoLIDError

_CONNECTIONS = 4  # at once, to ask for sizes
_LOG_SECONDS = 60


@dataclass(frozen=True)
class Archive:
    url: str
    path: Path  # .zip, .tar or .tar.gz
    folder: Path  # what it is unpacked into
    bytes: int | None = None  # on the server; None where it does not tell
    unpacked: bool = False
    md5: str | None = None  # where one is published
    sha256: str | None = None
    growth: float = 1.25  # how much larger it becomes: speech of 16 bits packs to about four fifths. For people only


def with_sizes(archives: Iterable[Archive]) -> list[Archive]:
    """Ask the servers for the sizes of archives that are not unpacked yet."""
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        return list(pool.map(_with_size, archives))


def _with_size(archive: Archive) -> Archive:
    return archive if archive.unpacked else replace(archive, bytes=size_of(archive.url))


def estimate(archives: Sequence[Archive], root: Path, keep_archives: bool, remedy: str) -> list[str]:
    """Say what is to come, how much space it takes and how long; stop where there is certainly too little space.

    `remedy` names options that help, besides --keep_archives.
    """
    todo = [archive for archive in archives if not archive.unpacked]
    sizes = [archive.bytes or 0 for archive in todo]
    missing = [max(0, size - bytes_here(archive.path)) for archive, size in zip(todo, sizes, strict=True)]
    unpacked = sum(size * archive.growth for archive, size in zip(todo, sizes, strict=True))
    free = free_bytes(root)
    # archives that do not stay are there one after the other
    archives_need = sum(missing) if keep_archives else max(missing, default=0)
    untold = sum(archive.bytes is None for archive in todo)
    lines = [
        f"{len(archives)} archives, {len(archives) - len(todo)} unpacked already; {_gb(sum(missing))} to fetch"
        + (f", and {untold} whose size the server does not tell" if untold else ""),
        f"that takes {_hours(sum(missing) / 10e6)} at 10 MB/s, {_hours(sum(missing) / 100e6)} at 100 MB/s",
        f"disk: {_gb(archives_need)} for archives and about {_gb(unpacked)} unpacked; {_gb(free)} are free at {root}",
    ]
    if free < archives_need:
        raise GeoLIDError(
            f"{root}: {_gb(free)} are free, and the archives take {_gb(archives_need)}; free some space, {remedy}, or "
            "--keep_archives false"
        )
    if free < archives_need + unpacked:
        lines.append(f"this may be too little space: {remedy}, or --keep_archives false")
    return lines


def get(archive: Archive, keep_archive: bool, told: Callable[[int], None] = lambda count: None) -> None:
    """Fetch and unpack one archive, as far as that is not done."""
    if archive.unpacked:
        return
    here = bytes_here(archive.path)
    if archive.path.exists() and archive.bytes not in (None, here):
        raise GeoLIDError(
            f"{archive.path}: has {here} bytes, and {archive.url} {archive.bytes}; remove it, and it is fetched anew"
        )
    fetch(archive.url, archive.path, archive.md5, told, sha256=archive.sha256)
    unpack = unpack_zip if archive.path.suffix == ".zip" else unpack_tar
    unpack(archive.path, archive.folder)
    if not keep_archive:
        archive.path.unlink()


def get_all(archives: Sequence[Archive], keep_archives: bool) -> None:
    """Fetch and unpack archives one after the other, and show how far each is."""
    seconds = 0.5 if sys.stderr.isatty() else _LOG_SECONDS
    for number, archive in enumerate(archives, 1):
        if not archive.unpacked:
            name = f"{archive.path.name}, {number} of {len(archives)}"
            here = bytes_here(archive.path)
            with tqdm(
                desc=name, total=archive.bytes, initial=here, unit="B", unit_scale=True, mininterval=seconds
            ) as bar:
                get(archive, keep_archives, bar.update)


def _gb(count: float) -> str:
    return f"{count / 1e9:.1f} GB"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"
