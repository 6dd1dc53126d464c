"""A Slurm cluster, private to the tests: the real daemons, with a folder and ports of their own.

All its nodes are this machine.
"""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo"]
PATH = os.environ["PATH"] + ":/usr/sbin"  # where daemons are, for those who are not root

CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
# A job that is started again has to wait until its first credential is void; 5 s is the least that Slurm takes.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
GresTypes=gpu
MailProg=/bin/true
DefMemPerCPU=100
KillWait=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=batch_sched_delay=0,sched_interval=1
# The nodes claim more than this machine may have; no job makes use of it.
SlurmdParameters=config_overrides
{nodes}
PartitionName=main Nodes=ALL Default=YES PriorityTier=1
PartitionName=short Nodes=ALL MaxTime=10
PartitionName=urgent Nodes=ALL PriorityTier=2
EnforcePartLimits=ALL
"""
NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=4 RealMemory=4000 Gres=gpu:2"
GRES = """
Name=gpu File=/dev/null
Name=gpu File=/dev/zero
"""


def missing_programs() -> list[str]:
    return [program for program in PROGRAMS if not shutil.which(program, path=PATH)]


@contextlib.contextmanager
def slurm_cluster(nodes: int = 1) -> Iterator[dict[str, str]]:
    """Yield the environment variables that lead Slurm's commands to the cluster."""
    with tempfile.TemporaryDirectory(prefix="slurm.") as name, contextlib.ExitStack() as daemons:
        folder = Path(name)
        folder.chmod(0o711)  # munged insists that others can reach its socket
        (folder / "state").mkdir()
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o600)
        host = socket.gethostname().partition(".")[0]
        controller_port, *node_ports = _free_ports(1 + nodes)
        names = [host, *(f"{host}-{number}" for number in range(2, nodes + 1))]
        rows = [NODE.format(name=name, host=host, port=port) for name, port in zip(names, node_ports, strict=True)]
        settings = {"host": host, "controller_port": controller_port, "nodes": "\n".join(rows)}
        (folder / "slurm.conf").write_text(CONFIG.format(**settings, user=getpass.getuser(), folder=folder))
        (folder / "gres.conf").write_text(GRES)
        environment = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": PATH}

        files = [f"--{file}={folder}/munge.{file.split('-')[0]}" for file in ("socket", "key-file", "pid-file")]
        files += [f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed"]
        daemons.enter_context(_daemon(folder, environment, "munged", "--foreground", *files))
        _wait_for(folder, (folder / "munge.socket").exists)
        daemons.enter_context(_daemon(folder, environment, "slurmctld", "-D"))
        for name in names:
            daemons.enter_context(_daemon(folder, environment, "slurmd", "-D", "-N", name))
        states = ("sinfo", "--noheader", "--Node", "--format=%T", "--partition=main")
        _wait_for(folder, lambda: _ask(environment, *states).split() == ["idle"] * nodes)
        yield environment
        _ask(environment, "scancel", f"--user={getpass.getuser()}")
        _wait_for(folder, lambda: _ask(environment, "squeue", "--noheader") == "")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as sockets:
        taken = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


@contextlib.contextmanager
def _daemon(folder: Path, environment: dict[str, str], *command: str) -> Iterator[None]:
    number = len(list(folder.glob("*.out")))
    with (folder / f"{number}-{command[0]}.out").open("w") as out:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _ask(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _wait_for(folder: Path, is_so) -> None:
    for _ in range(300):
        if is_so():
            return
        time.sleep(0.1)
    words = "\n".join(f"{out.name}:\n{out.read_text()[-2000:]}" for out in sorted(folder.glob("*.out")))
    raise RuntimeError(f"the Slurm cluster of the tests does not start or stop\n{words}")
