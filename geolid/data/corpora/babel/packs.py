"""The language packs below a folder, and the recordings of each: audio beside transcripts, paired by their names."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from geolid.data import labels, languages
from geolid.errors import GeoLIDError

CORPUS = "babel"
SPLITS = {"train": "training", "dev": "dev"}  # as our sets are called, and the folders of a pack
HOW_TO_GET = (
    "Babel cannot be fetched from here: order its language packs from LDC (https://catalog.ldc.upenn.edu, 'IARPA Babel "
    "... Language Pack'), unpack or link each as BABEL_<number> into one folder, and name that folder in "
    "db.sh (BABEL) or with --root"
)
_USUAL_TYPES = ("sph", "wav")
_LEXICON = "reference_materials/lexicon.txt"
_NUMBER = re.compile(r"(?<!\d)\d{3}(?!\d)")


@dataclass(frozen=True)
class Pack:
    number: str
    lang: str  # ISO 639-3
    folder: Path  # its `conversational`
    lexicon: Path | None  # None: any word will do


@dataclass(frozen=True)
class Recording:
    name: str  # as its files are called, without suffix
    pack: Pack
    audio: Path | None
    transcript: Path | None
    unused: tuple[Path, ...] = ()  # audio that is not taken: of another type


def find_packs(root: Path, wanted: Collection[str] | None, use_lexicon: bool) -> list[Pack]:
    """Return the packs that a folder holds, of the wanted languages or of all; None are all."""
    root = Path(root)
    if not root.is_dir():
        raise GeoLIDError(f"{root}: there is no such folder. {HOW_TO_GET}")
    if (root / "conversational").is_dir():
        raise GeoLIDError(
            f"{root}: is a language pack itself; expected the folder that holds the packs, {root.parent}?"
        )
    folders: dict[str, Path] = {}
    for folder in sorted(root.iterdir()):
        number = _pack_number(folder)
        if number and number in folders:
            raise GeoLIDError(
                f"{folder}: is pack {number}, and so is {folders[number].name}; take one of them away, or out of sight"
            )
        if number:
            folders[number] = folder
    if not folders:
        raise GeoLIDError(f"{root}: holds no language pack (BABEL_101, IARPA_BABEL_OP3_404, ...). {HOW_TO_GET}")
    packs = {number: languages.resolve(number, CORPUS) for number in folders}
    absent = sorted(set(wanted or ()) - set(packs.values()))
    if absent:
        missing = ", ".join(f"{lang} (pack {languages.labels_of(lang, CORPUS)[0]})" for lang in absent)
        raise GeoLIDError(f"{root}: has no {missing}; the packs there are {_listed(packs)}")
    return [
        _open_pack(number, lang, folders[number], use_lexicon)
        for number, lang in packs.items()
        if wanted is None or lang in wanted
    ]


def _listed(packs: dict[str, str]) -> str:
    return ", ".join(f"{number} {lang}" for number, lang in packs.items())


def _pack_number(folder: Path) -> str | None:
    """Return the number of the pack that a folder holds, None if it is something else."""
    if not folder.is_dir():
        if folder.is_symlink() and labels.find(folder.name, CORPUS):
            raise GeoLIDError(f"{folder}: is a link to nothing, {folder.readlink()}; mend it, or take it away")
        return None
    number = _NUMBER.search(folder.name)
    if not (number and "babel" in folder.name.lower() or labels.find(folder.name, CORPUS) or _conversational(folder)):
        return None
    label = number[0] if number else folder.name
    try:
        languages.resolve(label, CORPUS)
    except languages.UnknownLanguageError as error:
        raise GeoLIDError(f"{folder}: {error}; call the folder BABEL_<number>, or take it away") from None
    return label


def _conversational(folder: Path) -> Path | None:
    """Return the folder with conversations; LDC's archives have one more folder around it."""
    return next((path for path in (folder / "conversational", *folder.glob("*/conversational")) if path.is_dir()), None)


def _open_pack(number: str, lang: str, folder: Path, use_lexicon: bool) -> Pack:
    conversational = _conversational(folder)
    if conversational is None:
        raise GeoLIDError(f"{folder}: has no folder conversational; {_leave_out(number, lang)}")
    wanted = [f"{split}/{kind}" for split in SPLITS.values() for kind in ("audio", "transcription")]
    missing = [part for part in wanted if not (conversational / part).is_dir()]
    if missing:
        raise GeoLIDError(
            f"{conversational}: lacks {', '.join(missing)}, as if half unpacked; {_leave_out(number, lang)}"
        )
    lexicon = conversational / _LEXICON if use_lexicon else None
    if lexicon and not lexicon.is_file():
        raise GeoLIDError(
            f"{lexicon}: there is no such file, which tells words from noises; unpack pack {number} anew, or take "
            "anything with a letter for a word with --use_lexicon false"
        )
    return Pack(number, lang, conversational, lexicon)


def find_recordings(pack: Pack, split: str, audio_types: Sequence[str]) -> list[Recording]:
    """Return the recordings of a split, by name; where one has audio of several types, the first type is taken."""
    folder = pack.folder / SPLITS[split]
    audio: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("audio/[!.]*")):
        if _type(file) in {*_USUAL_TYPES, *audio_types}:
            audio.setdefault(file.stem, []).append(file)
    recordings = []
    transcripts = {file.stem: file for file in folder.glob("transcription/[!.]*.txt")}
    for name in sorted(audio.keys() | transcripts.keys()):
        files = audio.get(name, [])
        wanted = [file for file in files if _type(file) in audio_types]
        best = min(wanted, key=lambda file: audio_types.index(_type(file)), default=None)
        unused = tuple(file for file in files if file != best)
        recordings.append(Recording(name, pack, best, transcripts.get(name), unused))
    if not transcripts:
        raise GeoLIDError(f"{folder}/transcription: holds no txt file; {_leave_out(pack.number, pack.lang)}")
    if not any(recording.audio for recording in recordings):
        types = " or ".join(audio_types)
        raise GeoLIDError(f"{folder}/audio: holds no {types} file; {_leave_out(pack.number, pack.lang)}")
    return recordings


def _leave_out(number: str, lang: str) -> str:
    return f"unpack pack {number} anew, or leave {lang} out with --languages"


def _type(file: Path) -> str:
    return file.suffix[1:].lower()
