"""Jobs on a cluster: a real Slurm of one node, started for these tests where Slurm is installed."""

import importlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import ROOT
from slurm_cluster import missing_programs, slurm_cluster

RUN_SLURM = [sys.executable, str(ROOT / "utils" / "run_slurm.py")]


@pytest.fixture(scope="module")
def cluster():
    if missing := missing_programs():
        pytest.skip(f"no job ran on Slurm: without {', '.join(missing)} (Debian's packages: slurm-wlm, munge)")
    with slurm_cluster() as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    folder = tmp_path / "some folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def run_slurm(*words: str) -> subprocess.CompletedProcess:
    done = subprocess.run([*RUN_SLURM, *words], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def start(*words: str) -> subprocess.Popen:
    return subprocess.Popen([*RUN_SLURM, *words], stderr=subprocess.PIPE, text=True)


def timeless(text: str) -> list[str]:
    """Return lines without the seconds that a job took."""
    return re.sub(r" after \d+ s$", "", text, flags=re.MULTILINE).splitlines()


def log(name: str) -> list[str]:
    return timeless(Path(name).read_text())


def names(folder: str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def wait_for(*files: str) -> None:
    for _ in range(400):
        if all(Path(file).exists() for file in files):
            return
        time.sleep(0.05)
    raise AssertionError(f"no {files} after 20 s")


def running_job() -> str:
    """Return the number of the only job there is."""
    listing = subprocess.run(["squeue", "--noheader", "--format=%A"], capture_output=True, text=True, check=True)
    (number,) = listing.stdout.split()
    return number


def test_each_job_of_an_array_has_its_number_and_its_log(cluster):
    words = ["it's", "$(touch harm)", "; touch harm", "", "--mem"]
    show = "import os, sys; print(os.environ['SLURM_ARRAY_TASK_ID'], JOB, sys.argv[1:])"
    done = run_slurm("JOB=4:5", "log/some JOB.log", sys.executable, "-c", show, *words)
    assert done.returncode == 0, done.stderr
    assert names() == ["log"]
    assert names("log") == ["some 4.log", "some 5.log"]
    assert log("log/some 5.log")[1].startswith(f"# on {os.uname().nodename} in {Path.cwd()}, 2")
    assert log("log/some 5.log")[2:] == [f"1 5 {words}", "# ended with status 0"]


def test_one_failed_job_fails_the_whole_and_the_others_run_to_their_end(cluster):
    done = run_slurm("JOB=1:3", "JOB.log", "bash", "-c", "[ JOB != 2 ] || { echo oh no; kill -9 $$; }; touch done.JOB")
    assert done.returncode == 1
    ending = "ended by signal 9 (SIGKILL, often for want of memory)"
    assert timeless(done.stderr)[1:3] == ["run_slurm.py: 1 of 3 jobs failed:", f"  2.log: {ending}"]
    assert timeless(done.stderr)[-2:] == ["oh no", f"# {ending}"]
    assert names() == ["1.log", "2.log", "3.log", "done.1", "done.3"]


def test_slurm_is_asked_for_what_the_options_say(cluster):
    options = ["--num-threads", "2", "--mem", "300M", "--time", "1-02:03:04", "--partition", "urgent", "--gpu", "2"]
    options += ["--sbatch", "comment=from a test", "--sbatch", "nice"]
    ask = "echo $OMP_NUM_THREADS $CUDA_VISIBLE_DEVICES; scontrol show job $SLURM_JOB_ID"
    assert run_slurm(*options, "asked.log", "bash", "-c", ask).returncode == 0
    told = Path("asked.log").read_text()
    assert log("asked.log")[2] == "2 0,1"
    for setting in ["CPUs/Task=2", "mem=300M", "TimeLimit=1-02:04:00", "Partition=urgent", "Nice=100"]:
        assert setting in told
    assert "Comment=from a test" in told
    assert "JobName=asked" in told


def test_no_more_jobs_run_at_once_than_asked_for(cluster):
    count = "touch on.JOB; sleep 0.5; ls on.* | wc -l; rm on.JOB"
    assert run_slurm("--max_jobs_run", "1", "JOB=1:3", "JOB.log", "bash", "-c", count).returncode == 0
    assert [log(f"{job}.log")[2] for job in (1, 2, 3)] == ["1", "1", "1"]


def test_a_job_that_has_a_node_to_itself_runs_its_command_once(cluster):
    assert run_slurm("--sbatch", "exclusive", "once.log", "echo", "once").returncode == 0
    assert log("once.log").count("once") == 1


def test_a_job_can_start_jobs_of_another_size(cluster):
    inner = [*RUN_SLURM, "inner.log", "bash", "-c", "echo $SLURM_CPUS_PER_TASK"]
    assert run_slurm("--num_threads", "2", "--mem", "200M", "outer.log", *inner).returncode == 0
    assert log("inner.log")[2] == "1"


def test_a_preempted_job_runs_again_and_its_log_tells_of_both(cluster):
    launcher = start("--sbatch", "exclusive", "twice.log", "bash", "-c", "[ -e first ] || { touch first; sleep 60; }")
    wait_for("first")
    subprocess.run(["srun", "--partition=urgent", "--exclusive", "true"], capture_output=True, check=True)
    assert launcher.wait(60) == 0, launcher.stderr.read()
    endings = [line for line in log("twice.log") if re.match("# (stopped|ended)", line)]
    assert endings == ["# stopped (SIGTERM)", "# ended with status 0"]


def test_a_job_at_the_end_of_its_time_runs_again(cluster):
    """Slurm says so by a signal, which is sent here long before."""
    launcher = start("twice.log", "bash", "-c", "[ -e first ] || { touch first; sleep 60; }")
    wait_for("first")
    subprocess.run(["scancel", "--signal=USR2", running_job()], check=True)
    assert launcher.wait(60) == 0, launcher.stderr.read()
    endings = [line.partition(" (")[0] for line in log("twice.log") if re.match("# (stopped|ended)", line)]
    assert endings == ["# stopped", "# ended with status 0"]


def test_a_job_that_slurm_ends_is_told_with_its_state(cluster):
    launcher = start("ended.log", "bash", "-c", "touch first; sleep 60")
    wait_for("first")
    subprocess.run(["scancel", running_job()], check=True)
    errors = launcher.communicate(timeout=30)[1]
    assert launcher.returncode == 1
    assert "  ended.log: ended without a result; Slurm's state: CANCELLED\n" in errors
    assert "CANCELLED AT" in errors  # what Slurm itself wrote


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_jobs_before_the_launcher_ends(cluster, number):
    beat = "(trap '' TERM; while :; do echo >>beats.JOB; sleep 0.05; done) & wait"
    launcher = start("--max_jobs_run", "2", "JOB=1:3", "JOB.log", "bash", "-c", beat)
    wait_for("beats.1", "beats.2")
    launcher.send_signal(number)
    assert launcher.communicate(timeout=30)[1].endswith(f"run_slurm.py: stopped by {number.name}\n")
    assert launcher.returncode == 128 + number
    assert subprocess.run(["squeue", "--noheader"], capture_output=True, check=True).stdout == b""
    sizes = [Path(beats).stat().st_size for beats in ("beats.1", "beats.2")]
    time.sleep(0.5)
    assert [Path(beats).stat().st_size for beats in ("beats.1", "beats.2")] == sizes
    assert names() == ["1.log", "2.log", "beats.1", "beats.2"]


@pytest.fixture
def out_of_reach(cluster, tmp_path, monkeypatch):
    """Stand-ins for squeue and scancel that do not get through to Slurm, and note that they were called."""
    for program in ("squeue", "scancel"):
        (tmp_path / program).write_text(f"#!/bin/sh\necho >>'{tmp_path}/{program}.called'\nexit 1\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


def test_a_controller_that_does_not_answer_is_no_failure(out_of_reach):
    assert run_slurm("patient.log", "sleep", "3").returncode == 0
    assert Path("../squeue.called").exists()


def test_a_second_ctrl_c_does_not_wait_for_slurm(out_of_reach):
    launcher = start("impatient.log", "bash", "-c", "touch first; sleep 5")
    wait_for("first")
    launcher.send_signal(signal.SIGINT)
    wait_for("../scancel.called")
    assert launcher.poll() is None
    launcher.send_signal(signal.SIGINT)
    assert launcher.wait(3) == 130


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--partition", "absent"], "invalid partition specified: absent"),
        (["--partition", "short"], "time limit is invalid"),
    ],
)
def test_jobs_that_slurm_refuses_are_told(cluster, options, reason):
    done = run_slurm(*options, "refused.log", "true")
    assert done.returncode == 1
    assert reason in done.stderr
    assert "sbatch refused the jobs, for the reason above; correct the options of run_slurm.py" in done.stderr
    assert names() == []


def test_without_slurm_the_way_out_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    done = run_slurm("absent.log", "true")
    assert done.returncode == 1
    assert "there is no sbatch here; go to a machine of the cluster, or choose local in cmd.sh" in done.stderr


@pytest.mark.parametrize("backend", ["local", "slurm"])
def test_the_options_in_cmd_sh_are_understood(monkeypatch, backend):
    text = (ROOT / "cmd.sh").read_text().replace("cmd_backend=local ", f"cmd_backend={backend} ")
    monkeypatch.syspath_prepend(ROOT / "utils")
    parse = importlib.import_module("job_runner").parse_command_line
    for name in ("train_cmd", "cuda_cmd"):
        script = f'{text}\necho "${name}"'
        command = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()
        assert command[0] == f"utils/run_{backend}.py"
        assert parse("", [*command[1:], "x.log", "true"])[1][0].command == ["true"]


def test_a_backend_that_cmd_sh_does_not_know_is_told():
    script = (ROOT / "cmd.sh").read_text().replace("cmd_backend=local ", "cmd_backend=pbs ")
    Path("cmd.sh").write_text(script)
    done = subprocess.run(["bash", "-ec", ". ./cmd.sh"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "cmd.sh: cmd_backend is local or slurm, not 'pbs'\n")
