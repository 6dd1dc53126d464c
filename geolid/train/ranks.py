"""The processes of one training, a rank each: who am I, and what do all of us have together."""

import time
from typing import Any

import torch
from torch import Tensor, distributed

from geolid.errors import GeoLIDError


def world_size() -> int:
    return distributed.get_world_size() if _several() else 1


def leads() -> bool:
    """True in the one process that writes files and speaks to people."""
    return not _several() or distributed.get_rank() == 0


def add_up(values: Tensor) -> Tensor:
    """Return the sum of a tensor over all ranks."""
    if not _several():
        return values
    total = values.clone()
    distributed.all_reduce(total)
    return total


def gather(value: Any) -> list[Any]:
    """Return what every rank has here, in the order of the ranks; for small things of plain types."""
    if not _several():
        return [value]
    values: list[Any] = [None] * world_size()
    distributed.all_gather_object(values, value)
    return values


def agree(value: Any, what: str) -> None:
    """Go on only if all ranks have the same; doing so also waits for all of them."""
    values = gather(value)
    if any(other != values[0] for other in values):
        found = ", ".join(f"rank {rank}: {other}" for rank, other in enumerate(values))
        raise GeoLIDError(
            f"the processes of this training differ in {what} ({found}); all nodes must see the same files: "
            f"put the experiment's folder and the data on a disk that they share"
        )


def part() -> None:
    """Wait until all ranks have come here: none ends, and is taken for lost, while another still writes."""
    if _several():
        gather(None)
        # one of gloo's threads may still hold a tensor, and would abort the process if Python ended before it lets go
        time.sleep(0.2)


def _several() -> bool:
    return torch.distributed.is_available() and distributed.is_initialized()
