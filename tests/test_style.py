"""The linters that the project keeps to."""

import subprocess

import pytest

from conftest import ROOT


def tracked(*patterns: str) -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return listing.stdout.split()


@pytest.mark.parametrize(
    "command", [["ruff", "check", "--no-cache"], ["ruff", "format", "--no-cache", "--diff"]], ids=" ".join
)
def test_ruff(command):
    done = subprocess.run([*command, "."], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_shellcheck():
    scripts = tracked("*.sh", ".ci/run")
    assert "run.sh" in scripts
    done = subprocess.run(["shellcheck", "-x", *scripts], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_data_part_starts_without_torch_and_at_once():
    """Imports of geolid.data and of the commands over it."""
    modules = [name[:-3].replace("/", ".") for name in tracked("geolid/data/*.py", "geolid/bin/*.py")]
    script = f"import importlib, sys; [importlib.import_module(m) for m in {modules}]; sys.exit('torch' in sys.modules)"
    subprocess.run(["python", "-c", script], cwd=ROOT, check=True)
