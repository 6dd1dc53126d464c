"""The folders of the corpus: speakers below dev/wav and test/wav, which are not the splits of identification.

The two are searched for every file. Those who unpacked both archives into one folder have `wav`.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from geolid.data.corpora.voxceleb1 import HOW_TO_GET
from geolid.data.corpora.voxceleb1.split import SPEAKER
from geolid.errors import GeoLIDError

_FOLDERS = ("dev/wav", "test/wav", "wav")


def find_folders(root: Path) -> list[Path]:
    """Return the folders that hold a folder for each speaker, in the order in which they are searched."""
    if not root.is_dir():
        raise GeoLIDError(f"{root}: there is no such folder. {HOW_TO_GET}")
    folders = [root / name for name in _FOLDERS if (root / name).is_dir()]
    if not folders:
        raise GeoLIDError(f"{root}: has neither {', '.join(_FOLDERS[:-1])} nor {_FOLDERS[-1]}. {HOW_TO_GET}")
    return folders


def refuse_missing_speakers(folders: Iterable[Path], wanted: Collection[str]) -> None:
    """Stop where a speaker has no folder: the corpus is half-unpacked, or an old release that has names for ids."""
    there: set[str] = set()
    for folder in folders:
        names = {entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")}
        by_name = sorted(name for name in names if not SPEAKER.fullmatch(name))
        if by_name:
            raise GeoLIDError(
                f"{folder}: {len(by_name)} of {len(names)} folders are no ids of speakers, such as {by_name[0]}; "
                "expected id10001, id10002, ... An old release of the corpus has names instead, which the list of the "
                "identification task does not know: fetch the current release, or move elsewhere what is none of it"
            )
        there |= names
    missing = sorted(set(wanted) - there)
    if missing:
        places = ", ".join(str(folder) for folder in folders)
        some = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise GeoLIDError(
            f"{places}: {len(missing)} of {len(wanted)} speakers have no folder ({some}): half-unpacked? The list has "
            "speakers of both archives, that of dev and that of test: unpack both, or choose speakers with --languages"
        )
