"""Work that must not depend on what was done before in the same process.

Two libraries remember. espeak-ng says the same text a few samples otherwise after it has said another, and setting it
up anew does not help. Babel, once it has read the months of one locale, gives them to others. A child that is forked
for each piece of work, from a process that has done nothing of the kind, remembers nothing.
"""

import os
import pickle
import traceback
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class ChildError(RuntimeError):
    """A child that crashed or raised; its words, if it had any, stand on standard error."""


def in_a_child(function: Callable[..., Result], *args) -> Result:
    """Return what the function returns when it runs in a forked child."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)  # so that writing fails, instead of waiting for ever, when the parent has been killed
        _answer(write_end, function, args)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        pickled = answer.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise ChildError(f"{function.__name__} failed in a child process (wait status {status})")
    return pickle.loads(pickled)


def _answer(write_end: int, function: Callable, args: tuple) -> None:
    """Send the result and end. Nothing that the parent has open is flushed or closed a second time."""
    status = 1
    try:
        with os.fdopen(write_end, "wb") as answer:
            pickle.dump(function(*args), answer)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
