"""How far a command is, and what it comes to in the end, on the standard error."""

import sys
import time
from collections.abc import Sequence

from geolid.identify.rows import Row

_SECONDS_BETWEEN = 30.0  # in a log


class Tally:
    """`quiet` where what is done is seen anyway."""

    def __init__(self, quiet: bool):
        self._began = time.monotonic()
        self._spoke: float | None = None
        self._recordings = self.faults = self._done = 0
        self._seconds = 0.0  # of audio
        self._bar = None
        self._quiet = quiet

    def progress(self, recordings: int) -> None:
        """Tell that so many more are done."""
        self._done += recordings
        if self._spoke is None:  # before it the model was loaded
            self._spoke = time.monotonic()
        if self._quiet:
            return
        if sys.stderr.isatty():
            if self._bar is None:
                from tqdm import tqdm

                self._bar = tqdm(unit=" recordings", leave=False)
            self._bar.update(recordings)
        elif time.monotonic() - self._spoke >= _SECONDS_BETWEEN:
            self._spoke = time.monotonic()
            print(f"{self._done} recordings done, {self._rate():.3g} a second", file=sys.stderr, flush=True)

    def count(self, rows: Sequence[Row]) -> None:
        """Count what is told."""
        self._recordings += len(rows)
        self.faults += sum("error" in row for row in rows)
        self._seconds += sum(row.get("seconds", 0.0) for row in rows)

    def tell(self) -> None:
        if self._bar is not None:
            self._bar.close()
        if self._recordings == 1:
            return
        took = time.monotonic() - self._began
        before = self._recordings - self._done
        earlier = f", {before} of them in an earlier run" if before else ""
        faults = f"; {self.faults} could not be identified, their rows tell why" if self.faults else ""
        print(
            f"{self._recordings} recordings{earlier}, {self._seconds / 3600:.2f} h of audio, in {took:.0f} s{faults}",
            file=sys.stderr,
        )

    def _rate(self) -> float:
        return self._done / max(time.monotonic() - self._began, 1e-9)
