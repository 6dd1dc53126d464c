"""What a check finds, and how bad it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Severity(IntEnum):
    NOTE = 0  # good to know
    WARNING = 1  # may be meant so, and makes a model or a score worse where it is not
    ERROR = 2  # stops a stage, or makes a score wrong


class Case(NamedTuple):
    """One utterance of a finding."""

    set_name: str
    utt: str
    detail: str = ""


@dataclass(frozen=True)
class Finding:
    severity: Severity
    kind: str  # a word, such as audio or duplicates
    where: str  # a data directory, or two of them
    message: str  # what was found, and what was expected
    remedy: str
    cases: Sequence[Case] = ()


def worst(findings: Iterable[Finding]) -> Severity:
    return max((finding.severity for finding in findings), default=Severity.NOTE)


def counted(count: int, noun: str) -> str:
    """Return '1 utterance' or '2,500 utterances'."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def some(words: Sequence[str], most: int = 5) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
