"""What run_local.py and run_slurm.py share: the command line, the care for logs and folders, the report."""

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import submitit
from tqdm import tqdm

from geolid.bin.command import ArgumentParser
from job_command import JobCommand

RANGE = re.compile(r"([A-Z][A-Z0-9_]*)=(\d+):(\d+)")
LOGS_NAMED = 10  # of failed jobs
LINES_SHOWN = 15  # of the first failed job's log


def parse_command_line(description: str, argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[JobCommand]]:
    """Return the options, and the jobs they are for."""
    parser = ArgumentParser(
        usage="%(prog)s [options] [JOB=1:N] <log with JOB> <command with JOB>...",
        description=description,
        epilog="JOB, or any other name in capitals, stands for the job's number wherever it occurs in the log's "
        "path and in the command's words. No shell sees the command.",
    )
    parser.add_argument(
        "--num_threads", type=_at_least(1), default=1, help="threads of a job, each with a core (default: 1)"
    )
    parser.add_argument("--gpu", type=_at_least(0), default=0, help="GPUs of a job (default: 0)")
    parser.add_argument("--max_jobs_run", type=_at_least(1), help="jobs at once (default: as many as find room)")
    parser.add_argument("--mem", type=_matches(r"\d+[KMGT]", "a number and K, M, G or T"), help="memory of a job: 4G")
    parser.add_argument("--time", type=_minutes, default="24:00:00", help="time of a job (default: 24:00:00)")
    parser.add_argument("--partition", help="the cluster's partition")
    parser.add_argument(
        "--sbatch",
        type=_matches(r"[a-z][a-z_-]*(=.+)?", "name or name=value, without dashes before it"),
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another option of sbatch: account=speech; may be given several times",
    )
    parser.add_argument(
        "--follow",
        metavar="MARK",
        help="show the lines of the first job's log that hold MARK as they are written, from behind it on",
    )
    options, rest = _split(sys.argv[1:] if argv is None else [str(word) for word in argv])
    args = parser.parse_args(options)
    for option, value in zip(options, options[1:], strict=False):
        if RANGE.fullmatch(value):
            parser.error(f"{option} has no value; {value} follows")
    jobs = _read_jobs(parser, rest)
    for job in jobs:
        job.environment |= {"OMP_NUM_THREADS": str(args.num_threads), "MKL_NUM_THREADS": str(args.num_threads)}
    return args, jobs


def _at_least(least: int) -> Callable[[str], int]:
    def check(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected {least} or more, found '{text}'")
        return int(text)

    return check


def _matches(pattern: str, meaning: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise argparse.ArgumentTypeError(f"expected {meaning}, found '{text}'")
        return text

    return check


def _minutes(text: str) -> int:
    """Read a time in the one of Slurm's forms that cannot be mistaken; its 4:00 are four minutes."""
    match = re.fullmatch(r"(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"expected [days-]hours:minutes:seconds, such as 4:00:00, found '{text}'")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (days * 24 + hours) * 60 + minutes + (seconds > 0)


def _split(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Part our options from the rest, as the command has options of its own. Each of ours has a value."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 1 if "=" in words[at] or words[at] in ("-h", "--help") else 2
    return words[:at], words[at:]


def _read_jobs(parser: ArgumentParser, words: Sequence[str]) -> list[JobCommand]:
    name, numbers = None, range(1)
    if words and re.match(r"[A-Z][A-Z0-9_]*=", words[0]):
        match = RANGE.fullmatch(words[0])
        if not match or int(match[2]) > int(match[3]):
            parser.error(f"{words[0]}: expected NAME=first:last, such as JOB=1:8")
        name, numbers = match[1], range(int(match[2]), int(match[3]) + 1)
        words = words[1:]
    if len(words) < 2:
        parser.error("expected a log and a command, such as JOB=1:4 exp/count.JOB.log wc -l data/JOB/wav.scp")
    if name is None:
        return [JobCommand(words[1:], words[0])]
    if len(numbers) > 1 and name not in words[0]:
        parser.error(f"{words[0]}: one log cannot serve {len(numbers)} jobs; put {name} into its name")
    filled = ([word.replace(name, str(number)) for word in words] for number in numbers)
    return [JobCommand(command, log) for log, *command in filled]


def catch_signals() -> list[int]:
    """Return a list that the signals which tell us to stop will be added to."""
    caught: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup's wish is respected
            signal.signal(number, lambda number, _frame: caught.append(number))
    return caught


@contextlib.contextmanager
def ctrl_c_held_back() -> Iterator[None]:
    """Let Ctrl-C reach us alone, and not what is started meanwhile, which would get it from the terminal, too."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextlib.contextmanager
def submitit_folder(jobs: Sequence[JobCommand]) -> Iterator[Path]:
    """Make room for the logs, take away those of an earlier run, and lend submitit a folder beside them.

    The folder's name tells who made it, so that of a runner that was killed by signal 9 the next one removes it.
    """
    for job in jobs:
        job.log.parent.mkdir(parents=True, exist_ok=True)
        if job.log.is_file():
            job.log.unlink()
    ours = f".submitit.{socket.gethostname()}."
    for left in jobs[0].log.parent.glob(f"{ours}*"):
        pid = left.name.removeprefix(ours).partition(".")[0]
        if pid.isdecimal() and not _runs(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{ours}{os.getpid()}.", dir=jobs[0].log.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # asks only
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True


def title(jobs: Sequence[JobCommand]) -> str:
    """Return what the logs are named after: count for log/count.1.log and its like."""
    return jobs[0].log.name.partition(".")[0]


def progress(jobs: Sequence[JobCommand]) -> tqdm:
    """Return a bar that counts finished jobs on a terminal, and is silent elsewhere."""
    return tqdm(total=len(jobs), desc=title(jobs), unit="job", disable=None if len(jobs) > 1 else True)


class Follower:
    """Shows what the first job tells people while it runs: the lines of its log that hold a mark."""

    def __init__(self, jobs: Sequence[JobCommand], mark: str | None):
        self._log = jobs[0].log
        self._mark = mark
        self._read = 0  # bytes

    def show(self) -> None:
        """Print the lines that have come to their end since the last time."""
        if not self._mark or not self._log.exists():
            return
        with self._log.open("rb") as log:
            log.seek(self._read)
            whole = log.read().rpartition(b"\n")[0]
        self._read += len(whole) + 1 if whole else 0
        for line in whole.decode(errors="replace").splitlines():
            _before, mark, told = line.partition(self._mark)
            if mark and not line.startswith("# "):  # that is ours, and holds the command
                print(told, flush=True)


def has_failed(job: JobCommand, handle: submitit.Job, state: str) -> bool:
    """Look at the result of a job that has ended; where there is none, its log is told what is known."""
    if handle.paths.result_pickle.exists() and job.log.exists():
        return handle.exception() is not None
    errors = (handle.stderr() or "").splitlines()[-LINES_SHOWN:]
    job.note("".join(f"{line}\n" for line in [*errors, f"# ended without a result; {state}"]))
    return True


def conclude(jobs: Sequence[JobCommand], failed: Sequence[JobCommand], signals: Sequence[int]) -> int:
    """Tell people what failed; return the exit status."""
    program = Path(sys.argv[0]).name
    if signals:
        print(f"{program}: stopped by {signal.Signals(signals[0]).name}", file=sys.stderr)
        return 128 + signals[0]
    if not failed:
        return 0
    failed = [job for job in jobs if job in failed]
    print(f"{program}: {len(failed)} of {len(jobs)} jobs failed:", file=sys.stderr)
    for job in failed[:LOGS_NAMED]:
        ending = "".join(_last_lines(job.log, 1)).removeprefix("# ")
        print(f"  {_shown(job.log)}: {ending}", file=sys.stderr)
    if len(failed) > LOGS_NAMED:
        print(f"  and {len(failed) - LOGS_NAMED} more", file=sys.stderr)
    print(f"{program}: the end of {_shown(failed[0].log)}:", file=sys.stderr)
    print(*_last_lines(failed[0].log, LINES_SHOWN), sep="\n", file=sys.stderr)
    return 1


def _shown(log: Path) -> str:
    """Return the shorter of a path's spellings."""
    return min(str(log), os.path.relpath(log), key=len)


def _last_lines(log: Path, count: int) -> list[str]:
    with log.open("rb") as lines:
        lines.seek(max(0, lines.seek(0, os.SEEK_END) - 20_000))  # a progress bar may have made one endless line
        return lines.read().decode(errors="replace").splitlines()[-count:]
