"""Processes that share the work on blocks."""

import os
import signal
import subprocess
import sys
import time

import pytest

from geolid.errors import GeoLIDError
from geolid.identify.workers import answer_blocks, in_blocks


def doubled(block: list[int]) -> tuple[int, list[int]]:
    time.sleep(0.01 * (block[0] % 3))  # they do not end in their order
    return os.getpid(), [2 * number for number in block]


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_answers_come_in_the_order_of_the_blocks(processes):
    found = list(answer_blocks(in_blocks(range(400), "cpu"), doubled, processes))
    assert [number for block, _ in found for number in block] == list(range(400))
    assert [number for _, (_, answers) in found for number in answers] == list(range(0, 800, 2))
    assert len({pid for _, (pid, _) in found}) == processes


def test_blocks_grow_from_small_ones_to_what_suits_the_device():
    assert [len(block) for block in in_blocks(range(200), "cpu")] == [8, 16, 32, 64, 64, 16]
    assert max(len(block) for block in in_blocks(range(3000), "cuda")) == 512


def test_behind_a_slow_block_only_some_are_taken():
    taken = []

    def blocks():
        for number in range(1000):
            taken.append(number)
            yield [number]

    def slow_at_first(block: list[int]) -> int:
        time.sleep(0.3 * (block[0] == 0))
        return block[0]

    found = answer_blocks(blocks(), slow_at_first, 2)
    assert next(found) == ([0], 0)
    assert len(taken) <= 10
    assert [answer for _, answer in found] == list(range(1, 1000))


def test_what_goes_wrong_in_a_process_is_told():
    def refuse(block: list[int]) -> None:
        if block == [3]:
            raise GeoLIDError("three is too many")

    with pytest.raises(GeoLIDError, match="three is too many"):
        list(answer_blocks(([number] for number in range(9)), refuse, 2))


def test_a_process_that_is_killed_ends_the_work():
    def die(block: list[int]) -> None:
        if block == [3]:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(GeoLIDError, match=r"a process ended in the middle of its work; .* \(--nj\)"):
        list(answer_blocks(([number] for number in range(9)), die, 2))


def test_no_process_outlives_a_caller_that_is_killed():
    script = """
import os, time
from geolid.identify.workers import answer_blocks
def tell(block):
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(0.2)
for _ in answer_blocks(([number] for number in range(10_000)), tell, 2):
    pass
"""
    caller = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    workers = {int(caller.stdout.readline()) for _ in range(3)}
    caller.kill()
    caller.wait()
    deadline = time.monotonic() + 10
    while any(_runs(pid) for pid in workers):
        assert time.monotonic() < deadline, f"of {workers} some still run"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 # it may go at any moment
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
