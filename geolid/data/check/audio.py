"""What is wrong with the audio of a set: what cannot be used, what can and should not, lengths and rates."""

from collections.abc import Iterator

import numpy as np

from geolid.data.audio import OVERSHOOT_SECONDS
from geolid.data.check.findings import Case, Finding, Severity, counted, some
from geolid.data.check.limits import Limits
from geolid.data.check.one_set import OneSet

# The loudest tenth of a second of the softest speech is well above.
_SILENT_BELOW_DB = -60.0
# Pauses of synthesised or gated speech are zeros, too, but not nearly all of an utterance.
_ZEROS_ABOVE = 0.8
_TELEPHONE_RATE = 8000


def audio_findings(checked: OneSet, limits: Limits) -> Iterator[Finding]:
    yield from _faults(checked)
    if checked.measured is not None:
        yield from _sound(checked, limits)
        yield from _rates(checked)
        yield from _lengths_of_tables(checked)
    yield from _lengths(checked, limits)


def _faults(checked: OneSet) -> Iterator[Finding]:
    """Group what cannot be used by the words that its reasons begin with: zero bytes, cut short and so on."""
    by_kind: dict[str, list[int]] = {}
    for index, fault in checked.faults.items():
        by_kind.setdefault(fault.partition(":")[0], []).append(index)
    for kind, indices in sorted(by_kind.items()):
        yield Finding(
            Severity.ERROR,
            "audio",
            checked.name,
            f"{counted(len(indices), 'utterance')} cannot be used: {kind}",
            "fetch or unpack these files again, or take the utterances out",
            [Case(checked.name, checked.utts[index], checked.faults[index]) for index in indices],
        )


def _sound(checked: OneSet, limits: Limits) -> Iterator[Finding]:
    rows = checked.measured.rows
    heard = rows["has_content"]
    silent = heard & (rows["loudest_db"] < _SILENT_BELOW_DB)
    yield from _warning(
        checked,
        "silent",
        silent,
        f"as good as silent: even the loudest 0.1 s are below {_SILENT_BELOW_DB:g} dB of full scale",
        "listen to some; take them out if there is no speech in them",
        lambda index: f"{rows['loudest_db'][index]:.1f} dB",
    )
    yield from _warning(
        checked,
        "silent",
        heard & ~silent & (rows["zeros"] > _ZEROS_ABOVE),
        f"mostly no sound: more than {_ZEROS_ABOVE:.0%} of the samples are 0",
        "listen to some; audio may have been lost on the way",
        lambda index: f"{rows['zeros'][index]:.1%} zeros",
    )
    yield from _warning(
        checked,
        "clipped",
        heard & (rows["clipped"] > limits.max_clipped),
        f"clipped: more than {limits.max_clipped:.2%} of the samples stand on flat tops",
        "take them out, or make them again from a source that is not clipped",
        lambda index: f"{rows['clipped'][index]:.2%} clipped",
    )


def _warning(checked: OneSet, kind: str, which: np.ndarray, what: str, remedy: str, detail) -> Iterator[Finding]:
    indices = np.flatnonzero(which)
    if len(indices):
        cases = [Case(checked.name, checked.utts[index], detail(index)) for index in indices]
        message = f"{counted(len(indices), 'utterance')}: {what}"
        yield Finding(Severity.WARNING, kind, checked.name, message, remedy, cases)


def _rates(checked: OneSet) -> Iterator[Finding]:
    rows = checked.measured.rows
    counts = rates_of(checked)
    if len(counts) > 1:
        usual = max(counts, key=lambda rate: counts[rate])
        others = np.flatnonzero((rows["rate"] > 0) & (rows["rate"] != usual))
        listed = some([f"{rate} Hz ({count:,})" for rate, count in sorted(counts.items())])
        yield Finding(
            Severity.WARNING,
            "rates",
            checked.name,
            f"sampling rates differ: {listed}",
            "stage 3 brings them to one; but where rates go with languages, a model learns the rate: give every "
            "language audio of each kind, or train with telephone augmentation",
            [Case(checked.name, checked.utts[index], f"{rows['rate'][index]} Hz") for index in others],
        )
    yield from _warning(
        checked,
        "rates",
        (rows["rate"] > 0) & (rows["rate"] < _TELEPHONE_RATE),
        f"below {_TELEPHONE_RATE} Hz, which is less than a telephone has",
        "find a better source, or take them out",
        lambda index: f"{rows['rate'][index]} Hz",
    )
    several = int(np.count_nonzero(rows["channels"] > 1))
    if several:
        yield Finding(
            Severity.NOTE,
            "rates",
            checked.name,
            f"{counted(several, 'utterance')} with more than one channel",
            "stage 3 mixes them down by their mean; cut them apart before where each holds another speaker",
        )


def rates_of(checked: OneSet) -> dict[int, int]:
    """Return how many utterances have each sampling rate, of those that were looked at and can be used."""
    rates, counts = np.unique(checked.measured.rows["rate"], return_counts=True)
    return {int(rate): int(count) for rate, count in zip(rates, counts, strict=True) if rate}


def _lengths_of_tables(checked: OneSet) -> Iterator[Finding]:
    told, found = checked.seconds, checked.measured.rows["seconds"]
    known = ~np.isnan(told) & (checked.measured.rows["rate"] > 0)
    wrong = np.zeros(len(told), bool)
    wrong[known] = np.abs(told[known] - found[known]) > OVERSHOOT_SECONDS + 1e-6
    indices = np.flatnonzero(wrong)
    if len(indices):
        yield Finding(
            Severity.ERROR,
            "durations",
            checked.name,
            f"{counted(len(indices), 'utterance')} of another length than the tables say",
            "the files have changed since; run the stage again that made the directory",
            [Case(checked.name, checked.utts[i], f"{told[i]:.2f} s told, {found[i]:.2f} s there") for i in indices],
        )


def best_seconds(checked: OneSet) -> np.ndarray:
    """Return the lengths that were found where audio was looked at, those that tables tell elsewhere, else NaN."""
    if checked.measured is None:
        return checked.seconds
    rows = checked.measured.rows
    return np.where(rows["rate"] > 0, rows["seconds"], checked.seconds)


def _lengths(checked: OneSet, limits: Limits) -> Iterator[Finding]:
    seconds = best_seconds(checked)
    with np.errstate(invalid="ignore"):  # unknown ones are neither
        short, long = seconds < limits.min_seconds, seconds > limits.max_seconds
    for which, what, remedy in (
        (short, f"shorter than {limits.min_seconds:g} s", "stage 3 leaves them out with --min_wav_duration"),
        (long, f"longer than {limits.max_seconds:g} s", "cut them by segments, or stage 3 leaves them out with "
         "--max_wav_duration"),
    ):  # fmt: skip
        yield from _warning(checked, "durations", which, what, remedy, lambda index: f"{seconds[index]:.2f} s")
