"""What is wrong with the labels of sets: languages with too little data, or that training calls otherwise."""

from collections.abc import Iterator, Sequence

import numpy as np

from geolid.data import languages, matching
from geolid.data.check.audio import best_seconds
from geolid.data.check.findings import Case, Finding, Severity, counted, some
from geolid.data.check.limits import Limits
from geolid.data.check.one_set import UNKNOWN, OneSet


def amounts(checked: OneSet) -> dict[str, tuple[int, float]]:
    """Return utterances and seconds of each label, of what can be used.

    Where lengths are known of a part of a label's utterances, the others count with their mean; NaN where of none.
    """
    of_utt, seconds = checked.languages.of_utt, best_seconds(checked)
    usable = of_utt != UNKNOWN
    usable[list(checked.faults)] = False
    known = usable & ~np.isnan(seconds)
    size = len(checked.languages.names)
    counts = np.bincount(of_utt[usable], minlength=size)
    measured = np.bincount(of_utt[known], minlength=size)
    sums = np.bincount(of_utt[known], weights=seconds[known], minlength=size)
    with np.errstate(invalid="ignore"):
        totals = sums / measured * counts
    return {name: (int(counts[i]), float(totals[i])) for i, name in sorted(enumerate(checked.languages.names), key=_2)}


def _2(pair: tuple[int, str]) -> str:
    return pair[1]


def amount_findings(checked: OneSet, limits: Limits) -> Iterator[Finding]:
    scarce = {}
    for label, (utts, seconds) in amounts(checked).items():
        if utts < limits.min_utts or seconds < 60 * limits.min_minutes:  # NaN is not below
            length = "" if np.isnan(seconds) else f", {seconds / 60:.1f} min"
            scarce[label] = f"{label} ({counted(utts, 'utterance')}{length})"
    if scarce:
        noun = "language" if checked.has_languages else "label"
        yield Finding(
            Severity.WARNING,
            "little",
            checked.name,
            f"{counted(len(scarce), noun)} with less than {limits.min_utts} utterances or {limits.min_minutes:g} min: "
            f"{some(list(scarce.values()))}",
            "add data or leave them out; too few to learn from, and to tell an accuracy by",
            [Case(checked.name, "-", text) for text in scarce.values()],
        )


def label_findings(sets: Sequence[OneSet]) -> Iterator[Finding]:
    """Compare the languages of all sets, where it is known which of them are trained on."""
    sets = [checked for checked in sets if checked.has_languages]
    for checked in sets:
        yield from _one_language_twice(checked)
    trained = {label for checked in sets if checked.is_trained_on for label in checked.languages.names}
    if trained:
        for checked in sets:
            yield from _not_trained_on(checked, trained)


def _one_language_twice(checked: OneSet) -> Iterator[Finding]:
    groups: dict[str, list[str]] = {}
    for label in sorted(checked.languages.names):
        groups.setdefault(matching.counts_as(label), []).append(label)
    twice = [f"({some(group)})" for group in groups.values() if len(group) > 1]
    if twice:
        yield Finding(
            Severity.NOTE,
            "labels",
            checked.name,
            f"several labels for what tolerant scoring counts as one language: {some(twice)}",
            "python -m geolid.bin.languages --one_language tells why; merge them if they are not told apart on purpose",
        )


def _not_trained_on(checked: OneSet, trained: set[str]) -> Iterator[Finding]:
    counts = amounts(checked)
    by_counted = {matching.counts_as(label): label for label in sorted(trained, reverse=True)}
    unknown = sorted(set(counts) - trained)
    otherwise = {
        label: by_counted[matching.counts_as(label)] for label in unknown if matching.counts_as(label) in by_counted
    }
    if otherwise:
        listed = [f"{label} for {own} ({counts[label][0]:,})" for label, own in otherwise.items()]
        yield Finding(
            Severity.WARNING,
            "labels",
            checked.name,
            f"{counted(len(otherwise), 'label')} that the training sets call otherwise, so that strict scores count "
            f"every utterance wrong: {some(listed)}",
            "score with --matching tolerant, or give both the same label",
            [Case(checked.name, "-", text) for text in listed],
        )
    foreign = [label for label in unknown if label not in otherwise]
    if foreign:
        listed = [f"{label} ({_name(label)}, {counts[label][0]:,})" for label in foreign]
        yield Finding(
            Severity.NOTE,
            "labels",
            checked.name,
            f"{counted(len(foreign), 'language')} that no training set has: {some(listed)}",
            "scores are given with and without them",
            [Case(checked.name, "-", text) for text in listed],
        )


def _name(code: str) -> str:
    language = languages.registry().get(code)
    return language.name if language else "unknown"
