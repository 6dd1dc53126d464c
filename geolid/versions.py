"""What software this is: versions of the packages that results follow from, and the project's own revision."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from geolid import __version__

_PACKAGES = ("espnet", "numpy", "s3prl", "torch", "torchaudio", "transformers")
_PROJECT = Path(__file__).resolve().parents[1]


def versions() -> dict[str, str | None]:
    """Return versions by package, and the git revision; None for what is not installed or not in git."""
    return {"geolid": __version__, "git_revision": _git_revision(), **{name: _version(name) for name in _PACKAGES}}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git_revision() -> str | None:
    """Return the project's revision, with -dirty behind it where files have changed since."""
    if not (_PROJECT / ".git").exists():
        return None
    describe = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(describe, cwd=_PROJECT, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() or None
