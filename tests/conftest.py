"""Toy corpora that fit the screen, and a copy of the recipe to run stages in."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from geolid.data.data_dir import write_data_dir
from geolid.data.tables import read_table

ROOT = Path(__file__).resolve().parents[1]
RATE = 16000


def tone(seconds: float, rate: int = RATE, channels: int = 1, pitch: float = 440.0) -> np.ndarray:
    """A sine of a given length, (samples, channels), a little louder in the first channel."""
    wave = 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)
    return np.stack([wave / (1 + channel) for channel in range(channels)], axis=1).astype(np.float32)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A folder in which the recipe's scripts run, with its own data, dump and exp."""
    return lay_out_recipe(tmp_path / "recipe")


def lay_out_recipe(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / "run.sh", folder)  # it goes to its own folder
    for part in ("path.sh", "cmd.sh", "db.sh", "pyproject.toml", "constraints.txt"):
        (folder / part).symlink_to(ROOT / part)
    for part in ("steps", "utils", "local", "conf", "geolid"):
        (folder / part).symlink_to(ROOT / part)
    shutil.copytree(ROOT / "egs", folder / "egs")  # its scripts call the run.sh two folders above
    return folder


def environment() -> dict[str, str]:
    """The tests' own environment, named so that a copy of the recipe does not build one."""
    return {**os.environ, "GEOLID_VENV": os.environ.get("GEOLID_VENV") or str(ROOT / ".venv")}


def run(*command: object, cwd: Path, ok: bool = True, **options) -> subprocess.CompletedProcess:
    """Run a script of the recipe in a folder; its words stand in .stdout and .stderr."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, **options)
    assert (done.returncode == 0) == ok, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    return done


def make_data_dir(folder: Path, audio: dict[str, tuple[str, str]], **tables: dict[str, str]) -> Path:
    """Write a data directory from {utterance: (language, source)}."""
    write_data_dir(
        folder,
        {
            "wav.scp": {utt: source for utt, (_, source) in audio.items()},
            "utt2lang": {utt: language for utt, (language, _) in audio.items()},
            **tables,
        },
    )
    return folder


def table(recipe: Path, set_name: str, name: str) -> dict[str, str]:
    """Read a table of data/<set>."""
    return read_table(recipe / "data" / set_name / name)


def say_in_db(recipe: Path, **corpora: Path) -> None:
    """Say in a recipe's db.sh where corpora are."""
    lines = [(ROOT / "db.sh").read_text(), *(f"{name}={folder}\n" for name, folder in corpora.items())]
    (recipe / "db.sh").unlink(missing_ok=True)
    (recipe / "db.sh").write_text("".join(lines))


@pytest.fixture
def toy(recipe: Path) -> Path:
    """data/toy: three utterances, of 1, 0.5 and 0.25 s, already as stage 3 wants them."""
    audio = {}
    for utt, language, seconds in (("deu_1", "deu", 1.0), ("fra_1", "fra", 0.5), ("fra_2", "fra", 0.25)):
        soundfile.write(recipe / f"{utt}.wav", tone(seconds), RATE, subtype="PCM_16")
        audio[utt] = (language, f"{utt}.wav")
    return make_data_dir(recipe / "data" / "toy", audio)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A stand-in of the Hugging Face Hub, which is taken for it here and in processes started from here."""
    from hub_stand_in import hub_stand_in, reach  # with huggingface_hub, which few tests need

    with hub_stand_in() as hub:
        reach(hub.url, tmp_path / "home", monkeypatch)
        yield hub
