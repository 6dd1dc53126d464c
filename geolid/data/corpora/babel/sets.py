"""Babel's data directories: all utterances of training and of dev, and once more those of 10 s and longer."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from geolid.data.corpora.babel.packs import CORPUS, Pack
from geolid.data.corpora.babel.recording import Found
from geolid.data.corpora.prepare import Choice, Made, Row, in_order, up_to_hours, write_set
from geolid.errors import GeoLIDError

LONG_SECONDS = 10
_FAULTS_SHOWN = 5


@dataclass
class Split:
    """What the recordings of training, or of dev, have come to."""

    rows: dict[str, Row] = field(default_factory=dict)  # by utterance
    dropped: dict[str, str] = field(default_factory=dict)  # recordings, files and stretches of transcripts; why
    kinds: Counter[str] = field(default_factory=Counter)  # how many were dropped of what

    def drop(self, name: str, kind: str, reason: str) -> None:
        self.dropped[name] = reason
        self.kinds[kind] += 1


def gather(recordings: Iterable[Found], max_faulty: float) -> Split:
    """Put a split's recordings together; a pack of which more than the share cannot be used is an error.

    So is a pack without any word: its lexicon is of another edition, or not its own.
    """
    split = Split()
    totals: Counter[Pack] = Counter()
    faulty: dict[Pack, list[Found]] = {}
    for found in recordings:
        recording = found.recording
        if recording.audio is None and recording.unused:
            files = " ".join(map(str, recording.unused))
            split.drop(recording.name, "recordings of other types of audio", f"not in --audio_types: {files}")
            continue
        totals[recording.pack] += 1
        if found.fault:
            faulty.setdefault(recording.pack, []).append(found)
            split.drop(recording.name, "recordings that cannot be used", found.fault)
        else:
            _add(found, split)
    for pack, its_faulty in faulty.items():
        if len(its_faulty) > max_faulty * totals[pack]:
            raise GeoLIDError(_too_many(pack, its_faulty, totals[pack], max_faulty))
    _refuse_wordless(totals, split)
    return split


def _add(found: Found, split: Split) -> None:
    name = found.recording.name
    for file in found.recording.unused:
        split.drop(file.name, "audio files beside others of the same recording", f"{found.recording.audio} is taken")
    for stretch, kind in found.dropped:
        split.drop(f"{name}:{stretch.start:.3f}-{stretch.end:.3f}", kind, f"among {kind}: {stretch.text}")
    for row in found.rows:
        first = split.rows.setdefault(row.utt, row)
        if first is not row:
            double = f"its id, {row.utt}, is that of {first.recording}:{first.start:.3f}-{first.end:.3f}"
            split.drop(f"{name}:{row.start:.3f}-{row.end:.3f}", "doubles", double)


def _refuse_wordless(packs: Counter[Pack], split: Split) -> None:
    there = {row.lang for row in split.rows.values()}
    for pack, recordings in packs.items():
        if pack.lang not in there:
            raise GeoLIDError(
                f"pack {pack.number}: in {recordings} recordings there is no word of {pack.lexicon or 'any kind'}; "
                "unpack the pack anew, or take anything with a letter for a word with --use_lexicon false"
            )


def _too_many(pack: Pack, faulty: list[Found], total: int, max_faulty: float) -> str:
    shown = "".join(f"\n  {found.recording.name}: {found.fault}" for found in faulty[:_FAULTS_SHOWN])
    more = f"\n  ... and {len(faulty) - _FAULTS_SHOWN} more" if len(faulty) > _FAULTS_SHOWN else ""
    return (
        f"pack {pack.number}: {len(faulty)} of {total} recordings cannot be used ({len(faulty) / total:.1%}), more "
        f"than the allowed {max_faulty:.1%}:{shown}{more}\nUnpack the pack anew, leave its language out with "
        "--languages, or allow more with --max_faulty"
    )


def write_sets(name: str, split: Split, data_dir: Path, choice: Choice) -> list[Made]:
    """Write the set of all utterances and that of the long ones; of training, each with at most the hours asked for."""
    rows = in_order(split.rows.values())
    long = [row for row in rows if row.seconds >= LONG_SECONDS]
    if name == "train":
        rows, long = up_to_hours(rows, choice), up_to_hours(long, choice)
    return [
        write_set(data_dir / f"{name}_{CORPUS}_lang", rows, CORPUS, split.dropped),
        write_set(data_dir / f"{name}_{CORPUS}_over_{LONG_SECONDS}s_lang", long, CORPUS),
    ]
