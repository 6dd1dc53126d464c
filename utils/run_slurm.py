#!/usr/bin/env python3
"""Run jobs on a Slurm cluster, as one array, and wait for them.

A job that is preempted is started again, and so is one that comes to the end of its --time, three times at most:
stages keep the work that they have finished. Any other option of sbatch can be given with --sbatch, where it wins
over what is chosen here. Ctrl-C cancels the jobs and waits for their end; a second one does not wait. Jobs outlive a
launcher that is killed by signal 9; scancel ends them.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import submitit
from submitit.core.utils import FailedJobError

import job_runner
from geolid.bin.command import run
from geolid.errors import GeoLIDError
from job_command import JobCommand

# What squeue calls a job that will not run any more; in any other state it is waited for.
FINAL_STATES = {"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY"}
FINAL_STATES |= {"PREEMPTED", "REVOKED", "TIMEOUT", "forgotten"}
SECONDS_FOR_RESULT = 5  # on its way to this machine when the job has ended
SECONDS_FOR_RESTART = 30  # before a job's time is up: it ends its command and asks Slurm to be started again


def main(argv: Sequence[str] | None = None) -> int:
    args, jobs = job_runner.parse_command_line(__doc__, argv)
    if not (shutil.which("sbatch") and shutil.which("srun")):
        raise GeoLIDError("there is no sbatch here; go to a machine of the cluster, or choose local in cmd.sh")
    signals = job_runner.catch_signals()
    failed = []
    with job_runner.submitit_folder(jobs) as folder:
        handles = _submit(jobs, args, folder)
        job_of = dict(zip(handles, jobs, strict=True))
        try:
            with job_runner.progress(jobs) as bar:
                follower = job_runner.Follower(jobs, args.follow)
                for handle, state in _ends(handles, folder, signals, follower):
                    if not signals and job_runner.has_failed(job_of[handle], handle, f"Slurm's state: {state}"):
                        failed.append(job_of[handle])
                    bar.update()
        except BaseException:
            _cancel(handles)
            raise
    return job_runner.conclude(jobs, failed, signals)


def _submit(jobs: Sequence[JobCommand], args: argparse.Namespace, folder: Path) -> list[submitit.SlurmJob]:
    for name in [name for name in os.environ if name.startswith("SLURM_") and name != "SLURM_CONF"]:
        del os.environ[name]  # started from within a job, the new ones would take its share for theirs
    more = {"requeue": True, **({"gres": f"gpu:{args.gpu}"} if args.gpu else {})}
    for option in args.sbatch:
        name, equals, value = option.partition("=")
        more[name.replace("-", "_")] = value if equals else True
    executor = submitit.SlurmExecutor(folder)
    executor.update_parameters(
        job_name=job_runner.title(jobs),
        time=args.time,
        mem=args.mem,
        partition=args.partition,
        cpus_per_task=args.num_threads,
        # srun does not take the threads from sbatch, and given a whole node starts as many commands as fit there
        srun_args=["--ntasks=1", f"--cpus-per-task={args.num_threads}"],
        array_parallelism=args.max_jobs_run or len(jobs),
        signal_delay_s=SECONDS_FOR_RESTART,
        additional_parameters=more,
    )
    try:
        with job_runner.ctrl_c_held_back():
            handles = executor.submit_array(jobs)
    except FailedJobError:
        raise GeoLIDError(
            "sbatch refused the jobs, for the reason above; correct the options of run_slurm.py (see cmd.sh)"
        ) from None
    print(f"run_slurm.py: submitted {len(jobs)} jobs as {_number(handles)}", file=sys.stderr)
    return handles


def _number(handles: Sequence[submitit.SlurmJob]) -> str:
    """Return Slurm's number of the array."""
    return handles[0].job_id.partition("_")[0]


def _cancel(handles: Sequence[submitit.SlurmJob]) -> None:
    subprocess.run(["scancel", _number(handles)], check=False)


def _ends(
    handles: Sequence[submitit.SlurmJob], folder: Path, signals: Sequence[int], follower: job_runner.Follower
) -> Iterator[tuple[submitit.SlurmJob, str]]:
    """Yield each job, and Slurm's state, when it has left a result, or has ended without one."""
    running = list(handles)
    start = asked = time.monotonic()
    ended_at: dict[submitit.SlurmJob, float] = {}
    cancelled = False
    while running and len(signals) < 2:
        if signals and not cancelled:
            _cancel(handles)
            cancelled = True
        folder.chmod(0o700)  # as it changes, a network file system looks what is in it
        results = set(folder.iterdir())
        done = {handle: "COMPLETED" for handle in running if handle.paths.result_pickle in results}
        now = time.monotonic()
        if cancelled or now - asked > min(30, max(1, (now - start) / 10)):  # often while it may soon be over
            asked = now
            for handle, state in _states(running).items():
                if state not in FINAL_STATES:
                    ended_at.pop(handle, None)
                elif now - ended_at.setdefault(handle, now) >= (0 if cancelled else SECONDS_FOR_RESULT):
                    done[handle] = state
        follower.show()
        for handle, state in done.items():
            running.remove(handle)
            yield handle, state
        time.sleep(0.5)


def _states(handles: Sequence[submitit.SlurmJob]) -> dict[submitit.SlurmJob, str]:
    """Ask Slurm for the states of jobs; nothing comes back while its controller does not answer."""
    command = ["squeue", "--noheader", "--array", "--states=all", "--format=%i %T", f"--jobs={_number(handles)}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0 and "Invalid job id" not in answer.stderr:
        return {}
    states = dict(line.split() for line in answer.stdout.splitlines())
    return {handle: states.get(handle.job_id, "forgotten") for handle in handles}


if __name__ == "__main__":
    run(main)
