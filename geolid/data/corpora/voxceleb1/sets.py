"""The data directories of the corpus: the same speakers in training, dev and test.

Labels are speakers, so that utt2spk has nothing to add by naming them; it holds the video. Stretches of one are not
independent of another, and no video should be on both sides.
"""

from functools import partial
from pathlib import Path

from geolid.data.audio import AudioError, read_header
from geolid.data.corpora.parallel import each
from geolid.data.corpora.prepare import Choice, Made, Row, in_order, up_to_hours, write_set
from geolid.data.corpora.voxceleb1 import CORPUS
from geolid.data.corpora.voxceleb1.layout import find_folders, refuse_missing_speakers
from geolid.data.corpora.voxceleb1.split import SPLITS, Listed, find_list, read_list
from geolid.errors import GeoLIDError

_FAULTS_SHOWN = 5


def set_name(split: str) -> str:
    return f"{split}_{CORPUS}_spk"


def write_sets(
    root: Path,
    data_dir: Path,
    choice: Choice,
    split_list: Path | None = None,
    max_faulty: float = 0.01,
    nj: int = 1,
) -> list[Made]:
    """Write the sets of the speakers that are asked for; of a larger share of faulty files than allowed, none."""
    folders = find_folders(root)
    files = read_list(find_list(root, split_list))
    _refuse_unknown_speakers(choice, {listed.speaker for listed in files})
    files = [listed for listed in files if choice.has(listed.speaker)]
    refuse_missing_speakers(folders, {listed.speaker for listed in files})

    found = each(partial(_look_at, folders), files, nj, "headers")
    faults = [what for what in found if isinstance(what, str)]
    if len(faults) > max_faulty * len(files):
        raise GeoLIDError(_too_many(root, faults, len(files), max_faulty))
    made = []
    for split in SPLITS.values():
        of_split = [(listed, what) for listed, what in zip(files, found, strict=True) if listed.split == split]
        rows = in_order(what for _, what in of_split if isinstance(what, Row))
        dropped = {_utterance(listed): what for listed, what in of_split if isinstance(what, str)}
        rows = up_to_hours(rows, choice) if split == "train" else rows
        made.append(write_set(data_dir / set_name(split), rows, CORPUS, dropped, free_labels=True))
    return made


def _refuse_unknown_speakers(choice: Choice, speakers: set[str]) -> None:
    for name in sorted((choice.languages or set()) - speakers):
        raise GeoLIDError(
            f"--languages: '{name}' is none of the {len(speakers)} speakers of the list; expected ids such as "
            f"{min(speakers)}"
        )


def _look_at(folders: list[Path], listed: Listed) -> Row | str:
    """Return the utterance of a file, or why it cannot be used."""
    source = next((file for folder in folders if (file := folder / listed.path).exists()), None)
    if source is None:
        return f"no such file: {listed.path} in {', '.join(map(str, folders))}"
    try:
        header = read_header(str(source))
    except AudioError as error:
        return str(error)
    if not header.samples:
        return f"no samples: {source}"
    seconds = header.samples / header.rate
    return Row(_utterance(listed), str(source), listed.speaker, seconds, f"{listed.speaker}-{listed.video}")


def _utterance(listed: Listed) -> str:
    return f"{listed.speaker}-{listed.video}-{listed.number}"


def _too_many(root: Path, faults: list[str], total: int, max_faulty: float) -> str:
    shown = "".join(f"\n  {fault}" for fault in faults[:_FAULTS_SHOWN])
    more = f"\n  ... and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
    return (
        f"{root}: {len(faults)} of {total} files of the list cannot be used ({len(faults) / total:.1%}), more than the "
        f"allowed {max_faulty:.1%}:{shown}{more}\nHalf-unpacked? Unpack both archives anew, choose speakers with "
        "--languages, or allow more with --max_faulty"
    )
