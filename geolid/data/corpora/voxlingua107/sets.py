"""The data directories of the corpus.

There is no label of speakers, so that the video stands in utt2spk: stretches of one are not independent of another,
neither when an interval is drawn nor when a set is split.
"""

from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from geolid.data.corpora.prepare import Choice, Made, Row, printable, up_to_hours, write_set
from geolid.data.corpora.voxlingua107 import CORPUS, layout, names
from geolid.errors import GeoLIDError

TRAIN_SET = "train_voxlingua107_lang"
DEV_SET = "dev_voxlingua107_lang"
# Files of a set whose names may say nothing; more of them, and the corpus is another than we know.
_MAX_MISNAMED = 0.01


def write_sets(root: Path, data_dir: Path, choice: Choice, nj: int = 1) -> list[Made]:
    """Write the sets of the languages that are asked for; training is without files that have a namesake in dev."""
    found = layout.find(root, choice)
    in_dev = dict(layout.list_folders(found.all_dev, nj))
    layout.refuse_half_unpacked(root, layout.DEV, sum(map(len, in_dev.values())))
    namesakes = frozenset(name for listed in in_dev.values() for name in listed)

    dropped: dict[str, str] = {}
    train = _train_rows(root, found.train, choice, namesakes, dropped, nj)
    made = [write_set(data_dir / TRAIN_SET, train, CORPUS, dropped)]
    dropped = {}
    dev = (row for code, folder in found.dev.items() for row in _rows(code, folder, in_dev[folder], dropped))
    return [*made, write_set(data_dir / DEV_SET, dev, CORPUS, dropped)]


def _train_rows(
    root: Path, folders: dict[str, Path], choice: Choice, namesakes: frozenset[str], dropped: dict[str, str], nj: int
) -> Iterator[Row]:
    listings = layout.list_folders(folders.values(), nj)
    for (code, folder), (_, listed) in tqdm(
        zip(folders.items(), listings, strict=True), total=len(folders), unit="language", disable=None
    ):
        layout.refuse_half_unpacked(root, folder.name, len(listed))
        kept = [name for name in listed if name not in namesakes]
        if len(kept) < len(listed):
            reason = "dev has a file of this name"
            dropped.update((_utterance(code, name), reason) for name in listed if name in namesakes)
        yield from up_to_hours(list(_rows(code, folder, kept, dropped)), choice)


def _rows(code: str, folder: Path, listed: list[str], dropped: dict[str, str]) -> Iterator[Row]:
    """Yield the utterances of a folder, in order: all begin with the code, so that names and ids sort alike."""
    misnamed = []
    for name in listed:
        stretch = names.parse(name)
        if stretch is None:
            misnamed.append(name)
        else:
            yield Row(f"{code}_{name}", f"{folder}/{name}", code, stretch.seconds, stretch.video)
    if len(misnamed) > _MAX_MISNAMED * len(listed):
        raise GeoLIDError(
            f"{folder}: the names of {len(misnamed)} of {len(listed)} files are not as VoxLingua107 has them, such as "
            f"{printable(misnamed[0])}; expected <video>__U__S<number>---<start>-<end>.wav, such as {names.EXAMPLE}. "
            "Is it another version of the corpus? Move what is none of it elsewhere"
        )
    dropped.update((_utterance(code, name), "its name does not say where it is from") for name in misnamed)


def _utterance(code: str, name: str) -> str:
    return f"{code}_{printable(name)}"
