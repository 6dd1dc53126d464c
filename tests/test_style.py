"""The linters that the project keeps to."""

import re
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


# What a part of the library may import of the others.
ARROWS = {
    "data": set(),
    "geo": {"data"},
    "model": {"data", "geo"},
    "train": {"data", "geo", "model"},
    "identify": {"data", "geo", "model"},
    "share": {"data", "geo", "model"},
    "report": {"data", "geo"},
}


def test_parts_of_the_library_import_along_the_arrows_only():
    astray = []
    for part, others in ARROWS.items():
        for file in (ROOT / "geolid" / part).rglob("*.py"):
            imported = re.findall(r"^\s*(?:from|import) geolid\.(\w+)\.", file.read_text(), re.MULTILINE)
            astray += [f"{file}: {other}" for other in imported if other not in others | {part}]
    assert not astray


def test_the_data_part_starts_without_torch_and_at_once():
    """Imports of geolid.data and of the commands over it."""
    modules = [name[:-3].replace("/", ".") for name in tracked("geolid/data/*.py", "geolid/bin/*.py")]
    script = f"import importlib, sys; [importlib.import_module(m) for m in {modules}]; sys.exit('torch' in sys.modules)"
    subprocess.run(["python", "-c", script], cwd=ROOT, check=True)
