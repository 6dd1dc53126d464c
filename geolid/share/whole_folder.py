"""Folders that are there whole or not at all."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import nn

from geolid.errors import GeoLIDError
from geolid.model.experiment import CONFIG
from geolid.model.package import DEFAULT_MODEL


def refuse_existing(folder: Path) -> None:
    """Stop where a folder is to be made anew and something stands there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GeoLIDError(f"{folder}: is there already; remove it, or name another folder to write")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder; when all went well it takes the place of `folder`, and of what stood there."""
    beside = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(beside, ignore_errors=True)  # left by a run that was killed
    beside.mkdir(parents=True)
    try:
        yield beside
        shutil.rmtree(folder, ignore_errors=True)
        beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_experiment(folder: Path, conf: Mapping[str, Any], model: nn.Module) -> None:
    """Write a model as an experiment's folder, as if it had been trained there."""
    with whole_folder(folder) as fresh:
        text = yaml.safe_dump(dict(conf), sort_keys=False, allow_unicode=True)
        (fresh / CONFIG).write_text(text, encoding="utf-8")
        torch.save(model.state_dict(), fresh / DEFAULT_MODEL)
