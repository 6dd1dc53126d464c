"""Jobs on this machine: their logs, their environment, their failures, and that nothing outlives the launcher."""

import contextlib
import importlib
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import ROOT

RUN_LOCAL = [sys.executable, str(ROOT / "utils" / "run_local.py")]

# A child that does not heed SIGTERM, and writes into beats.JOB as long as it lives.
STUBBORN = "(trap '' TERM; while :; do echo >>beats.JOB; sleep 0.05; done) & "


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def run_local(*words: str) -> subprocess.CompletedProcess:
    done = subprocess.run([*RUN_LOCAL, *words], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def timeless(text: str) -> list[str]:
    """Return lines without the seconds that a job took."""
    return re.sub(r" after \d+ s$", "", text, flags=re.MULTILINE).splitlines()


def log(name: str) -> list[str]:
    return timeless(Path(name).read_text())


def names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def assert_silence(*beats: str) -> None:
    """Nobody writes into these files any more."""
    before = [Path(file).stat().st_size for file in beats]
    time.sleep(0.5)
    assert min(before) > 0
    assert [Path(file).stat().st_size for file in beats] == before


def test_each_job_has_its_number_in_its_command_and_its_log():
    done = run_local("JOB=2:3", "log/count.JOB.log", "bash", "-c", "echo this is JOB; echo JOB.txt >&2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert names("log") == ["count.2.log", "count.3.log"]
    first, second, *middle, last = log("log/count.3.log")
    assert first == "# bash -c 'echo this is 3; echo 3.txt >&2'"
    assert second.startswith(f"# on {os.uname().nodename} in {Path.cwd()}, 2")
    assert middle == ["this is 3", "3.txt"]
    assert last == "# ended with status 0"


def test_without_a_range_there_is_one_job():
    assert run_local("one.log", "echo", "JOB").returncode == 0
    assert "JOB" in log("one.log")


def test_a_followed_job_shows_the_marked_lines_of_its_log_while_it_runs():
    told = "for n in 1 2 3; do echo noise; echo 12:00 '| 'step $n; sleep 0.3; done; printf '| unended'"
    process = subprocess.Popen(
        [*RUN_LOCAL, "--follow", "| ", "one.log", "bash", "-c", told], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "step 1\n"
    assert process.poll() is None
    assert process.stdout.read().splitlines() == ["step 2", "step 3", "unended"]
    assert process.wait() == 0


def test_of_several_jobs_the_first_one_is_followed():
    assert run_local("--follow", "| ", "JOB=3:5", "JOB.log", "echo", "| job JOB").stdout == "job 3\n"


def test_words_of_the_command_arrive_unharmed():
    words = [
        "a b",
        "it's",
        '"',
        "$(touch harm)",
        "; touch harm",
        "`touch harm`",
        "*",
        "",
        "ä\n",
        "--num-threads",
        "--mem",
    ]
    show = "import sys; print(sys.argv[1:])"
    assert run_local("X=1:1", "lo g/it's $(touch harm) X.log", sys.executable, "-c", show, *words).returncode == 0
    assert str(words) in log("lo g/it's $(touch harm) 1.log")
    assert not Path("harm").exists()


def test_the_command_can_be_pasted_from_the_log():
    run_local("paste.log", "echo", "it's", "a  b")
    pasted = log("paste.log")[0].removeprefix("# ")
    assert subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, check=True).stdout == "it's a  b\n"


def test_an_earlier_log_does_not_stay():
    Path("again.log").write_text("old\n")
    run_local("again.log", "echo", "new")
    assert log("again.log")[2:] == ["new", "# ended with status 0"]


@pytest.mark.parametrize("visible", [[], ["CUDA_VISIBLE_DEVICES="], ["CUDA_VISIBLE_DEVICES=3,1"]])
def test_the_command_sees_what_the_launcher_sees(monkeypatch, visible):
    for setting in [*visible, "GREETING=good day"]:
        monkeypatch.setenv(*setting.split("="))
    run_local("env.log", "bash", "-c", "env | grep -E '^(CUDA|GREETING|SUBMITIT)' | sort")
    assert log("env.log")[2:-1] == [*visible, "GREETING=good day"]


@pytest.mark.parametrize(("option", "threads"), [([], "1"), (["--num-threads=3"], "3")])
def test_a_job_has_one_thread_unless_it_is_given_more(monkeypatch, option, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    run_local(*option, "threads.log", "bash", "-c", "echo $OMP_NUM_THREADS $MKL_NUM_THREADS")
    assert log("threads.log")[2] == f"{threads} {threads}"


def test_one_failed_job_fails_the_whole_and_the_others_run_to_their_end():
    command = ["bash", "-c", "[ JOB != 2 ] || { echo oh no; exit 7; }; sleep 1; touch done.JOB"]
    done = run_local("--max_jobs_run", "3", "JOB=1:3", "log/JOB.log", *command)
    assert done.returncode == 1
    assert timeless(done.stderr)[:2] == [
        "run_local.py: 1 of 3 jobs failed:",
        "  log/2.log: ended with status 7",
    ]
    assert timeless(done.stderr)[-2:] == ["oh no", "# ended with status 7"]
    assert int(re.findall(r"after (\d+) s", Path("log/1.log").read_text())[0]) >= 1
    assert Path("done.1").exists()
    assert Path("done.3").exists()


def test_of_many_failed_jobs_some_are_named_and_the_others_counted():
    done = run_local("--max_jobs_run", "4", "JOB=1:11", "JOB.log", "bash", "-c", "seq 100; exit 1")
    lines = timeless(done.stderr)
    assert lines[0] == "run_local.py: 11 of 11 jobs failed:"
    assert [line.split(":")[0] for line in lines[1:11]] == [f"  {job}.log" for job in range(1, 11)]
    assert lines[11:13] == ["  and 1 more", "run_local.py: the end of 1.log:"]
    assert lines[13:] == [*map(str, range(87, 101)), "# ended with status 1"]


def test_what_a_killed_command_wrote_is_kept():
    done = run_local("killed.log", "bash", "-c", "printf 'half a line'; kill -9 $$")
    assert done.returncode == 1
    assert log("killed.log")[2:] == ["half a line", "# ended by signal 9 (SIGKILL, often for want of memory)"]


def test_a_command_that_is_not_there_is_told():
    done = run_local("absent.log", "no-such-command")
    assert done.returncode == 1
    assert log("absent.log")[2:] == ["no-such-command: No such file or directory", "# ended with status 127"]


def test_a_job_whose_process_cannot_start_shows_why():
    """Python looks for modules in the folder of the launch first."""
    Path("numpy.py").write_text("raise RuntimeError('not numpy')")
    done = subprocess.run([*RUN_LOCAL, "lost.log", "true"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert log("lost.log")[-2:] == ["RuntimeError: not numpy", "# ended without a result; its process ended early"]
    assert log("lost.log")[-1].removeprefix("# ") in done.stderr


def test_what_the_command_left_running_ends_with_it():
    assert run_local("JOB=1:1", "JOB.log", "bash", "-c", STUBBORN + "sleep 0.5").returncode == 0
    assert_silence("beats.1")


@pytest.mark.parametrize(("option", "together"), [(["--max_jobs_run", "2"], 2), (["--num_threads", "1000"], 1)])
def test_no_more_jobs_run_at_once_than_asked_for_or_than_find_cores(option, together):
    count = "touch on.JOB; sleep 1; ls on.* | wc -l; rm on.JOB"
    assert run_local(*option, "JOB=1:4", "JOB.log", "bash", "-c", count).returncode == 0
    assert max(int(log(f"{job}.log")[2]) for job in range(1, 5)) == together


def test_a_gpu_belongs_to_one_job_at_a_time(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7,8,9")
    alone = "gpus=$CUDA_VISIBLE_DEVICES; mkdir $gpus && sleep 0.5 && rmdir $gpus && echo $gpus"
    options = ["--gpu", "2", "--max_jobs_run", "4"]
    assert run_local(*options, "JOB=1:4", "JOB.log", "bash", "-c", alone).returncode == 0
    assert sorted(log(f"{job}.log")[2] for job in range(1, 5)) == ["5,7", "5,7", "8,9", "8,9"]


def test_gpus_that_are_not_there_are_an_error(tmp_path, monkeypatch):
    """A stand-in for nvidia-smi shows two, of which one is split."""
    listing = "GPU 0: A (UUID: GPU-1)\n  MIG 1g.5gb Device 0: (UUID: MIG-1)\nGPU 1: A (UUID: GPU-2)"
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\necho '{listing}'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert run_local("--gpu", "2", "two.log", "true").returncode == 0
    done = run_local("--gpu", "3", "three.log", "true")
    assert done.returncode == 1
    assert "--gpu 3: this machine shows 2; ask for fewer, or name them in CUDA_VISIBLE_DEVICES" in done.stderr


def start_stubborn_jobs() -> subprocess.Popen:
    """Start two jobs in a process group of their own, and wait for them to be at work."""
    command = [*RUN_LOCAL, "--max_jobs_run", "2", "JOB=1:3", "JOB.log", "bash", "-c", STUBBORN + "wait"]
    launcher = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for("beats.1", "beats.2")
    return launcher


def wait_for(*files: str) -> None:
    for _ in range(200):
        if all(Path(file).exists() for file in files):
            return
        time.sleep(0.05)
    raise AssertionError(f"no {files} after 10 s")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_jobs_before_the_launcher_ends(number):
    launcher = start_stubborn_jobs()
    launcher.send_signal(number)
    assert launcher.communicate(timeout=30)[1] == f"run_local.py: stopped by {number.name}\n"
    assert launcher.returncode == 128 + number
    assert_silence("beats.1", "beats.2")
    assert log("1.log")[-1] == "# stopped (its launcher has ended)"
    assert names(".") == ["1.log", "2.log", "beats.1", "beats.2"]


@pytest.mark.parametrize("kill", [os.kill, os.killpg], ids=["the launcher", "its process group"])
def test_jobs_end_when_the_launcher_is_killed(kill):
    launcher = start_stubborn_jobs()
    kill(launcher.pid, signal.SIGKILL)
    time.sleep(2.5)  # a second in which SIGTERM is not heeded, then SIGKILL, and some time for a busy machine
    assert_silence("beats.1", "beats.2")
    launcher.communicate(timeout=30)


def test_what_a_killed_launcher_left_the_next_one_removes():
    launcher = start_stubborn_jobs()
    os.kill(launcher.pid, signal.SIGKILL)
    launcher.communicate(timeout=30)
    left = [name for name in names(".") if name.startswith(".submitit.")]
    assert len(left) == 1
    other = Path(left[0].replace(str(launcher.pid), str(os.getpid())))  # of one that is at work
    other.mkdir()
    assert run_local("next.log", "true").returncode == 0
    assert [name for name in names(".") if name.startswith(".submitit.")] == [other.name]


def test_on_a_terminal_progress_shows_and_ctrl_c_ends_all_jobs(monkeypatch):
    """Ctrl-C goes to the launcher and to the processes between it and the commands, all at once."""
    monkeypatch.setenv("TQDM_NCOLS", "80")  # the terminal of a test has no size
    monkeypatch.setenv("TQDM_NROWS", "24")
    child, terminal = pty.fork()
    if child == 0:
        os.execv(
            sys.executable, [*RUN_LOCAL, "JOB=1:2", "JOB.log", "bash", "-c", "[ JOB = 1 ] || { " + STUBBORN + "wait; }"]
        )
    shown = b""
    while b"1/2" not in shown:
        shown += os.read(terminal, 1000)
    wait_for("beats.2")
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):  # the other end is closed
        while True:
            shown += os.read(terminal, 1000)
    assert b"Traceback" not in shown, shown.decode()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
    assert_silence("beats.2")
    assert log("2.log")[-1] == "# stopped (its launcher has ended)"


def test_what_only_slurm_needs_is_accepted():
    options = [
        "--mem",
        "4G",
        "--time",
        "4:00:00",
        "--partition",
        "cpu",
        "--sbatch",
        "account=a",
        "--sbatch",
        "exclusive",
    ]
    assert run_local(*options, "slurm.log", "true").returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["JOB=3:1", "JOB.log", "true"], "JOB=3:1: expected NAME=first:last, such as JOB=1:8"),
        (["JOB=4", "JOB.log", "true"], "JOB=4: expected NAME=first:last, such as JOB=1:8"),
        (["JOB=1:2"], "expected a log and a command, such as JOB=1:4 exp/count.JOB.log wc -l data/JOB/wav.scp"),
        (["JOB=1:2", "JOB.log"], "expected a log and a command, such as"),
        (["JOB=1:2", "count.log", "true"], "count.log: one log cannot serve 2 jobs; put JOB into its name"),
        (["--mem"], "argument --mem: expected one argument"),
        (["--partition", "JOB=1:2", "JOB.log", "true"], "--partition has no value; JOB=1:2 follows"),
        (["--num_thread", "2", "x.log", "true"], "unknown option --num_thread; did you mean --num_threads?"),
        (["--num_threads", "0", "x.log", "true"], "argument --num_threads: expected 1 or more, found '0'"),
        (["--gpu", "one", "x.log", "true"], "argument --gpu: expected 0 or more, found 'one'"),
        (["--mem", "4", "x.log", "true"], "argument --mem: expected a number and K, M, G or T, found '4'"),
        (
            ["--time", "4:00", "x.log", "true"],
            "argument --time: expected [days-]hours:minutes:seconds, such as 4:00:00",
        ),
        (["--sbatch", "--qos=x", "x.log", "true"], "argument --sbatch: expected one argument"),
        (
            ["--sbatch=--qos=x", "x.log", "true"],
            "argument --sbatch: expected name or name=value, without dashes before",
        ),
    ],
)
def test_a_wrong_call_is_answered_in_a_line(monkeypatch, capsys, words, message):
    monkeypatch.syspath_prepend(ROOT / "utils")
    monkeypatch.setattr(sys, "argv", RUN_LOCAL[1:])
    with pytest.raises(SystemExit) as stop:
        importlib.import_module("run_local").main(words)
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith(f"run_local.py: {message}")
    assert names(".") == []
