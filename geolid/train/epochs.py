"""What ESPnet's reporter has noted of every epoch, as plain numbers: `{epoch: {phase: {key: number}}}`."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from espnet2.train.reporter import Reporter
from torch import Tensor

from geolid.errors import GeoLIDError

Record = dict[int, dict[str, dict[str, float]]]


def plain_record(reporter: Reporter) -> Record:
    return plain(reporter.stats)


def plain(value: Any) -> Any:
    """Return the same in types that `torch.load(weights_only=True)` takes; a duration becomes its seconds."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(entry) for entry in value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str | Tensor):
        return value
    raise GeoLIDError(
        f"the state of this training holds a {type(value).__name__}, which cannot be saved so that loading it runs no "
        f"code; choose another optimizer or scheduler"
    )


def best_epochs(record: Record, phase: str, key: str, mode: str) -> list[int]:
    """Return the epochs, best first and of equals the earlier first, without those that have no finite value."""
    sign = {"min": 1, "max": -1}[mode]
    values = {epoch: phases[phase][key] for epoch, phases in record.items() if key in phases.get(phase, {})}
    return sorted((e for e, value in values.items() if math.isfinite(value)), key=lambda e: (sign * values[e], e))


def last_value(record: Record, phase: str, key: str, asked_by: str) -> float:
    """Return what the last epoch noted under a name that a setting gives."""
    noted = record[max(record)]
    if key not in noted.get(phase, {}):
        names = ", ".join(f"{name} {entry}" for name in noted for entry in noted[name])
        raise GeoLIDError(f"{asked_by}: there is no {phase} {key}; this training notes {names}")
    return noted[phase][key]


def stopped_early(record: Record, patience: int | None, criterion: Sequence[str]) -> bool:
    """Say whether the best epoch lies more than `patience` epochs back."""
    if patience is None or not record:
        return False
    phase, key, mode = criterion
    last_value(record, phase, key, "early_stopping_criterion")
    best = best_epochs(record, phase, key, mode)
    return max(record) - (best[0] if best else 0) > patience
