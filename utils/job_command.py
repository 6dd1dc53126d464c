"""One job: a command, its log, and how both come to an end. submitit carries it to a process of its own."""

import contextlib
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import cloudpickle
from submitit.helpers import DelayedSubmission

# The process of a job does not find this file on its path: the pickle that it reads has to hold the code, too.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


class JobCommand:
    """What submitit calls in the process of a job."""

    def __init__(self, command: Sequence[str], log: str):
        self.command = list(command)
        self.log = Path(log).absolute()
        self.cwd = Path.cwd()
        self.environment: dict[str, str | None] = {}  # changes for the command; None takes a variable away
        self.tied_to_launcher = False  # the end of the launcher shows as the end of the standard input

    def __call__(self) -> None:
        """Run the command; raise if it fails, and SystemExit if the job has to end before it."""
        signal.signal(signal.SIGTERM, _stop)  # submitit lets it pass
        if self.tied_to_launcher:
            os.setsid()  # a signal to the launcher's group must leave someone who ends the command
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # see ctrl_c_held_back
            self._look_for_launcher()  # before the log, which may be that of a next launcher by now
        start = time.monotonic()
        with self.log.open("ab+") as log:  # at its end: when Slurm starts a job again, what it wrote before stays
            place = f"on {socket.gethostname()} in {self.cwd}, {time.strftime('%Y-%m-%d %H:%M:%S')}"
            _write(log, f"# {shlex.join(self.command)}\n# {place}\n")
            try:
                ending = self._run(log)
            except BaseException as reason:
                requeued = str(reason) == "-1"  # how submitit leaves when it has asked Slurm to start the job again
                ending = "stopped (to be started again)" if requeued else f"stopped ({reason})"
                raise
            finally:
                _write(log, f"# {ending} after {time.monotonic() - start:.0f} s\n")
        if ending != "ended with status 0":
            if not self.tied_to_launcher:
                time.sleep(1)  # has Slurm ended the command? Then it is about to end us, and this is no failure yet
            raise RuntimeError(ending)

    def checkpoint(self) -> DelayedSubmission:
        """Return what is to run when Slurm takes the job back and starts it again: the same."""
        return DelayedSubmission(self)

    def note(self, text: str) -> None:
        """Add lines to the log of a job that could not do so itself."""
        with self.log.open("ab+") as log:
            _write(log, text)

    def _look_for_launcher(self) -> None:
        if select.select([0], [], [], 0)[0]:  # nothing is ever written there: it is the end of the file
            raise SystemExit("its launcher has ended")

    def _run(self, log: BinaryIO) -> str:
        """Return how the command ended."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SUBMITIT_")}
        environment.update(self.environment)
        try:
            process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env={name: value for name, value in environment.items() if value is not None},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # and so a process group, which can be ended as a whole
            )
        except OSError as error:
            _write(log, f"{error.filename}: {error.strerror}\n")
            return "ended with status 127"
        try:
            while (status := _wait(process, seconds=0.1)) is None:
                if self.tied_to_launcher:
                    self._look_for_launcher()
            _end_group(process, 0, signal.SIGTERM, signal.SIGKILL)  # 0: a 'tee' may still have lines to write
        except BaseException:
            _end_group(process, signal.SIGTERM, signal.SIGKILL)
            raise
        if status >= 0:
            return f"ended with status {status}"
        hint = ", often for want of memory" if status == -signal.SIGKILL else ""
        return f"ended by signal {-status} ({signal.Signals(-status).name}{hint})"


def _stop(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one would disturb the tidying up
    raise SystemExit(signal.Signals(number).name)


def _wait(process: subprocess.Popen, seconds: float) -> int | None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(seconds)
    return None


def _end_group(process: subprocess.Popen, *signals: int) -> None:
    """Send the signals, a second apart, to whoever is left of the command's process group."""
    for number in signals:
        for _ in range(50):
            process.poll()  # the dead command itself leaves the group only when it has been asked for
            try:
                os.killpg(process.pid, number)
            except (ProcessLookupError, PermissionError):  # the latter: only dead ones are left, says macOS
                return
            number = 0  # asks whether there is anyone
            time.sleep(0.02)


def _write(log: BinaryIO, text: str) -> None:
    """Add whole lines to a log, whatever the command left at its end."""
    if log.seek(0, os.SEEK_END):
        log.seek(-1, os.SEEK_END)
        if log.read(1) != b"\n":
            text = "\n" + text
    log.write(os.fsencode(text))
    log.flush()
