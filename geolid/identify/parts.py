"""What came of a block, in a file of its own until all blocks are put together."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geolid.errors import GeoLIDError


@dataclass(frozen=True)
class Part:
    """A block's answers, by utterance in the order of their ids, and the utterances without one."""

    utts: np.ndarray  # (answered,) strings
    logits: np.ndarray  # (answered, languages) float32
    seconds: float  # of audio
    dropped: np.ndarray  # (dropped,) strings
    reasons: np.ndarray  # (dropped,) strings
    places: np.ndarray | None = None  # (answered, 2) latitude and longitude, in degrees
    embeddings: np.ndarray | None = None  # (answered, dim) float32, of unit length


def save_part(path: Path, part: Part, begun: int) -> None:
    """Write a part, whole or not at all; its time of change is that at which work on it began, in ns."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            np.savez(file, **{name: value for name, value in vars(part).items() if value is not None})
            file.flush()
            os.fsync(file.fileno())  # it may be the machine that dies, not only the process
        os.utime(beside, ns=(begun, begun))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load_part(path: Path) -> Part:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    except FileNotFoundError:
        raise GeoLIDError(f"{path}: there is no such part; the block was not inferred, run stage 6 again") from None
    except Exception as error:  # of many kinds: cut short, no zip, damaged
        raise GeoLIDError(f"{path}: cannot be read ({error}); remove it and run stage 6 again") from None
    return Part(**{**found, "seconds": float(found["seconds"])})
