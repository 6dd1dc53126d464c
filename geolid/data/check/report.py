"""What a check tells people: lines for a terminal, and a table of every utterance concerned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geolid.data.check.audio import best_seconds, rates_of
from geolid.data.check.findings import Finding, Severity, counted, some, worst
from geolid.data.check.one_set import OneSet

CASES_SHOWN = 5
VERDICTS = {
    Severity.NOTE: "no fault was found",
    Severity.WARNING: "look at the warnings",
    Severity.ERROR: "not fit yet",
}


@dataclass(frozen=True)
class Overview:
    """A set in figures."""

    name: str
    role: str
    utterances: int
    languages: int
    speakers: int | None
    hours: float
    of_known_length: int
    seconds: tuple[float, float, float] | None  # the shortest, the middle one, the longest
    rates: dict[int, int]  # Hz, utterances
    looked_at: int
    has_languages: bool


def overview(checked: OneSet) -> Overview:
    seconds = best_seconds(checked)
    known = seconds[~np.isnan(seconds)]
    return Overview(
        name=checked.name,
        role="training" if checked.is_trained_on else "",
        utterances=len(checked.utts),
        languages=len(checked.languages.names),
        speakers=None if checked.speakers is None else len(checked.speakers.names),
        hours=float(known.sum()) / 3600,
        of_known_length=len(known),
        seconds=tuple(float(np.quantile(known, share)) for share in (0, 0.5, 1)) if len(known) else None,
        rates=rates_of(checked) if checked.measured is not None else {},
        looked_at=checked.measured.looked_at if checked.measured is not None else 0,
        has_languages=checked.has_languages,
    )


def facts(of_set: Overview) -> list[str]:
    """Return a set's figures in words."""
    words = [
        counted(of_set.utterances, "utterance"),
        counted(of_set.languages, "language" if of_set.has_languages else "label"),
    ]
    if of_set.speakers is not None:
        words.append(counted(of_set.speakers, "speaker"))
    if of_set.seconds:
        unknown = of_set.utterances - of_set.of_known_length
        words.append(f"{of_set.hours:,.2f} h" + (f" ({unknown:,} of unknown length not counted)" if unknown else ""))
        words.append("{:.2f} to {:.2f} s, half of them up to {:.2f} s".format(*np.array(of_set.seconds)[[0, 2, 1]]))
    if of_set.rates:
        words.append(some([f"{rate} Hz: {count:,}" for rate, count in of_set.rates.items()]))
    words.append(f"audio of {of_set.looked_at:,} looked at" if of_set.looked_at else "no audio looked at")
    return words


def verdict(findings: Sequence[Finding]) -> str:
    counts = {level: sum(finding.severity == level for finding in findings) for level in Severity}
    listed = ", ".join(counted(counts[level], level.name.lower()) for level in sorted(Severity, reverse=True))
    return f"{listed}: {VERDICTS[worst(findings)]}"


def text_report(sets: Sequence[OneSet], findings: Sequence[Finding], how: str) -> Iterator[str]:
    """Yield the lines of the report."""
    for of_set in map(overview, sets):
        yield f"{of_set.name}{' (training)' if of_set.role else ''}: {'; '.join(facts(of_set))}"
    yield how
    for finding in findings:
        yield ""
        yield f"{finding.severity.name} {finding.kind}: {finding.where}: {finding.message}"
        if finding.remedy:
            yield f"  what to do: {finding.remedy}"
        for case in finding.cases[:CASES_SHOWN]:
            yield "  " + "  ".join(word for word in (case.set_name, case.utt, case.detail) if word not in ("", "-"))
        if len(finding.cases) > CASES_SHOWN:
            yield f"  ... and {len(finding.cases) - CASES_SHOWN:,} more"
    yield ""
    yield verdict(findings)


def case_rows(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield a table of all that findings are about: severity, kind, set, utterance (- for none), detail."""
    yield "severity\tkind\tset\tutterance\tdetail"
    for finding in findings:
        for case in finding.cases:
            detail = " ".join(case.detail.split())  # an utterance a line, whatever a message holds
            yield f"{finding.severity.name.lower()}\t{finding.kind}\t{case.set_name}\t{case.utt}\t{detail}"
