"""What it costs to be wrong about a language's vector (where it is spoken, or its typology), and how losses add up."""

from dataclasses import dataclass

import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from geolid.errors import GeoLIDError
from geolid.geo.vectors import DIMS

LOSS_MIXINGS = ("formula", "released")


def vector_loss(kind: str, predicted: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean over a batch, both (batch, dims); a row of NaN, for a language without a vector, costs nothing.

    Distances are numbers, whose error is squared; typology is yes or no, and what is predicted are its logits.
    """
    measure = F.mse_loss if kind == "geo" else F.binary_cross_entropy_with_logits
    known = ~wanted.isnan().any(dim=1)
    costs = measure(predicted.float(), wanted.nan_to_num(0.0), reduction="none").mean(dim=1)
    return (costs * known).mean()


def vector_dim(kind: str, stated: int | None = None) -> int:
    """Return the size of a kind of vector; a config may state it, but not otherwise than it is."""
    if kind not in DIMS:
        raise GeoLIDError(f"loss_conf: lang2vec_type is one of {', '.join(DIMS)}, not '{kind}'")
    if stated not in (None, DIMS[kind]):
        raise GeoLIDError(
            f"loss_conf: lang2vec_dim {stated}, but a vector of type {kind} has {DIMS[kind]} numbers; leave the key out"
        )
    return DIMS[kind]


@dataclass(frozen=True)
class LossMixing:
    """The share of the vector loss (`weight`) and, within it, of the encoder's layers (`layers_weight`).

    formula:  (1 - w) class + w [(1 - b) main + b layers]
    released: the class loss was scaled in place, so that it took in the main vector loss before all was added up;
              with w = 0.2 and b = 0.4 this is 0.64 class + 0.28 main + 0.08 layers in place of 0.80, 0.12 and 0.08.
    """

    weight: float = 0.2
    layers_weight: float = 0.0
    mode: str = "formula"

    def __post_init__(self):
        for key, value in (("lang2vec_weight", self.weight), ("inter_lang2vec_loss_weight", self.layers_weight)):
            if not 0 <= value <= 1:
                raise GeoLIDError(f"{key} is a share of the loss, from 0 to 1, not {value}")
        if self.mode not in LOSS_MIXINGS:
            raise GeoLIDError(f"loss_conf: loss_mixing is {' or '.join(LOSS_MIXINGS)}, not '{self.mode}'")

    def mix(self, class_loss: Tensor, main: Tensor, layers: Tensor | None = None) -> Tensor:
        w, b = self.weight, self.layers_weight
        vectors = main if layers is None else (1 - b) * main + b * layers
        if self.mode == "released":
            class_loss = (1 - w) * class_loss + w * main
        return (1 - w) * class_loss + w * vectors
