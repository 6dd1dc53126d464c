"""The folders of the corpus: `<root>/transcribed_data/<label>/`, as its own scripts make them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from geolid.data import labels, languages
from geolid.data.corpora.prepare import Choice, refuse_unknown_folders
from geolid.data.corpora.voxpopuli import CORPUS
from geolid.errors import GeoLIDError

# As its scripts call it, and as it stands where the published recipe looks for it.
FOLDERS = ("transcribed_data", "_transcribed_data")
ACCENTED = "en_accented"  # English of people who speak another language at home; to test on
HOW_TO_GET = (
    "Fetch and cut VoxPopuli with --download true, or with its own scripts (https://github.com/facebookresearch/"
    "voxpopuli), and name its folder in db.sh (VOXPOPULI) or with --root"
)
# What the list of labels remarks on languages that have nothing to prepare.
_UNLABELLED = "unlabelled speech only"


@dataclass(frozen=True)
class Layout:
    """The folder of each language that is asked for, in the order of the codes, and that of accented English."""

    languages: dict[str, Path]
    accented: Path | None  # None: not asked for


def transcribed() -> dict[str, str]:
    """Return the labels of the languages that have transcribed speech, and their codes."""
    return {label: entry.code for label, entry in labels.read(CORPUS).items() if entry.remark != _UNLABELLED}


def find(root: Path, choice: Choice, accented: bool = False) -> Layout:
    """Return where the languages are that are asked for; one that is not there is refused."""
    folder = _transcribed_folder(Path(root))
    there = {entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")}
    known = {label: entry.code for label, entry in labels.read(CORPUS).items()}
    if not there & {*known, ACCENTED}:
        raise GeoLIDError(
            f"{folder}: none of its {len(there)} folders is a language of VoxPopuli; expected cs, de, en, ..., found "
            f"{_some(there) or 'no folder'}. {HOW_TO_GET}"
        )
    if choice.languages is None:
        refuse_unknown_folders(folder, there - {ACCENTED}, CORPUS)
        wanted = set(transcribed()) | there & set(known)
    else:
        wanted = {label for label, code in known.items() if choice.has(code)}
    _refuse_missing(folder, wanted, there)
    if accented and choice.has("eng") and ACCENTED not in there:
        raise GeoLIDError(
            f"{folder / ACCENTED}: there is no such folder; {cut(folder / ACCENTED)}, or leave --accented true out"
        )
    return Layout(
        languages=dict(sorted((known[label], folder / label) for label in wanted)),
        accented=folder / ACCENTED if accented and choice.has("eng") else None,
    )


def _transcribed_folder(root: Path) -> Path:
    if not root.is_dir():
        raise GeoLIDError(f"{root}: there is no such folder. {HOW_TO_GET}")
    found = [root / name for name in FOLDERS if (root / name).is_dir()]
    if len(found) > 1:
        raise GeoLIDError(
            f"{root}: has both {FOLDERS[0]} and {FOLDERS[1]}; which is it? Move one of them elsewhere, or both into one"
        )
    if found:
        return found[0]
    if root.name in FOLDERS:
        raise GeoLIDError(f"{root}: is {root.name} itself; expected the folder that holds it, {root.parent}?")
    if (root / "raw_audios").is_dir():
        how = cut(root / FOLDERS[0] / "<label>")
        raise GeoLIDError(f"{root}: has raw_audios, and no {FOLDERS[0]}: not cut yet? For each language {how}")
    found_names = _some(entry.name for entry in root.iterdir()) or "nothing"
    raise GeoLIDError(f"{root}: has neither {FOLDERS[0]} nor {FOLDERS[1]}, but {found_names}. {HOW_TO_GET}")


def _refuse_missing(folder: Path, wanted: Iterable[str], there: Iterable[str]) -> None:
    missing = sorted(set(wanted) - set(there))
    if not missing:
        return
    never = [label for label in missing if label not in transcribed()]
    if never:
        raise GeoLIDError(
            f"{folder / never[0]}: there is no such folder: of {languages.resolve(never[0], CORPUS)} VoxPopuli has "
            f"{_UNLABELLED}; choose others with --languages"
        )
    codes = sorted(languages.resolve(label, CORPUS) for label in set(there) & set(transcribed()))
    those = f" those that are there, with --languages {','.join(codes)}" if codes else " others with --languages"
    raise GeoLIDError(
        f"{folder}: lacks the folder of {len(missing)} of {len(set(wanted))} languages ({_some(missing)}); "
        f"{cut(folder / missing[0])} and so on, or choose{those}"
    )


def cut(folder: Path) -> str:
    """Say how the folder of a language is made."""
    return (
        f"cut it with --download true, or VoxPopuli's own python -m voxpopuli.get_asr_data --root "
        f"{folder.parent.parent} --lang {folder.name}"
    )


def _some(names: Iterable[str]) -> str:
    names = sorted(names)
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
