"""The folders of the corpus: `<root>/<label>/` for training, `<root>/dev/<label>/`; and whether all of it is there."""

import os
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from geolid.data import labels, languages
from geolid.data.corpora.prepare import Choice, refuse_unknown_folders
from geolid.data.corpora.voxlingua107 import CORPUS
from geolid.data.download import part_of
from geolid.data.unpack import files_unpacked
from geolid.errors import GeoLIDError

DEV = "dev"


@dataclass(frozen=True)
class Layout:
    """The folder of each language, in the order of the codes."""

    train: dict[str, Path]
    dev: dict[str, Path]  # those that are asked for
    all_dev: list[Path]  # all of them


def find(root: Path, choice: Choice) -> Layout:
    """Return where the languages are that are asked for; a corpus that is not whole, as far as it shows, is refused."""
    root = Path(root)
    if not root.is_dir():
        raise GeoLIDError(
            f"{root}: there is no such folder; say where VoxLingua107 is, in db.sh or by --root, or fetch it with "
            "--download true"
        )
    wanted = {label: entry.code for label, entry in labels.read(CORPUS).items() if choice.has(entry.code)}
    there = _subfolders(root)
    if not there & set(labels.read(CORPUS)):
        raise GeoLIDError(
            f"{root}: none of its {len(there)} folders is a language of VoxLingua107; expected ab, af, am, ... and "
            f"dev, found {_some(there) or 'no folder'}; is it another folder?"
        )
    if choice.languages is None:
        refuse_unknown_folders(root, there - {DEV}, CORPUS)
    missing = sorted(set(wanted) - there)
    if missing:
        raise GeoLIDError(
            f"{root}: lacks the folder of {len(missing)} of {len(wanted)} languages ({_some(missing)}): half-unpacked? "
            f"Unpack {missing[0]}.zip and so on, fetch them with --download true, or choose others with --languages"
        )
    dev = root / DEV
    if not dev.is_dir() or (dev / DEV).is_dir():
        found = f"found another {DEV} in it" if dev.is_dir() else "there is no such folder"
        raise GeoLIDError(
            f"{dev}: {found}; expected {DEV}/<language>/<file>.wav: unpack dev.zip into an empty folder {DEV}, as "
            f"its own folders are called like those of training"
        )
    dev_labels = _subfolders(dev)
    refuse_unknown_folders(dev, dev_labels, CORPUS)
    return Layout(
        train=_by_code({label: root / label for label in wanted}),
        dev=_by_code({label: dev / label for label in dev_labels & set(wanted)}),
        all_dev=[dev / label for label in sorted(dev_labels)],
    )


def list_folders(folders: Iterable[Path], nj: int) -> Iterator[tuple[Path, list[str]]]:
    """Yield each folder with the names of its files, sorted, as `nj` threads find them; no file is looked into."""
    folders = list(folders)
    with ThreadPoolExecutor(nj) as pool:
        yield from zip(folders, pool.map(_names, folders), strict=True)


def refuse_half_unpacked(root: Path, label: str, found: int) -> None:
    """Stop where a language, or dev, has fewer files than its archive; `found` is how many it has.

    Which those are is known where the archive lies beside the folder, or was unpacked by us.
    """
    archive = root / f"{label}.zip"
    expected = files_unpacked(root, archive.name)
    if expected is None and archive.exists():
        expected = _files_in(archive)
    if expected is None and part_of(archive).exists():
        raise GeoLIDError(f"{part_of(archive)}: is on its way only; go on with --download true, or remove it")
    if found < (expected or 1):
        into = f" -d {DEV}" if label == DEV else ""
        how = f"unzip -n {archive.name}{into}, or --download true" if archive.exists() else "--download true fetches it"
        raise GeoLIDError(
            f"{root / label}: half-unpacked: it has {found} files, and {archive.name} {expected or 'some'}; {how}"
        )


def _files_in(archive: Path) -> int:
    try:
        with zipfile.ZipFile(archive) as opened:
            return sum(name.endswith(".wav") for name in opened.namelist())
    except zipfile.BadZipFile:
        raise GeoLIDError(f"{archive}: is no whole zip archive; fetch it again, or remove it") from None


def _names(folder: Path) -> list[str]:
    """Return the files of a folder; what is hidden, as some systems leave everywhere, is none of the corpus."""
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))  # noqa: PTH208 - of millions


def _subfolders(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")}


def _by_code(folders: dict[str, Path]) -> dict[str, Path]:
    return dict(sorted((languages.resolve(label, CORPUS), folder) for label, folder in folders.items()))


def _some(names: Iterable[str]) -> str:
    names = sorted(names)
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
