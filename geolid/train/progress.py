"""How far a training is, in lines of a log."""

import logging
import time
from collections.abc import Mapping, Sequence

from geolid.train.epochs import Record, best_epochs
from geolid.train.guards import SAMPLE_RATE

LOG = logging.getLogger(__name__)


class Progress:
    """Says now and then how the training goes and how long it will take."""

    def __init__(self, max_epoch: int, log_interval: int | None, speaks: bool):
        self.max_epoch = max_epoch
        self.log_interval = log_interval
        self.speaks = speaks
        self.started = time.perf_counter()
        self.batches_learnt = 0  # in this run

    def begin_epoch(self, epoch: int, batches: int | None) -> None:
        """`batches` is None where nobody can tell."""
        self.epoch = epoch
        self.batches = batches
        self.interval = self.log_interval or (max(batches // 20, 1) if batches else 100)
        self.batch = 0
        self.epoch_started = time.perf_counter()
        self._begin_interval()

    def learnt(self, stats: Mapping[str, float], rows: int, samples: int, rate: float) -> bool:
        """Count a batch of all ranks; True when a line was due and the interval is over."""
        self.batch += 1
        self.batches_learnt += 1
        self.samples += samples
        if stats:
            self.rows += rows
            for name, value in stats.items():
                self.sums[name] = self.sums.get(name, 0.0) + value * rows
        if self.batch % self.interval:
            return False
        if self.speaks:
            LOG.info(self._line(rate))
        self._begin_interval()
        return True

    def epoch_done(self, record: Record, criteria: Sequence[Sequence[str]]) -> None:
        if not self.speaks:
            return
        results = "; ".join(
            f"{phase} {_results(record[self.epoch][phase])}"
            for phase in ("train", "valid")
            if phase in record[self.epoch]
        )
        best = ""
        for phase, key, mode in criteria:
            epochs = best_epochs(record, phase, key, mode)
            if epochs:
                value = _number(key, record[epochs[0]][phase][key])
                best = f"; best {phase} {key} {value}, epoch {epochs[0]}"
                break
        took = duration(time.perf_counter() - self.epoch_started)
        LOG.info(f"epoch {self.epoch}/{self.max_epoch} took {took}: {results}{best}")

    def _begin_interval(self) -> None:
        self.interval_started = time.perf_counter()
        self.sums: dict[str, float] = {}
        self.rows = 0
        self.samples = 0

    def _line(self, rate: float) -> str:
        now = time.perf_counter()
        of = f"/{self.batches}" if self.batches else ""
        speed = self.samples / SAMPLE_RATE / max(now - self.interval_started, 1e-9)  # seconds a second, hours an hour
        parts = [_results({name: value / self.rows for name, value in self.sums.items()})] if self.rows else []
        parts += [f"lr {rate:.2g}", f"{speed:.{0 if speed >= 10 else 1}f} h of audio an hour"]
        if self.batches:
            left = (self.max_epoch - self.epoch + 1) * self.batches - self.batch
            parts.append(f"{duration((now - self.started) / self.batches_learnt * left)} left")
        return f"epoch {self.epoch}/{self.max_epoch}, batch {self.batch}{of}: {', '.join(parts)}"


def _results(stats: Mapping[str, float]) -> str:
    return ", ".join(f"{key} {_number(key, stats[key])}" for key in ("loss", "accuracy") if key in stats)


def _number(key: str, value: float) -> str:
    return f"{100 * value:.1f} %" if "accuracy" in key else f"{value:.3g}"


def duration(seconds: float) -> str:
    """Say a time in its two largest units: 35 s, 12 min, 1 h 40 min, 2 d 3 h."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"
