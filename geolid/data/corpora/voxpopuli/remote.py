"""Fetching the corpus: a list of segments for each language, and the sessions of Parliament that they are cut from."""

from collections.abc import Sequence
from pathlib import Path

from geolid.data.archives import Archive, with_sizes
from geolid.data.corpora.prepare import Choice
from geolid.data.corpora.voxpopuli import SPLITS
from geolid.data.corpora.voxpopuli.layout import ACCENTED, FOLDERS, transcribed
from geolid.data.download import fetch
from geolid.data.unpack import files_unpacked

BASE = "https://dl.fbaipublicfiles.com/voxpopuli"
REMEDY = "choose another place with --root"
YEARS = range(2009, 2021)


def uncut(root: Path, choice: Choice, accented: bool) -> list[str]:
    """Return the labels that are asked for and not cut yet."""
    wanted = [label for label, code in sorted(transcribed().items()) if choice.has(code)]
    wanted += [ACCENTED] if accented and choice.has("eng") else []
    return [label for label in wanted if not any(_is_cut(root / folder / label) for folder in FOLDERS)]


def _is_cut(folder: Path) -> bool:
    return all((folder / f"asr_{split}.tsv").is_file() for split in SPLITS)


def list_of(root: Path, label: str) -> Path:
    """Return where the list of a language's segments is, or will be."""
    return root / FOLDERS[0] / label / f"asr_{label}.tsv.gz"


def sessions_of(root: Path) -> Path:
    return root / "raw_audios" / "original"


def find(root: Path, labels: Sequence[str], base: str = BASE) -> list[Archive]:
    """Return the archives that have to be there to cut some languages: a year each, of all of them together."""
    folder = sessions_of(root)
    archives = []
    for year in YEARS if labels else ():
        name = f"original_{year}.tar"
        done = files_unpacked(folder.parent, name) is not None
        archives.append(Archive(f"{base}/audios/{name}", folder.parent / name, folder, unpacked=done, growth=1.0))
    return with_sizes(archives)


def get_lists(root: Path, labels: Sequence[str], base: str = BASE) -> None:
    for label in labels:
        if not list_of(root, label).exists():
            fetch(f"{base}/annotations/asr/{list_of(root, label).name}", list_of(root, label))
