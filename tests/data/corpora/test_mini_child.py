"""Forked children: what they return, what they forget, and how they end."""

import faulthandler
import os
import signal
import subprocess
import sys

import pytest

from conftest import ROOT
from geolid.data.corpora.mini.child import ChildError, in_a_child

REMEMBERED: list[int] = []


def remember(number: int) -> list[int]:
    REMEMBERED.append(number)
    return REMEMBERED


def test_a_child_returns_what_its_function_does_however_much_and_forgets_it():
    assert in_a_child(remember, 1) == [1]
    assert in_a_child(remember, 2) == [2]
    assert in_a_child(bytes, 1_000_000) == bytes(1_000_000)


def crash_hard() -> None:
    faulthandler.disable()  # pytest's, whose pages of stacks would stand among the results
    os.kill(os.getpid(), signal.SIGSEGV)


@pytest.mark.parametrize("crash", [lambda: 1 / 0, crash_hard, lambda: sys.exit(3)])
def test_a_child_that_fails_is_an_error_of_the_parent(crash):
    with pytest.raises(ChildError, match="failed in a child process"):
        in_a_child(crash)


def test_a_child_ends_when_its_parent_has_been_killed():
    """It may hold the recipe's lock, so the next run would wait for it."""
    script = """
import time
from geolid.data.corpora.mini.child import in_a_child

def answer():
    print("at work", flush=True)
    time.sleep(0.3)
    return bytes(1_000_000)    # more than a pipe takes

in_a_child(answer)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert parent.stdout.readline() == "at work\n"
    parent.kill()
    parent.communicate(timeout=10)  # returns when the last process that writes there has ended
