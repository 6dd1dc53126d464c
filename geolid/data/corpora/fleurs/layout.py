"""The folders of the corpus, as it is published, and whether all of it is there.

    <root>/data/<locale>/<split>.tsv                     tables
    <root>/data/<locale>/audio/<split>/<number>.wav      what <split>.tar.gz beside that folder unpacks to

The folders of the locales may also stand in <root> itself, as the archives of single languages unpack.
"""

import os
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

from geolid.data import labels, languages
from geolid.data.corpora.fleurs import CORPUS, SPLITS
from geolid.data.corpora.prepare import Choice
from geolid.data.download import part_of
from geolid.data.unpack import files_unpacked
from geolid.errors import GeoLIDError

DATA = "data"
HOW_TO_GET = (
    "say where FLEURS is, in db.sh or by --root, or fetch it with --download true: google/fleurs on the Hugging Face "
    "Hub, which anybody may have"
)


@dataclass(frozen=True)
class Locale:
    """The folder of a language."""

    label: str  # such as en_us
    code: str  # ISO 639-3
    folder: Path

    def table(self, split: str) -> Path:
        return self.folder / f"{split}.tsv"

    def audio(self, split: str) -> Path:
        return self.folder / "audio" / split

    def archive(self, split: str) -> Path:
        return self.folder / "audio" / f"{split}.tar.gz"


def wanted_locales(folder: Path, choice: Choice) -> list[Locale]:
    """Return the languages that are asked for, by code, as they stand in the folder, or will."""
    entries = sorted(labels.read(CORPUS).items(), key=lambda item: item[1].code)
    return [Locale(label, entry.code, folder / label) for label, entry in entries if choice.has(entry.code)]


def folder_of_locales(root: Path) -> Path | None:
    """Return the folder that holds folders called like languages; None if there is none."""
    for folder in (root / DATA, root):
        if folder.is_dir() and _subfolders(folder) & set(labels.read(CORPUS)):
            return folder
    return None


def find(root: Path, choice: Choice) -> list[Locale]:
    """Return the languages that are asked for, by code; a corpus that lacks folders or tables of them is refused."""
    root = Path(root)
    if not root.is_dir():
        raise GeoLIDError(f"{root}: there is no such folder; {HOW_TO_GET}")
    folder = folder_of_locales(root)
    if folder is None:
        _refuse_other_folder(root)
    there = _subfolders(folder)
    if choice.languages is None:
        _refuse_unknown_labels(folder, there)
    locales = wanted_locales(folder, choice)
    missing = sorted(locale.label for locale in locales if locale.label not in there)
    if missing:
        raise GeoLIDError(
            f"{folder}: lacks the folder of {len(missing)} of {len(locales)} languages ({_some(missing)}): fetched in "
            "part? Fetch them with --download true, or choose others with --languages"
        )
    for locale in locales:
        _refuse_lacking(locale)
    return locales


def audio_of(locale: Locale, split: str, named: Set[str], max_faulty: float) -> set[str]:
    """Return the names of a split's audio; stop where it is only a part, by its archive or by what its table names."""
    folder = locale.audio(split)
    there = audio_in(folder)
    missing = named - there
    unpacked = files_unpacked(folder.parent, locale.archive(split).name)
    if len(there) < (unpacked or 0):
        found = f"it has {len(there)} files, and {locale.archive(split).name} {unpacked}"
    elif len(missing) > max_faulty * len(named):
        found = f"{len(missing)} of the {len(named)} files that {split}.tsv names are not there, such as {min(missing)}"
    else:
        return there
    raise GeoLIDError(f"{folder}: half-unpacked: {found}; {_how_to_mend(locale, split)}")


def audio_in(folder: Path) -> set[str]:
    """Return the names of the wav files of a folder; none where there is no such folder."""
    if not folder.is_dir():
        return set()
    return {name for name in os.listdir(folder) if name.endswith(".wav") and not name.startswith(".")}  # noqa: PTH208


def _refuse_other_folder(root: Path) -> None:
    if any((root / f"{split}.tsv").exists() for split in SPLITS):
        raise GeoLIDError(
            f"{root}: is the folder of one language; name the folder that holds those of all, {root.parent}?"
        )
    raise GeoLIDError(
        f"{root}: neither it nor {DATA}/ in it has a folder of a language of FLEURS; expected af_za, am_et, ar_eg, "
        f"..., found {_some(_subfolders(root)) or 'no folder'}; is it another folder? Else {HOW_TO_GET}"
    )


def _refuse_lacking(locale: Locale) -> None:
    tables = [locale.table(split).name for split in SPLITS if not locale.table(split).is_file()]
    if tables:
        raise GeoLIDError(
            f"{locale.folder}: lacks {', '.join(tables)}, which name its recordings; fetch what is missing with "
            f"--download true, or leave {locale.code} out with --languages"
        )
    for split in SPLITS:
        folder = locale.audio(split)
        if not folder.is_dir():
            raise GeoLIDError(f"{folder}: there is no such folder; {_how_to_mend(locale, split)}")


def _how_to_mend(locale: Locale, split: str) -> str:
    archive = locale.archive(split)
    if archive.exists():
        return f"unpack {archive.name} beside it (tar -xzf {archive} -C {archive.parent}), or --download true does"
    if part_of(archive).exists():
        return f"{part_of(archive).name} is on its way only; go on with --download true"
    return "--download true fetches it"


def _subfolders(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")}


def _refuse_unknown_labels(folder: Path, found: Iterable[str]) -> None:
    for label in sorted(set(found) - set(labels.read(CORPUS))):
        try:
            code = languages.resolve(label, CORPUS)
            error = f"FLEURS calls {code} {languages.labels_of(code, CORPUS)[0]}."
        except languages.UnknownLanguageError as unknown:
            error = str(unknown)
        raise GeoLIDError(f"{folder / label}: {error} Or move the folder elsewhere, or choose with --languages")


def _some(names: Iterable[str]) -> str:
    names = sorted(names)
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
