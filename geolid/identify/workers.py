"""Several processes that share one loaded model: blocks of recordings go out, answers come back in their order.

The processes are forked when the model is loaded, so neither it nor what is imported is loaded again. Each computes
with one thread, for which the caller sees to it before it loads the model: threads do not survive a fork.
"""

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any

from geolid.errors import GeoLIDError

FIRST_BLOCK = 8  # recordings: the first answers come soon, and blocks grow from there
_LARGEST_BLOCK = {"cpu": 64, "cuda": 512}  # some batches, of like lengths; an end of a block is waited for
_BLOCKS_AHEAD = 4  # for each process; behind a slow block no more than these wait

Block = Sequence[Any]
Answer = Callable[[Block], Any]


def in_blocks(recordings: Iterable[Any], device_type: str) -> Iterator[list[Any]]:
    """Cut a list into blocks for a device, the same for any number of processes."""
    rest, size = iter(recordings), FIRST_BLOCK
    while block := list(islice(rest, size)):
        yield block
        size = min(2 * size, _LARGEST_BLOCK[device_type])


def answer_blocks(blocks: Iterable[Block], answer: Answer, processes: int) -> Iterator[tuple[Block, Any]]:
    """Yield each block and what `answer` makes of it, in the order of the blocks."""
    if processes == 1:
        for block in blocks:
            yield block, answer(block)
        return
    context = multiprocessing.get_context("fork")
    started: list[multiprocessing.Process] = []
    connections: list[Connection] = []
    try:
        for _ in range(processes):
            here, there = context.Pipe()
            connections.append(here)
            started.append(context.Process(target=_work, args=(there, connections, answer), daemon=True))
            started[-1].start()
            there.close()
        yield from _shared_out(blocks, connections)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.join()


def _shared_out(blocks: Iterable[Block], connections: Sequence[Connection]) -> Iterator[tuple[Block, Any]]:
    numbered = enumerate(blocks)
    idle = list(connections)
    at_work: dict[Connection, tuple[int, Block]] = {}
    done: dict[int, tuple[Block, Any]] = {}
    turn = handed_out = 0
    while True:
        while idle and handed_out - turn < _BLOCKS_AHEAD * len(connections):
            number, block = next(numbered, (None, None))
            if number is None:
                break
            at_work[idle[-1]] = number, block
            idle.pop().send(block)
            handed_out += 1
        if not at_work and turn not in done:
            return
        for connection in wait(list(at_work), timeout=0 if turn in done else None):
            number, block = at_work.pop(connection)
            done[number] = block, _received(connection)
            idle.append(connection)
        while turn in done:
            yield done.pop(turn)
            turn += 1


def _received(connection: Connection) -> Any:
    try:
        answer = connection.recv()
    except (EOFError, ConnectionError):
        raise GeoLIDError(
            "a process ended in the middle of its work; if nothing above tells why it was killed, as where memory is "
            "short: let there be fewer of them (--nj), or smaller batches (--batch)"
        ) from None
    if isinstance(answer, GeoLIDError):
        raise answer
    return answer


def _work(connection: Connection, of_the_caller: Sequence[Connection], answer: Answer) -> None:
    for other in of_the_caller:  # or they would stay open when the caller is gone, and so would this process
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller hears of it as well, and ends this process
    try:
        while True:
            block = connection.recv()
            try:
                found = answer(block)
            except GeoLIDError as error:
                found = error
            connection.send(found)
    except (EOFError, ConnectionError):
        return
