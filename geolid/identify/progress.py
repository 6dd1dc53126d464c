"""How far the processes of an inference are, all of them together, in lines of one log."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

LOG = logging.getLogger(__name__)

_SECONDS_BETWEEN = 10.0


class Progress:
    """Every process notes what it has done in a file of its own; the first one adds up, and speaks for all."""

    def __init__(self, folder: Path, part: int, parts: int, utterances: int, what: str):
        """`folder` is shared by the processes; `utterances` are those of all of them."""
        self._files = [folder / f"progress.{number}" for number in range(1, parts + 1)]
        self._own = self._files[part - 1]
        self._utterances = utterances
        self._what = what
        self._speaks = part == 1
        self._done = 0
        self._seconds = 0.0  # of audio
        self._began = self._spoke = time.monotonic()
        self._note()

    def add(self, utterances: int, seconds: float) -> None:
        self._done += utterances
        self._seconds += seconds
        if time.monotonic() - self._spoke >= _SECONDS_BETWEEN:
            self.tell()

    def tell(self) -> None:
        self._spoke = time.monotonic()
        self._note()
        if self._speaks:
            LOG.info(self._line(*_sums(self._files), self._spoke - self._began))

    def _note(self) -> None:
        self._own.write_text(f"{self._done} {self._seconds}\n", encoding="utf-8")

    def _line(self, done: int, seconds: float, took: float) -> str:
        per_second = done / max(took, 1e-9)
        left = f", {_duration((self._utterances - done) / per_second)} left" if 0 < done < self._utterances else ""
        return (
            f"{self._what}: {done} of {self._utterances} utterances, {per_second:.3g} a second, real-time factor "
            f"{took / max(seconds, 1e-9):.3g}{left}"
        )


def _sums(files: Sequence[Path]) -> tuple[int, float]:
    done, seconds = 0, 0.0
    for file in files:
        fields = file.read_text(encoding="utf-8").split() if file.exists() else []
        if len(fields) == 2:  # it may be just being written
            done += int(fields[0])
            seconds += float(fields[1])
    return done, seconds


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
