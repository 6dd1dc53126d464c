"""Check data directories, each by itself and against each other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geolid.data.check.audio import audio_findings
from geolid.data.check.findings import Finding, Severity
from geolid.data.check.labels import amount_findings, label_findings
from geolid.data.check.limits import Limits
from geolid.data.check.measure import ROW, Measured, measure
from geolid.data.check.one_set import OneSet, read_set
from geolid.data.check.scripts import script_findings
from geolid.data.check.shared import duplicate_findings, overlap_findings
from geolid.data.tables import TableError
from geolid.data.utterances import utterances
from geolid.data.validate import faults
from geolid.errors import GeoLIDError

ALL, HEADERS, NONE = "all", "headers", "none"


@dataclass(frozen=True)
class AudioChoice:
    """Which audio is looked at, and how."""

    how: str = ALL  # ALL and HEADERS are of every utterance; NONE of none
    per_language: int | None = None  # listen to so many utterances of each language only
    allow_pipes: bool = False
    nj: int = 1


@dataclass(frozen=True)
class Checked:
    sets: list[OneSet]  # those whose tables could be read
    findings: list[Finding]  # the worst first


def check(
    data_dirs: Sequence[Path],
    trained_on: Sequence[Path],
    limits: Limits,
    choice: AudioChoice,
    tell: Callable[[str], None] = lambda words: None,
) -> Checked:
    """Check the directories; those of `trained_on` are training sets. `tell` gets what is being done, in words."""
    names = [str(data_dir) for data_dir in data_dirs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise GeoLIDError(f"{twice}: is given twice, and would be compared with itself; name each directory once")
    sets: list[OneSet] = []
    findings: list[Finding] = []
    for data_dir in data_dirs:
        tell(f"{data_dir}: reading tables")
        of_tables = list(_table_findings(data_dir, choice.allow_pipes))
        findings += of_tables
        try:
            checked = read_set(data_dir, data_dir in trained_on, limits.recording_pattern)
        except (TableError, OSError, ValueError):
            if not of_tables:
                raise
            findings.append(_not_gone_on_with(data_dir))
            continue
        if choice.how != NONE:
            _look_at_audio(checked, choice)
        findings += audio_findings(checked, limits)
        findings += amount_findings(checked, limits)
        findings += script_findings(checked)
        findings += duplicate_findings(checked)
        sets.append(checked)
    tell("comparing the sets")
    findings += label_findings(sets)
    findings += overlap_findings(sets)
    return Checked(sets, sorted(findings, key=lambda finding: -finding.severity))


def _table_findings(data_dir: Path, allow_pipes: bool) -> Iterator[Finding]:
    for fault in faults(data_dir, allow_pipes):
        place, _, rest = fault.partition(": ")
        yield Finding(Severity.ERROR, "tables", place, *_remedy_apart(rest))


def _remedy_apart(fault: str) -> tuple[str, str]:
    """Part what is wrong from what to do, which stands behind a semicolon where there is anything to do."""
    what, _, remedy = fault.partition("; ")
    return what, remedy


def _not_gone_on_with(data_dir: Path) -> Finding:
    return Finding(
        Severity.ERROR,
        "tables",
        str(data_dir),
        "nothing else of it could be checked",
        "mend its tables, and check again",
    )


def _look_at_audio(checked: OneSet, choice: AudioChoice) -> None:
    wanted = _wanted(checked, choice)
    total = int(np.count_nonzero(wanted))
    rows = np.zeros(len(checked.utts), ROW)
    chosen = ((number, utterance) for number, utterance in enumerate(utterances(checked.data_dir)) if wanted[number])
    for number, found in measure(chosen, total, choice.how == HEADERS, choice.allow_pipes, choice.nj):
        if isinstance(found, str):
            checked.faults[number] = found
        else:
            rows[number] = found
    checked.measured = Measured(rows, total)


def _wanted(checked: OneSet, choice: AudioChoice) -> np.ndarray:
    """Return whether each utterance is looked at: all, or some of each language, evenly spread over the table."""
    wanted = np.ones(len(checked.utts), bool)
    if choice.per_language is not None:
        wanted[:] = False
        order = np.argsort(checked.languages.of_utt, kind="stable")
        cuts = np.flatnonzero(np.diff(checked.languages.of_utt[order])) + 1
        for group in np.split(order, cuts):
            number = min(choice.per_language, len(group))
            wanted[group[np.arange(number) * len(group) // number]] = True
    return wanted
