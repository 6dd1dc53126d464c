"""A class loss with layers of its own between the embedding and the classes."""

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from geolid.errors import GeoLIDError
from geolid.model.batch_norm import MaskedBatchNorm1d
from geolid.model.losses import LinearSoftmax


class DeepSoftmax(nn.Module):
    """Softmax over a small network's outputs: hidden layers, with an activation and a batch norm before each layer.

    It is what SpeechBrain puts behind x-vectors, and behind the embeddings of other models.
    """

    def __init__(self, nout: int, nclasses: int, hidden_layers: int = 1, hidden_size: int = 512):
        super().__init__()
        for key, found, least in (("hidden_layers", hidden_layers, 0), ("hidden_size", hidden_size, 1)):
            if found < least:
                raise GeoLIDError(f"loss_conf: {key}: found {found}, expected {least} or more")
        widths = [nout] + hidden_layers * [hidden_size]
        self.norms = nn.ModuleList(MaskedBatchNorm1d(width) for width in widths)
        self.hidden = nn.ModuleList(nn.Linear(*pair) for pair in zip(widths[:-1], widths[1:], strict=True))
        self.out = LinearSoftmax(widths[-1], nclasses)

    def logits(self, embedding: Tensor) -> Tensor:
        """Return (batch, languages)."""
        x = self.norms[0](F.leaky_relu(embedding))
        for layer, norm in zip(self.hidden, self.norms[1:], strict=True):
            x = norm(F.leaky_relu(layer(x)))
        return self.out.logits(x)

    def forward(self, embedding: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.logits(embedding), labels)
