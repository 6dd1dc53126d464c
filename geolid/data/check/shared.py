"""What stands twice: in one set, or in two of which a model is trained on one and judged by the other."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from geolid.data.check.findings import Case, Finding, Severity, counted, some
from geolid.data.check.one_set import UNKNOWN, OneSet

_NONE = -1  # no partner


def duplicate_findings(checked: OneSet) -> Iterator[Finding]:
    """Tell of utterances of one set that sound the same, with one label or with several."""
    alike, clashing = [], []
    for group in _groups_of_one_sound(checked):
        labels = {checked.languages.name(index) for index in group}
        first, *others = (checked.utts[index] for index in group)
        if len(labels) > 1:
            clashing += [
                Case(checked.name, checked.utts[index], f"{checked.languages.name(index)}; same sound as {first}")
                for index in group
            ]
        else:
            alike += [Case(checked.name, other, f"same sound as {first}") for other in others]
    if clashing:
        yield Finding(
            Severity.ERROR,
            "duplicates",
            checked.name,
            f"the very same sound with different labels: {counted(len(clashing), 'utterance')}",
            "one label of each is wrong at least: find out which, or take all of them out",
            clashing,
        )
    if alike:
        yield Finding(
            Severity.WARNING,
            "duplicates",
            checked.name,
            f"the very same sound as another: {counted(len(alike), 'utterance')}",
            "take them out: they count twice in training and in scores",
            alike,
        )


def _groups_of_one_sound(checked: OneSet) -> Iterator[np.ndarray]:
    """Yield utterances with the same samples; where audio was not heard, whole recordings from the same file."""
    heard = np.zeros(len(checked.utts), bool)
    if checked.measured is not None:
        heard = checked.measured.rows["has_content"]
        yield from _groups(checked.measured.rows["content"], np.flatnonzero(heard))
    if not checked.by_segments:
        yield from _groups(checked.sources, np.flatnonzero(~heard))


def _groups(keys: np.ndarray, among: np.ndarray) -> Iterator[np.ndarray]:
    """Yield those of `among` that have the same key as another, together."""
    order = among[np.argsort(keys[among], kind="stable")]
    cuts = np.flatnonzero(np.diff(keys[order])) + 1
    starts, ends = np.concatenate([[0], cuts]), np.concatenate([cuts, [len(order)]])
    for at in np.flatnonzero(ends - starts > 1):
        yield order[starts[at] : ends[at]]


def overlap_findings(sets: Sequence[OneSet]) -> Iterator[Finding]:
    roles_are_told = any(checked.is_trained_on for checked in sets)
    for one, other in combinations(sorted(sets, key=lambda checked: not checked.is_trained_on), 2):
        yield from _overlap(one, other, roles_are_told)


def _overlap(one: OneSet, other: OneSet, roles_are_told: bool) -> Iterator[Finding]:
    """Tell what `other` has of `one`, which is the one that is trained on where that is told."""
    where = f"{one.name} and {other.name}"
    is_leak = one.is_trained_on and not other.is_trained_on
    certain = Severity.ERROR if is_leak else Severity.NOTE if roles_are_told else Severity.WARNING
    likely = Severity.WARNING if is_leak or not roles_are_told else Severity.NOTE
    advice = "" if roles_are_told else "; --train tells which set is trained on"

    same, clashing, unsure = _same_recordings(one, other)
    if clashing:
        yield Finding(
            Severity.ERROR,
            "duplicates",
            where,
            f"the very same sound with different labels: {counted(len(clashing), 'utterance')} of the second",
            "one of the two labels is wrong at least: find out which, or take both out",
            clashing,
        )
    if same:
        yield Finding(
            certain,
            "leak",
            where,
            f"in the first, too, or cut from its recordings: {counted(len(same), 'utterance')} of the second",
            _remedy(certain, "take them out of one of the two: a score on what was trained on says nothing", advice),
            same,
        )
    if unsure:
        yield Finding(
            likely,
            "leak",
            where,
            f"from files named as some of the first: {counted(len(unsure), 'utterance')} of the second",
            _remedy(likely, "compare them with --audio all, and take them out if they are the same", advice),
            unsure,
        )
    yield from _same_speakers(one, other, where, likely, advice)


def _remedy(severity: Severity, remedy: str, advice: str) -> str:
    if severity == Severity.NOTE:
        return "nothing, if it is meant so: both are trained on, or neither is"
    return remedy + advice


def _same_recordings(one: OneSet, other: OneSet) -> tuple[list[Case], list[Case], list[Case]]:
    """Return the utterances of `other` that `one` has, those of them with another label there, and doubtful ones."""
    by_sound = _partners_by_sound(one, other)
    by_source = _partners(one.sources, other.sources)
    by_name = _partners(one.recordings, other.recordings)
    same, clashing, unsure = [], [], []
    for index in np.flatnonzero((by_sound != _NONE) | (by_source != _NONE) | (by_name != _NONE)):
        if by_sound[index] != _NONE:
            case = _case(other, index, "same sound as", one, by_sound[index])
            label, other_label = one.languages.name(by_sound[index]), other.languages.name(index)
            if label != other_label:
                clashing.append(case._replace(detail=f"{other_label}; {case.detail}, {label}"))
            same.append(case)
        elif by_source[index] != _NONE and not _differ(one, by_source[index], other, index):
            same.append(_case(other, index, "from the same recording as", one, by_source[index]))
        elif by_name[index] != _NONE:
            if one.names_are_sure and other.names_are_sure:
                same.append(_case(other, index, "from the same recording as", one, by_name[index]))
            elif not _differ(one, by_name[index], other, index):
                unsure.append(_case(other, index, "its file is named as that of", one, by_name[index]))
    return same, clashing, unsure


def _case(other: OneSet, index: int, what: str, one: OneSet, partner: int) -> Case:
    return Case(other.name, other.utts[index], f"{what} {one.utts[partner]}")


def _differ(one: OneSet, partner: int, other: OneSet, index: int) -> bool:
    """Whether two whole recordings were heard and are not the same; parts of a recording always differ."""
    if one.by_segments or other.by_segments or one.measured is None or other.measured is None:
        return False
    return bool(one.measured.rows["has_content"][partner] and other.measured.rows["has_content"][index])


def _partners_by_sound(one: OneSet, other: OneSet) -> np.ndarray:
    found = np.full(len(other.utts), _NONE)
    if one.measured is not None and other.measured is not None:
        heard, other_heard = (np.flatnonzero(s.measured.rows["has_content"]) for s in (one, other))
        partners = _partners(one.measured.rows["content"][heard], other.measured.rows["content"][other_heard])
        has_one = partners != _NONE
        found[other_heard[has_one]] = heard[partners[has_one]]
    return found


def _partners(keys: np.ndarray, other_keys: np.ndarray) -> np.ndarray:
    """Return for each of the other keys the first place among the keys where it stands."""
    found = np.full(len(other_keys), _NONE)
    if len(keys):
        order = np.argsort(keys, kind="stable")
        places = order[np.minimum(np.searchsorted(keys, other_keys, sorter=order), len(keys) - 1)]
        hit = keys[places] == other_keys
        found[hit] = places[hit]
    return found


def _same_speakers(one: OneSet, other: OneSet, where: str, severity: Severity, advice: str) -> Iterator[Finding]:
    if one.speakers is None or other.speakers is None:
        return
    shared = sorted(set(one.speakers.names) & set(other.speakers.names))
    if shared:
        place = {name: number for number, name in enumerate(other.speakers.names)}
        is_shared = np.zeros(len(place) + 1, bool)  # the last one for UNKNOWN, which is -1
        is_shared[[place[name] for name in shared]] = True
        indices = np.flatnonzero(is_shared[other.speakers.of_utt] & (other.speakers.of_utt != UNKNOWN))
        yield Finding(
            severity,
            "speakers",
            where,
            f"{counted(len(shared), 'speaker')} in both: {some(shared)}",
            _remedy(severity, "give each speaker to one side: a model may know the voice and not the language", advice),
            [Case(other.name, other.utts[index], f"speaker {other.speakers.name(index)}") for index in indices],
        )
