"""The files of a training, under the names that ESPnet gives them.

An epoch is done from the moment `checkpoint.pth` holds it; its model, `<n>epoch.pth`, stands before that. Links,
averages and the removal of surplus models follow from the record in the checkpoint and can be made again at any time,
so a training may be killed at any moment.
"""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from espnet2.train.trainer import TrainerOptions
from torch import Tensor, nn

from geolid.errors import GeoLIDError
from geolid.train.epochs import Record, best_epochs, plain

LOG = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pth"


def model_file(folder: Path, epoch: int) -> Path:
    return folder / f"{epoch}epoch.pth"


def save_epoch(folder: Path, epoch: int, model: nn.Module, state: dict[str, Any]) -> None:
    weights = model.state_dict()
    _save_whole(model_file(folder, epoch), weights)
    _save_whole(folder / CHECKPOINT, {"model": weights, **plain(state)})


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Return a checkpoint's state, on the CPU: on the accelerator it would stand there twice."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds: not a zip, cut short, or with objects that would run code
        reason = str(error).partition("\n")[0]
        raise GeoLIDError(
            f"{path}: cannot be read as a checkpoint of GeoLID ({reason}); remove it, and the training starts again "
            f"from its first epoch, or train into another folder"
        ) from None


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed run was still writing."""
    for path in folder.glob(".*.pth.tmp"):
        path.unlink()


def settle(folder: Path, record: Record, options: TrainerOptions) -> None:
    """Bring links and models into line with the record: the n best of each criterion and the last one stay."""
    last = max(record)
    _link(folder / "latest.pth", model_file(folder, last))
    ranked = [(phase, key, best_epochs(record, phase, key, mode)) for phase, key, mode in options.best_model_criterion]
    for phase, key, epochs in ranked:
        if epochs:
            _link(folder / f"{phase}.{key}.best.pth", model_file(folder, epochs[0]))
        else:
            LOG.warning(f"best_model_criterion: no epoch has a {phase} {key}, so none is the best by it")
    if options.nbest_averaging_interval > 0 and last % options.nbest_averaging_interval == 0:
        average_best(folder, record, options, f"till{last}epoch.")
    wanted = {last}.union(*(epochs[: max(_counts(options))] for _, _, epochs in ranked))
    for epoch in set(range(1, last)) - wanted:
        model_file(folder, epoch).unlink(missing_ok=True)


def remove_averages(folder: Path) -> None:
    """Remove the averages of a training that goes on: they are those of the epochs so far."""
    for pattern in ("*.ave_*best.pth", "*.ave.pth"):
        for path in folder.glob(pattern):
            path.unlink()


def average_best(folder: Path, record: Record, options: TrainerOptions, suffix: str = "") -> None:
    """Write the means of the n best models of each criterion that do not stand yet, and a link to the largest."""
    for phase, key, mode in options.best_model_criterion:
        # a larger keep_nbest_models than in an earlier run asks for models that are gone
        epochs = [e for e in best_epochs(record, phase, key, mode) if model_file(folder, e).exists()]
        if not epochs:
            continue
        possible = [count for count in _counts(options) if count <= len(epochs)] or [1]
        for count in possible:
            path = folder / f"{phase}.{key}.ave_{count}best.{suffix}pth"
            if count == 1:
                _link(path, model_file(folder, epochs[0]))
            elif not path.exists():
                LOG.info(f"{path}: the mean of epochs {', '.join(map(str, epochs[:count]))}")
                _save_whole(path, _mean([model_file(folder, epoch) for epoch in epochs[:count]]))
        _link(folder / f"{phase}.{key}.ave.{suffix}pth", folder / f"{phase}.{key}.ave_{max(possible)}best.{suffix}pth")


def _counts(options: TrainerOptions) -> list[int]:
    """Return the numbers of models to keep and average: one number or several, of which 0 is none."""
    given = options.keep_nbest_models
    return [count for count in ([given] if isinstance(given, int) else given) if count > 0] or [1]


def _mean(files: Sequence[Path]) -> dict[str, Tensor]:
    """Return the mean of several models; what counts or indexes, being whole numbers, is the first one's."""
    mean = torch.load(files[0], map_location="cpu", weights_only=True)
    for file in files[1:]:
        other = torch.load(file, map_location="cpu", weights_only=True)
        for name, value in mean.items():
            if value.is_floating_point():
                mean[name] = value + other[name]
    return {name: value / len(files) if value.is_floating_point() else value for name, value in mean.items()}


def _save_whole(path: Path, content: Any) -> None:
    beside = path.with_name(f".{path.name}.tmp")
    try:
        with beside.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())  # it may be the machine that dies, not only the process
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _link(path: Path, target: Path) -> None:
    beside = path.with_name(f".{path.name}.tmp")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target.name)
    beside.replace(path)
