"""From where on something is told of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    min_seconds: float = 1.0  # shorter utterances say too little of their language
    max_seconds: float = 60.0  # longer ones fill a batch by themselves
    min_utts: int = 10  # of a language in a set
    min_minutes: float = 0.5  # of a language in a set
    max_clipped: float = 0.001  # share of an utterance's samples
    # The recording that an utterance is cut from: group 1 of this expression in its file's name; None: the whole name.
    recording_pattern: str | None = None
