"""Checkpoints: our own, and those that were published, whose parameters go by other names.

The published system hung its parts into transformers' encoder, so that some tensors stand there under two names. Older
files also name the two parts of a normalised weight otherwise than newer torch does.
"""

import re
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from geolid.errors import GeoLIDError
from geolid.model.package import is_safetensors

_SSL = "frontend.upstream.upstream.model."
_COPY = "upstream_encoder."  # of what stands below the SSL model's `encoder.`
_RENAMED = (
    (r"^frontend\.featurizer\.weights$", "frontend.layer_weights"),
    (r"^loss\.lang2vec_head\.0\.", "vector_head."),
    (rf"^{re.escape(_SSL)}encoder\.(pooling|projector)\.(\d+)\.", r"conditioning.\1.\2."),
    (rf"^{re.escape(_SSL)}encoder\.lang2vec_head\.(\d+)\.0\.", r"conditioning.head.\1."),
    (rf"^{re.escape(_SSL)}encoder\.lang2vec_conditioning_projs\.(\d+)\.0\.", r"conditioning.way_back.\1."),
    (rf"^{re.escape(_SSL)}encoder\.lang2vec_conditioning_projs\.", "conditioning.way_back.shared."),
    (rf"^{re.escape(_SSL)}", "frontend.encoder.model."),
)
_WEIGHT_NORM = (
    (r"\.weight_g$", ".parametrizations.weight.original0"),
    (r"\.weight_v$", ".parametrizations.weight.original1"),
)


def our_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a state dict under our names, whether it came under ours or under the published ones.

    Of a tensor that stands there twice one is taken; that both are the same is checked.
    """
    renamed: dict[str, Tensor] = {}
    for published, tensor in state.items():
        if published.startswith((f"{_COPY}aamsoftmax_loss.", f"{_SSL}encoder.aamsoftmax_loss.")):
            name = "loss." + published.partition("aamsoftmax_loss.")[2]
        elif published.startswith(_COPY):
            name = f"{_SSL}encoder." + published.removeprefix(_COPY)
        else:
            name = published
        for pattern, ours in (*_RENAMED, *_WEIGHT_NORM):
            name = re.sub(pattern, ours, name)
        if name in renamed and renamed[name] is not tensor and not torch.equal(renamed[name], tensor):
            raise GeoLIDError(
                f"the checkpoint holds {name} twice, and not the same ({published} is one of the names); it is damaged"
            )
        renamed[name] = tensor
    return renamed


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a .pth or .safetensors file under our names; nothing but tensors is let in."""
    path = Path(path)
    try:
        state = load_file(path) if is_safetensors(path) else torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise GeoLIDError(f"{path}: there is no such model file; train one (stage 5), or name another") from None
    except Exception as error:  # torch raises many kinds for a file that is not one of its own
        raise GeoLIDError(
            f"{path}: cannot be read as weights ({type(error).__name__}); it is damaged, no PyTorch file, or holds "
            "more than tensors, which is not let in"
        ) from None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise GeoLIDError(
            f"{path}: expected a dictionary of tensors; a checkpoint.pth is for resuming, name a model file"
        )
    return our_names(state)


def load_weights(
    model: nn.Module,
    state: dict[str, Tensor],
    source: str,
    advice: str = "Give the config.yaml that it was trained with, and the same languages",
) -> None:
    """Load all of a state dict into all of a model; whatever does not fit is told by name."""
    wanted = model.state_dict()
    missing = sorted(wanted.keys() - state.keys())
    surplus = sorted(state.keys() - wanted.keys())
    odd = [
        f"{name} {tuple(state[name].shape)} in place of {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in state and state[name].shape != tensor.shape
    ]
    faults = [
        f"{len(names)} {what}: {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}"
        for what, names in (("missing", missing), ("that the model does not have", surplus), ("of another size", odd))
        if names
    ]
    if faults:
        raise GeoLIDError(f"{source} does not fit the model: parameters {'; '.join(faults)}. {advice}")
    model.load_state_dict(state)
