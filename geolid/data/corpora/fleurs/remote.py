"""Fetching the corpus from the Hugging Face Hub: the files of google/fleurs, without the script beside them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from geolid.data.archives import Archive
from geolid.data.corpora.fleurs import SPLITS, layout, tables
from geolid.data.corpora.fleurs.layout import Locale
from geolid.data.corpora.prepare import Choice
from geolid.data.download import fetch
from geolid.data.hub_files import HubFile, hub_files
from geolid.data.unpack import files_unpacked
from geolid.errors import GeoLIDError

HUB = "https://huggingface.co"
REMEDY = "choose another place with --root, fewer languages with --languages"
_REPOSITORY = "datasets/google/fleurs"
# How much larger archives become: speech in floats of 32 bits, of which 24 hold something.
_GROWTH = 1.3
_CONNECTIONS = 4


@dataclass(frozen=True)
class Table:
    url: str
    path: Path
    bytes: int
    sha256: str | None


@dataclass(frozen=True)
class Wanted:
    """What of the corpus is asked for, of which some may stand."""

    tables: list[Table]  # that do not stand
    archives: list[Archive]


def find(root: Path, choice: Choice, hub: str = HUB) -> Wanted:
    """Return what there is to fetch and to unpack; the Hub is asked about languages of which a file is missing."""
    folder = layout.folder_of_locales(root) or Path(root) / layout.DATA
    locales = layout.wanted_locales(folder, choice)
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        found = list(pool.map(lambda locale: _find(locale, hub), locales))
    return Wanted([table for one in found for table in one.tables], [a for one in found for a in one.archives])


def get_tables(wanted: Sequence[Table]) -> None:
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        list(pool.map(lambda table: fetch(table.url, table.path, sha256=table.sha256), wanted))


def _find(locale: Locale, hub: str) -> Wanted:
    done = {split: _is_unpacked(locale, split) for split in SPLITS}
    missing_tables = [locale.table(split) for split in SPLITS if not locale.table(split).exists()]
    missing_archives = [split for split in SPLITS if not done[split] and not locale.archive(split).exists()]
    listed: dict[str, HubFile] = {}
    if missing_tables or missing_archives:
        listed = hub_files(f"{hub}/{_REPOSITORY}", f"{layout.DATA}/{locale.label}")
    archives = [_archive(locale, split, done[split], listed, hub) for split in SPLITS]
    return Wanted([_table(locale, path, listed, hub) for path in missing_tables], archives)


def _is_unpacked(locale: Locale, split: str) -> bool:
    """Return whether all audio of a split is there, by what we unpacked, or else by its table."""
    folder, tsv = locale.audio(split), locale.table(split)
    there = layout.audio_in(folder)
    expected = files_unpacked(folder.parent, locale.archive(split).name)
    if expected is not None:
        return len(there) >= expected
    return bool(there) and tsv.exists() and there >= tables.read(tsv, max_faulty=1).readings.keys()


def _find_file(locale: Locale, name: str, listed: dict[str, HubFile], hub: str) -> HubFile:
    path = f"{layout.DATA}/{locale.label}/{name}"
    if path not in listed:
        raise GeoLIDError(
            f"{hub}/{_REPOSITORY}: has no {path}, or no more; look there how FLEURS is published now, and put tables "
            f"and audio into {locale.folder} as docs/corpora/fleurs.md describes"
        )
    return listed[path]


def _table(locale: Locale, path: Path, listed: dict[str, HubFile], hub: str) -> Table:
    file = _find_file(locale, path.name, listed, hub)
    return Table(file.url, path, file.bytes, file.sha256)


def _archive(locale: Locale, split: str, unpacked: bool, listed: dict[str, HubFile], hub: str) -> Archive:
    path, folder = locale.archive(split), locale.audio(split)
    if unpacked or not listed:  # it lies there
        size = path.stat().st_size if path.exists() else None
        return Archive("", path, folder, size, unpacked, growth=_GROWTH)
    file = _find_file(locale, f"audio/{path.name}", listed, hub)
    return Archive(file.url, path, folder, file.bytes, sha256=file.sha256, growth=_GROWTH)
