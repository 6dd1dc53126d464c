"""Class losses: from an utterance's embedding to scores of languages, and to how wrong they are.

Each has `logits(embedding)`, whose softmax is the model's answer, and `forward(embedding, labels)`, the mean loss.
"""

import logging
import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from geolid.errors import GeoLIDError

_LARGEST_COSINE = 1 - 1e-7  # the gradient of the sine has no end at 1


class LinearSoftmax(nn.Linear):
    """Softmax over a linear layer's outputs: what is elsewhere called cross-entropy, or negative log likelihood."""

    def __init__(self, nout: int, nclasses: int):
        _refuse_single(nclasses)
        super().__init__(nout, nclasses)

    def logits(self, embedding: Tensor) -> Tensor:
        return super().forward(embedding)

    def forward(self, embedding: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.logits(embedding), labels)


class CosineSoftmax(nn.Module):
    """Softmax over the cosines between an embedding and a direction for each language; ESPnet's `softmax`."""

    def __init__(self, nout: int, nclasses: int, scale: float = 1.0, sub_centers: int = 1):
        super().__init__()
        _refuse_single(nclasses)
        _expect(scale > 0, "scale", scale, "a number above 0")
        _expect(sub_centers >= 1, "K", sub_centers, "1 or more directions a language")
        self.languages = nclasses
        self.scale = scale
        self.sub_centers = sub_centers
        # the sub-centers of a language lie next to each other
        self.weight = nn.Parameter(torch.empty(sub_centers * nclasses, nout))
        nn.init.xavier_uniform_(self.weight)

    def cosines(self, embedding: Tensor) -> Tensor:
        """Return (batch, languages): the cosine to the nearest sub-center of each."""
        with torch.autocast(embedding.device.type, enabled=False):
            cosines = F.linear(F.normalize(embedding.float()), F.normalize(self.weight.float()))
            return cosines.view(len(embedding), self.languages, self.sub_centers).amax(dim=2)

    def logits(self, embedding: Tensor) -> Tensor:
        return self.scale * self.cosines(embedding)

    def forward(self, embedding: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.logits(embedding), labels)


class AAMSoftmax(CosineSoftmax):
    """Additive angular margin: the right language has to win by an angle of `margin`."""

    def __init__(
        self,
        nout: int,
        nclasses: int,
        margin: float = 0.3,
        scale: float = 15.0,
        easy_margin: bool = False,
        sub_centers: int = 1,
    ):
        super().__init__(nout, nclasses, scale, sub_centers)
        _expect(0 <= margin < math.pi / 2, "margin", margin, "an angle from 0 to below pi/2")
        self.margin = margin
        self.easy_margin = easy_margin
        # beyond the angle where adding the margin would pass pi, the cosine goes on falling from here
        self.fall = margin * math.sin(math.pi - margin)

    def forward(self, embedding: Tensor, labels: Tensor) -> Tensor:
        cosines = self.cosines(embedding)
        right = F.one_hot(labels, self.languages).bool()
        return F.cross_entropy(
            self.scale * torch.where(right, self._harder(cosines), self._others(cosines, right)), labels
        )

    def _harder(self, cosines: Tensor) -> Tensor:
        """Return the cosines of angles that are wider by the margin."""
        wider = cosines * math.cos(self.margin) - _sines(cosines) * math.sin(self.margin)
        if self.easy_margin:
            return torch.where(cosines > 0, wider, cosines)
        return torch.where(cosines > math.cos(math.pi - self.margin), wider, cosines - self.fall)

    def _others(self, cosines: Tensor, right: Tensor) -> Tensor:
        """Return what counts as the cosines of the wrong languages."""
        return cosines


class SubCenterAAMSoftmax(AAMSoftmax):
    """AAM-softmax with K directions a language, and the k_top nearest wrong languages nearer by an angle of `mp`.

    `loss_mixing: released` trains as the released code does, where the angle stays 0; `do_lm` (large margin
    fine-tuning) has no such penalty either.
    """

    def __init__(
        self,
        nout: int,
        nclasses: int,
        scale: float = 32.0,
        margin: float = 0.2,
        easy_margin: bool = False,
        K: int = 3,  # noqa: N803  ESPnet's name
        mp: float = 0.06,
        k_top: int = 5,
        do_lm: bool = False,
        loss_mixing: str = "formula",
    ):
        super().__init__(nout, nclasses, margin, scale, easy_margin, sub_centers=K)
        _expect(0 <= mp < math.pi / 2, "mp", mp, "an angle from 0 to below pi/2")
        _expect(k_top >= 0, "k_top", k_top, "0 or more languages")
        self.fall = 1 - math.cos(margin)
        self.penalty = 0.0 if do_lm or loss_mixing == "released" else mp
        self.hardest = min(k_top, nclasses - 1)
        if self.hardest < k_top and self.penalty:
            logging.getLogger(__name__).warning(
                "loss_conf: k_top %d is more than the %d other languages; %d is used", k_top, nclasses - 1, self.hardest
            )

    def _others(self, cosines: Tensor, right: Tensor) -> Tensor:
        if not self.penalty or not self.hardest:
            return cosines
        nearest = cosines.detach().masked_fill(right, -2.0).topk(self.hardest, dim=1).indices
        hard = torch.zeros_like(right).scatter(1, nearest, True)
        nearer = cosines * math.cos(self.penalty) + _sines(cosines) * math.sin(self.penalty)
        return torch.where(hard, nearer, cosines)


def _refuse_single(classes: int) -> None:
    if classes < 2:
        raise GeoLIDError(f"a model has to tell apart at least 2 languages; the training set has {classes}")


def _expect(good: bool, key: str, found: object, expected: str) -> None:
    if not good:
        raise GeoLIDError(f"loss_conf: {key}: found {found}, expected {expected}")


def _sines(cosines: Tensor) -> Tensor:
    return (1 - cosines.clamp(-_LARGEST_COSINE, _LARGEST_COSINE).square()).sqrt()
