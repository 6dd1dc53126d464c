"""The command `geolid` and its commands."""

import subprocess
import sys

import pytest

import geolid
from conftest import ROOT
from geolid.__main__ import COMMANDS
from toy_identifier import make_experiment


def call(*words: object, status: int = 0) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "geolid", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_alone_it_tells_what_there_is():
    text = call().stdout
    assert all(f"geolid {name} " in text for name in COMMANDS)
    assert call("--help").stdout == text
    assert call("--version").stdout == f"geolid {geolid.__version__}\n"


@pytest.mark.parametrize("command", ["identify", "info", "compare"])
def test_every_command_tells_its_options_by_its_own_name(command):
    assert call(command, "--help").stdout.startswith(f"usage: geolid {command} ")


def test_what_is_misspelt_is_told_its_neighbour():
    assert "geolid: there is no command 'identfy'; did you mean identify?" in call("identfy", status=1).stderr
    unknown = call("identify", "--modell", "x", "a.wav", status=2).stderr
    assert unknown.startswith("geolid identify: unknown option --modell; did you mean --model?")
    assert "geolid info: none: there is no such model" in call("info", "none", status=1).stderr


def test_scripts_beside_an_installed_command_hide_no_package(tmp_path):
    (tmp_path / "geolid").write_text("from geolid.__main__ import main\nmain()\n")
    (tmp_path / "lang2vec.py").write_text("raise SystemExit('this is a script')\n")
    command = [sys.executable, tmp_path / "geolid", "languages", "201"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Indo-European > " in done.stdout, done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    exp = make_experiment(tmp_path / "lid_toy")
    script = f'{sys.executable} -m geolid info {exp} | true; test "${{PIPESTATUS[0]}}" -ne 1'
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
