"""Fetching the corpus: a list of archives on the web, one a language, and that of dev beside it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from geolid.data import labels, languages
from geolid.data.corpora.prepare import Choice
from geolid.data.corpora.voxlingua107 import CORPUS
from geolid.data.corpora.voxlingua107.layout import DEV
from geolid.data.download import bytes_here, fetch, free_bytes, read_text, size_of
from geolid.data.unpack import files_unpacked, unpack_zip
from geolid.errors import GeoLIDError

ZIP_URLS = "https://cs.taltech.ee/staff/tanel.alumae/data/voxlingua107/zip_urls.txt"
# The one sum that is published, by the HEAR benchmark.
MD5S = {"dev.zip": "07fbd4732c97f28c10ec8dcfed4f600e"}
# How much larger archives become: speech of 16 bits packs to about four fifths. An estimate, for people only.
_UNPACKED = 1.25
_CONNECTIONS = 4  # at once, to ask for sizes


@dataclass(frozen=True)
class Archive:
    url: str
    path: Path
    folder: Path  # what it is unpacked into
    bytes: int | None = None  # on the server; None where it does not tell
    unpacked: bool = False


def find(root: Path, choice: Choice, list_url: str = ZIP_URLS) -> list[Archive]:
    """Return the archives of the languages that are asked for, and dev, which all of them need."""
    urls = {_label(url): url for url in read_text(list_url).split() if urlsplit(url).path.endswith(".zip")}
    urls.setdefault(DEV, urljoin(list_url, f"{DEV}.zip"))
    known = labels.read(CORPUS)
    wanted = [label for label, entry in known.items() if choice.has(entry.code)]
    for label in sorted(set(urls) - {DEV}):
        if label not in known:
            languages.resolve(label, CORPUS)  # says what is near
    missing = [label for label in wanted if label not in urls]
    if missing:
        raise GeoLIDError(
            f"{list_url}: lists no archive of {len(missing)} languages ({', '.join(missing[:5])}); expected an address "
            "a line, such as .../ab.zip. Has the list moved? Give its address by --url"
        )
    found = [_archive(root, urls[label], label) for label in [*wanted, DEV]]
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        return list(pool.map(_with_size, found))


def _label(url: str) -> str:
    return Path(unquote(urlsplit(url).path)).stem


def _archive(root: Path, url: str, label: str) -> Archive:
    path, folder = root / f"{label}.zip", root / label
    expected = files_unpacked(root, path.name)
    unpacked = expected is not None and _count(folder, deep=label == DEV) >= expected
    return Archive(url, path, folder, unpacked=unpacked)


def _count(folder: Path, deep: bool) -> int:
    return sum(not file.name.startswith(".") for file in folder.glob("*/*" if deep else "*"))


def _with_size(archive: Archive) -> Archive:
    return archive if archive.unpacked else replace(archive, bytes=size_of(archive.url))


def estimate(archives: Sequence[Archive], root: Path, keep_archives: bool) -> list[str]:
    """Say what is to come, how much space it takes and how long; stop where there is certainly too little space."""
    todo = [archive for archive in archives if not archive.unpacked]
    sizes = [archive.bytes or 0 for archive in todo]
    missing = [max(0, size - bytes_here(archive.path)) for archive, size in zip(todo, sizes, strict=True)]
    unpacked, free = sum(sizes) * _UNPACKED, free_bytes(root)
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
            f"{root}: {_gb(free)} are free, and the archives take {_gb(archives_need)}; free some space, choose "
            "another place with --root, fewer languages with --languages, or --keep_archives false"
        )
    if free < archives_need + unpacked:
        lines.append("this may be too little space: fewer languages with --languages, or --keep_archives false, help")
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
    fetch(archive.url, archive.path, MD5S.get(archive.path.name), told)
    unpack_zip(archive.path, archive.folder)
    if not keep_archive:
        archive.path.unlink()


def _gb(count: float) -> str:
    return f"{count / 1e9:.1f} GB"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"
