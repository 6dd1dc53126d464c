"""The data directories of the corpus, of a split that is made here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geolid.data.corpora.parallel import each
from geolid.data.corpora.prepare import Choice, Made, Row, in_order, up_to_hours, write_set
from geolid.data.corpora.topcoder176 import CORPUS
from geolid.data.corpora.topcoder176.clips import Clip, find_doubles, look_at
from geolid.data.corpora.topcoder176.listing import LABELS_FILE, Listing, find, word_of, write_labels
from geolid.data.corpora.topcoder176.split import SPLITS, at_random, by_recording, recordings_of
from geolid.errors import GeoLIDError

RANDOM, RECORDING = "random", "recording"
CODES, NAMES = "codes", "names"
_FAULTS_SHOWN = 5


@dataclass(frozen=True)
class Way:
    """How the sets are to be made."""

    split: str = RANDOM
    recordings: Path | None = None  # a table of the recording of each clip; None: tags tell
    labels: str = CODES
    max_faulty: float = 0.01  # share of the clips that may be of no use


def set_name(split: str) -> str:
    return f"{split}_{CORPUS}_lang"


def write_sets(root: Path, data_dir: Path, choice: Choice, way: Way, nj: int = 1) -> tuple[list[Made], Listing]:
    """Write the sets, and beside them what their labels mean; return also what the corpus has."""
    listing = find(root, choice)
    clips = each(look_at, listing.clips, nj, "clips")
    _refuse_too_many(root, [clip for clip in clips if clip.fault], len(clips), way.max_faulty)
    doubles = find_doubles(clip for clip in clips if not clip.fault)
    whole = [clip for clip in clips if not clip.fault and clip.listed.name not in doubles]
    recordings: dict[str, str] = {}
    if way.split == RECORDING:
        recordings = recordings_of(whole, way.recordings)
        split_of = by_recording(whole, recordings, choice.seed)
    else:
        split_of = at_random(clips, choice.seed)  # of those, too, that are left out: it does not depend on faults

    rows: dict[str, list[Row]] = {split: [] for split in SPLITS}
    for clip in whole:
        rows[split_of[clip.listed.name]].append(_row(clip, way.labels, recordings.get(clip.listed.name, "")))
    dropped: dict[str, dict[str, str]] = {split: {} for split in SPLITS}
    for clip in clips:
        reason = clip.fault or doubles.get(clip.listed.name)
        if reason:
            dropped[split_of.get(clip.listed.name, "train")][_utterance(clip, way.labels)] = reason
    write_labels(data_dir / LABELS_FILE)
    made = []
    for split, its_rows in rows.items():
        taken = up_to_hours(in_order(its_rows), choice) if split == "train" else in_order(its_rows)
        path = data_dir / set_name(split)
        made.append(write_set(path, taken, CORPUS, dropped[split], free_labels=way.labels == NAMES))
    return made, listing


def _row(clip: Clip, labels: str, recording: str) -> Row:
    """Return the utterance of a clip; clips of one recording are most often of one voice, as its name says there."""
    label = _label(clip, labels)
    speaker = f"{label}_{'_'.join(recording.split())}" if recording else ""
    return Row(_utterance(clip, labels), str(clip.listed.file), label, clip.seconds, speaker)


def _utterance(clip: Clip, labels: str) -> str:
    return f"{_label(clip, labels)}_{clip.listed.name}"


def _label(clip: Clip, labels: str) -> str:
    return clip.listed.code if labels == CODES else word_of(clip.listed.label)


def _refuse_too_many(root: Path, faulty: Sequence[Clip], total: int, max_faulty: float) -> None:
    if len(faulty) > max_faulty * total:
        shown = "".join(f"\n  {clip.fault}" for clip in faulty[:_FAULTS_SHOWN])
        more = f"\n  ... and {len(faulty) - _FAULTS_SHOWN} more" if len(faulty) > _FAULTS_SHOWN else ""
        raise GeoLIDError(
            f"{root}: {len(faulty)} of {total} clips cannot be used ({len(faulty) / total:.1%}), more than the allowed "
            f"{max_faulty:.1%}:{shown}{more}\nHalf-unpacked? Unpack the mp3 files anew, leave languages out with "
            "--languages, or allow more with --max_faulty"
        )
