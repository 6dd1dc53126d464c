"""Work on many files of a corpus at once, where each has to be opened."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from tqdm import tqdm

_LOG_SECONDS = 10
_AT_A_TIME = 16

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(
    do: Callable[[Item], Result],
    items: Sequence[Item],
    nj: int,
    what: str,
    unit: str = "file",
    at_a_time: int = _AT_A_TIME,
) -> list[Result]:
    """Return what `do` makes of each item, in their order, in `nj` processes; `what` is being done, for people.

    A process takes so many items at a time: few where one of them is much work.
    """
    seconds = 0.5 if sys.stderr.isatty() else _LOG_SECONDS
    if not items:
        return []
    with ProcessPoolExecutor(min(nj, len(items))) as pool:
        found = pool.map(do, items, chunksize=at_a_time)
        return list(tqdm(found, what, len(items), unit=unit, mininterval=seconds, maxinterval=seconds))
