"""Fetching the two corpora, an archive each, which is put beside the folder that it unpacks to."""

import os
from dataclasses import dataclass
from pathlib import Path

from geolid.data.archives import Archive, with_sizes
from geolid.data.download import part_of
from geolid.data.unpack import files_unpacked
from geolid.errors import GeoLIDError


@dataclass(frozen=True)
class Published:
    url: str
    folder: str  # as it unpacks
    md5: str  # as recipes of speaker recognition have it; OpenSLR publishes none
    growth: float  # how much larger it becomes, about

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]


ARCHIVES = {
    "musan": Published(
        "https://www.openslr.org/resources/17/musan.tar.gz", "musan", "0c472d4fc0c5141eca47ad1ffeb2a7df", 1.15
    ),
    "rirs": Published(
        "https://www.openslr.org/resources/28/rirs_noises.zip", "RIRS_NOISES", "e6f48e257286e05de56413b4779d8ffb", 3.0
    ),
}


def find(corpus: str, root: Path, url: str = "") -> list[Archive]:
    """Return the archive of "musan" or "rirs", as it stands or is to be fetched; `url` is that of a mirror."""
    published = ARCHIVES[corpus]
    if root.name != published.folder:
        raise GeoLIDError(
            f"{root}: {published.name} unpacks to a folder {published.folder}; to fetch it, name one that is called "
            f"so, such as {root / published.folder}"
        )
    expected = files_unpacked(root.parent, published.name)
    unpacked = expected is not None and _count(root) >= expected
    path = root.parent / published.name
    archive = Archive(url or published.url, path, root, None, unpacked, published.md5, growth=published.growth)
    return with_sizes([archive])


def refuse_on_its_way(corpus: str, root: Path) -> None:
    """Stop where an archive has not come whole."""
    archive = root.parent / ARCHIVES[corpus].name
    if files_unpacked(root.parent, archive.name) is None and part_of(archive).exists():
        raise GeoLIDError(f"{part_of(archive)}: is on its way only; go on with --download true, or remove it")


def refuse_half_unpacked(corpus: str, root: Path) -> None:
    """Stop where some of the files are gone that we unpacked, or have not come yet."""
    archive = root.parent / ARCHIVES[corpus].name
    expected = files_unpacked(root.parent, archive.name)
    if expected is not None and (found := _count(root)) < expected:
        raise GeoLIDError(
            f"{root}: half-unpacked: it has {found} files, and {archive.name} {expected}; --download true mends it"
        )


def _count(root: Path) -> int:
    """Return the number of files, without those that are hidden; 0 where there is no such folder."""
    return sum(not name.startswith(".") for _, _, names in os.walk(root) for name in names)
