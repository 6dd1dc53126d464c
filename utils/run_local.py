#!/usr/bin/env python3
"""Run jobs on this machine, and wait for them.

At once run as many as there are cores, divided by --num_threads, unless --max_jobs_run says otherwise. With --gpu a
job has GPUs to itself, of those that CUDA_VISIBLE_DEVICES names or nvidia-smi finds. --mem, --time, --partition and
--sbatch are for run_slurm.py: here they are accepted and do nothing, so that the same call works with both.
"""

import os
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import submitit

import job_runner
from geolid.bin.command import run
from geolid.errors import GeoLIDError
from job_command import JobCommand

TEN_YEARS = 10 * 365 * 24 * 60  # in minutes; submitit ends a local job after two unless it is told a time


def main(argv: Sequence[str] | None = None) -> int:
    args, jobs = job_runner.parse_command_line(__doc__, argv)
    at_once = args.max_jobs_run or max(1, _cores() // args.num_threads)
    free_gpus = _visible_gpus(args.gpu) if args.gpu else []
    signals = job_runner.catch_signals()
    tie = _tie_jobs_to_us()
    waiting, running, failed = deque(jobs), {}, []
    follower = job_runner.Follower(jobs, args.follow)
    with job_runner.submitit_folder(jobs) as folder, job_runner.progress(jobs) as bar:
        while running or (waiting and not signals):
            if signals:
                tie.close()
            while waiting and not signals and len(running) < at_once and len(free_gpus) >= args.gpu:
                job = waiting.popleft()
                gpus, free_gpus = free_gpus[: args.gpu], free_gpus[args.gpu :]
                # submitit hides all GPUs from local jobs
                visible = ",".join(gpus) if gpus else os.environ.get("CUDA_VISIBLE_DEVICES")
                job.environment["CUDA_VISIBLE_DEVICES"] = visible
                running[_start(job, folder)] = job, gpus
            for handle in [handle for handle in running if handle.done()]:
                job, gpus = running.pop(handle)
                free_gpus += gpus
                if not signals and job_runner.has_failed(job, handle, "its process ended early"):
                    failed.append(job)
                bar.update()
            follower.show()
            time.sleep(0.05)
    return job_runner.conclude(jobs, failed, signals)


def _cores() -> int:
    """Count the cores that we may use: a batch system may have left us few. macOS knows no such limit."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _visible_gpus(wanted: int) -> list[str]:
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        gpus = [gpu for gpu in named.split(",") if gpu]
    else:
        try:
            listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            listing = ""
        gpus = [str(number) for number in range(sum(line.startswith("GPU ") for line in listing.splitlines()))]
    if len(gpus) < wanted:
        raise GeoLIDError(
            f"--gpu {wanted}: this machine shows {len(gpus)}; ask for fewer, or name them in CUDA_VISIBLE_DEVICES"
        )
    return gpus


def _tie_jobs_to_us() -> BinaryIO:
    """Make a pipe the standard input of all jobs. The other end is ours alone: however we end, they see it."""
    jobs_end, our_end = os.pipe()
    os.dup2(jobs_end, 0)
    os.set_inheritable(0, True)
    return os.fdopen(our_end, "wb")


def _start(job: JobCommand, folder: Path) -> submitit.Job:
    job.tied_to_launcher = True
    executor = submitit.LocalExecutor(folder)  # one a job, as an executor waits 0.2 s between two
    executor.update_parameters(timeout_min=TEN_YEARS)
    with job_runner.ctrl_c_held_back():  # submitit's processes have to stay until they have ended the command
        return executor.submit(job)


if __name__ == "__main__":
    run(main)
