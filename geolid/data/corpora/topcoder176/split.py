"""Which clips are for training, dev and test. The corpus has no split of its own, and its names tell nothing.

By chance, in the proportion that is published, 300 : 26 : 50 clips of each language, clips of one recording and voice
are on all sides, and scores are too good. By recording they are not; that needs to be known of every clip.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from geolid.data.corpora.topcoder176.clips import Clip
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError

SPLITS = ("train", "dev", "test")
_SHARES = {"test": 50 / 376, "dev": 26 / 376}  # training has the rest


def at_random(clips: Sequence[Clip], seed: int) -> dict[str, str]:
    """Return the split of each clip, by name; that of a language does not depend on others."""
    split_of = {}
    for label, names in _by_label(clips).items():
        random.Random(f"{seed} {label}").shuffle(names)
        counts = {split: round(share * len(names)) for split, share in _SHARES.items()}
        order = [split for split, count in counts.items() for _ in range(count)]
        split_of.update(zip(names, order + ["train"] * (len(names) - len(order)), strict=True))
    return split_of


def by_recording(clips: Sequence[Clip], recordings: Mapping[str, str], seed: int) -> dict[str, str]:
    """Return the split of each clip, by name; clips of one recording are in one split, near the same proportion."""
    split_of = {}
    for label, names in _by_label(clips).items():
        groups: dict[str, list[str]] = {}
        for name in names:
            groups.setdefault(recordings[name], []).append(name)
        if len(groups) < len(SPLITS):
            raise GeoLIDError(
                f"--split recording: the clips of '{label}' are of {len(groups)} recordings; expected {len(SPLITS)} at "
                "least, one each for training, dev and test: leave the language out with --languages, or take --split "
                "random"
            )
        order = sorted(groups)
        random.Random(f"{seed} {label}").shuffle(order)
        for kept, (split, share) in zip((2, 1), _SHARES.items(), strict=True):  # recordings that the next ones need
            count = 0
            while len(order) > kept and (not count or count < share * len(names)):
                recording = order.pop()
                split_of.update(dict.fromkeys(groups[recording], split))
                count += len(groups[recording])
        split_of.update({name: "train" for recording in order for name in groups[recording]})
    return split_of


def recordings_of(clips: Sequence[Clip], table: Path | None) -> dict[str, str]:
    """Return the recording of each clip, by name: of a table, or of tags; where neither tells, nothing does."""
    if table is not None:
        return _of_table(clips, table)
    tagged = [clip for clip in clips if clip.tags]
    if len(tagged) < len(clips):
        found = f"names are random, and only {len(tagged)} of {len(clips)} clips have tags (album, track or title)"
    elif (alone := list(Counter((clip.listed.label, clip.tags) for clip in clips).values()).count(1)) * 2 > len(clips):
        found = f"names are random, and {alone} of {len(clips)} clips have tags (album, track, title) of their own"
    else:
        return {clip.listed.name: clip.tags for clip in clips}
    raise GeoLIDError(
        f"--split recording: nothing tells which clips are of one recording: {found}. Tell it with --recordings, a "
        "table of '<file>.mp3 <recording>' a line, or take --split random, whose scores are too good"
    )


def _of_table(clips: Sequence[Clip], table: Path) -> dict[str, str]:
    told = {name.removesuffix(".mp3"): recording for name, recording in read_table(table).items()}
    missing = [clip.listed.name for clip in clips if clip.listed.name not in told]
    if missing:
        raise GeoLIDError(
            f"{table}: lacks {len(missing)} of {len(clips)} clips, such as {missing[0]}.mp3; expected '<file>.mp3 "
            "<recording>' for each"
        )
    return {clip.listed.name: told[clip.listed.name] for clip in clips}


def _by_label(clips: Sequence[Clip]) -> dict[str, list[str]]:
    """Return the names of each label's clips, sorted."""
    names: dict[str, list[str]] = {}
    for clip in sorted(clips, key=lambda clip: clip.listed.name):
        names.setdefault(clip.listed.label, []).append(clip.listed.name)
    return names
