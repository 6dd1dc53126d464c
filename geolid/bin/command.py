"""What every entry point shares: how options are read, and how errors reach people."""

import argparse
import difflib
import errno
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from geolid.errors import GeoLIDError


class ArgumentParser(argparse.ArgumentParser):
    """argparse, where `--some-option` and `--some_option` are one and a misspelt option is told its neighbour."""

    def __init__(self, **kwargs):
        super().__init__(allow_abbrev=False, **kwargs)

    def parse_known_args(self, args=None, namespace=None):
        args = sys.argv[1:] if args is None else [str(arg) for arg in args]
        return super().parse_known_args([self._as_declared(arg) for arg in args], namespace)

    def _as_declared(self, arg: str) -> str:
        """Spell an option's dashes and underscores the way it was declared."""
        name, equals, value = arg.partition("=")
        if not re.fullmatch(r"--[A-Za-z][\w-]*", name):
            return arg
        for option in self._option_string_actions:
            if option.replace("-", "_") == name.replace("-", "_"):
                return option + equals + value
        return arg

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (-\S+)", message)
        if unknown:
            name = unknown[1].partition("=")[0]
            near = difflib.get_close_matches(name, self._option_string_actions, n=1)
            message = f"unknown option {name}" + (f"; did you mean {near[0]}?" if near else "")
        self.exit(2, f"{self.prog}: {message}\nSee {self.prog} --help\n")


def flag(text: str) -> bool:
    """Read true or false, as the recipe's options are written."""
    if text not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"expected true or false, found '{text}'")
    return text == "true"


def above_0(text: str) -> int:
    """Read a number that counts something."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, found '{text}'")
    return int(text)


def run(main: Callable[[Sequence[str] | None], int | None]) -> NoReturn:
    """Run an entry point as a command: what a user can mend is told in a few lines, without a traceback."""
    name = Path(sys.argv[0]).stem
    try:
        status = main(None)
        sys.stdout.flush()
    except GeoLIDError as error:
        status = f"{name}: {error}"
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # whoever read what is printed has gone, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + signal.SIGPIPE
    except OSError as error:
        if error.filename is None and error.errno not in _REMEDIES:
            raise
        where = f"{error.filename}: " if error.filename is not None else ""
        remedy = _REMEDIES.get(error.errno, "")
        status = f"{name}: {where}{error.strerror}{remedy}"
    sys.exit(status)


_REMEDIES = {
    errno.ENOSPC: "; free some space or choose another place, then run again: finished work is kept",
    errno.EDQUOT: "; free some of your quota or choose another place, then run again: finished work is kept",
    errno.EFBIG: "; the limit on file sizes is too low for this (see 'ulimit -f')",
    errno.EACCES: "; give yourself the permission or choose another place",
    errno.EROFS: "; choose a place that can be written",
    errno.ENOENT: "; check the path, or run the stage that makes it",
}
