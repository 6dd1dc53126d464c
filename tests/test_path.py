"""path.sh: the environment is found, or its absence is told in a sentence."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from conftest import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that an environment is made from, and none made yet."""
    for name in ("path.sh", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "utils").symlink_to(ROOT / "utils")
    return tmp_path


def source(folder: Path, script: str = "command -v python", **variables: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if name != "GEOLID_VENV"}
    environment |= {"PATH": "/usr/local/bin:/usr/bin:/bin", **variables}
    command = ["/bin/bash", "-c", f"set -e; . ./path.sh; {script}"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def stand_in(folder: Path, name: str, script: str) -> None:
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/bash\n{script}\n")
    (folder / "bin" / name).chmod(0o755)


def test_an_environment_that_stands_is_used(checkout):
    stand_in(checkout, "python", "true")
    assert source(checkout, GEOLID_VENV=str(checkout)).stdout == f"{checkout}/bin/python\n"


def test_a_named_environment_that_does_not_stand_is_told(checkout):
    done = source(checkout, GEOLID_VENV="/nowhere")
    assert done.returncode == 1
    assert done.stderr == (
        "path.sh: GEOLID_VENV=/nowhere has no bin/python; name an environment that stands, or unset it\n"
    )


def built(checkout: Path) -> None:
    """What a finished build leaves behind."""
    (checkout / ".venv/bin").mkdir(parents=True, exist_ok=True)
    texts = [(checkout / name).read_text() for name in ("pyproject.toml", "constraints.txt")]
    (checkout / ".venv/built_from").write_text("".join(texts))


def test_a_built_environment_costs_less_than_a_tenth_of_a_second(checkout):
    built(checkout)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        assert source(checkout, "true").returncode == 0
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.1


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_it_is_built_again_when_what_it_is_made_from_has_changed(checkout, changed):
    built(checkout)
    with (checkout / changed).open("a") as file:
        file.write("# a change\n")
    stand_in(checkout, "wanted", 'echo 3.11; [ "$1" != -m ] || { mkdir -p .venv/bin; cp bin/pip .venv/bin; }')
    stand_in(checkout, "pip", 'echo "$@" >&2')
    done = source(checkout, "true", GEOLID_PYTHON=str(checkout / "bin/wanted"), **headers(checkout))
    assert "building .venv with Python 3.11" in done.stderr, done.stderr
    assert "built .venv in" in done.stderr
    assert "# a change" in (checkout / ".venv/built_from").read_text()
    assert "install --constraint constraints.txt --editable .[dev]" in (checkout / ".venv/pip.log").read_text()


def headers(checkout: Path) -> dict[str, str]:
    """The stand-in interpreter answers every question with 3.11, also where its headers are: give it some there."""
    (checkout / "3.11").mkdir(exist_ok=True)
    (checkout / "3.11/Python.h").touch()
    return {}


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ("echo 3.9", "is Python 3.9, and 3.10 to 3.12 are needed; set GEOLID_PYTHON to one"),
        ("echo 3.13", "is Python 3.13, and 3.10 to 3.12 are needed; set GEOLID_PYTHON to one"),
        ("[[ $2 != *venv* ]] || exit 1; echo 3.11", "has no venv module; install it (on Debian"),
        ("echo 3.12", "has no headers, which a package of espnet (pyworld) needs; install them (on Debian"),
    ],
)
def test_what_is_missing_is_told_in_a_sentence_with_the_remedy(checkout, python, sentence):
    stand_in(checkout, "odd", python)
    done = source(checkout, GEOLID_PYTHON=str(checkout / "bin/odd"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and sentence in done.stderr
    assert not (checkout / ".venv").exists()


def test_no_interpreter_is_told(checkout):
    done = source(checkout, GEOLID_PYTHON="python9")
    assert "there is no python9; install Python 3.10, 3.11 or 3.12, or set GEOLID_PYTHON to one" in done.stderr


def test_no_compiler_is_told(checkout, tmp_path):
    """On a PATH with only what the script itself calls."""
    stand_in(checkout, "python3", "echo 3.11")
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "env", "cat", "cmp"):
        (tools / tool).symlink_to(shutil.which(tool))
    done = source(checkout, PATH=f"{checkout}/bin:{tools}", CXX="")
    assert "there is no C++ compiler, which a package of espnet (pyworld) needs; install one" in done.stderr
