"""Weights to begin training with, taken from other models (`--init_param`)."""

import logging

from torch import nn

from geolid.errors import GeoLIDError
from geolid.model.published import load_weights, read_weights


def load_initial_weights(model: nn.Module, source: str, ignore_mismatch: bool = False) -> None:
    """Load '<file>:<from>:<to>:<without>', as ESPnet writes it; all but the file may be left out.

    Parameters below `from` in the file go below `to` in the model, without those that begin with one of `without`.
    With ignore_mismatch those that do not fit are left as they are, and counted.
    """
    file, from_, to, without = (source.split(":") + ["", "", ""])[:4]
    state = read_weights(file)
    excluded = tuple(prefix for prefix in without.split(",") if prefix)
    chosen = {
        _move(name, from_, to): tensor
        for name, tensor in state.items()
        if _below(name, from_) and not (excluded and name.startswith(excluded))
    }
    if not chosen:
        some = ", ".join(list(state)[:3])
        raise GeoLIDError(f"--init_param {source}: no parameter of {file} is meant; it holds {some}, ...")
    wanted = model.state_dict()
    if ignore_mismatch:
        fits = {name for name, tensor in chosen.items() if name in wanted and wanted[name].shape == tensor.shape}
        if not fits:
            raise GeoLIDError(
                f"--init_param {source}: none of its {len(chosen)} parameters fits the model; name weights of such a "
                "model, or <file>:<from>:<to> where they only go by other names"
            )
        logging.getLogger(__name__).warning(
            "%s: %d parameters are taken, %d do not fit and are left out", source, len(fits), len(chosen) - len(fits)
        )
        load_weights(model, {**wanted, **{name: chosen[name] for name in fits}}, file)
        return
    # what the source does not speak of stays; anything else has to be there
    stays = {
        name: tensor
        for name, tensor in wanted.items()
        if not _below(name, to) or (excluded and name.startswith(excluded))
    }
    load_weights(model, {**stays, **chosen}, file)


def _below(name: str, prefix: str) -> bool:
    return not prefix or name == prefix or name.startswith(f"{prefix}.")


def _move(name: str, from_: str, to: str) -> str:
    rest = name[len(from_) :].lstrip(".") if from_ else name
    return ".".join(part for part in (to or from_, rest) if part)
