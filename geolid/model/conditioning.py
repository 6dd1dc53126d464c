"""Conditioning: at some layers of the encoder a language's vector is predicted and told to the layers above.

A layer's output is pooled and projected, a head predicts the vector from it, and the prediction, projected back to the
encoder's width, is added to every frame. Pooling, projection and head are each layer's own; the way back may be shared.
"""

from collections.abc import Callable, Sequence

from espnet2.spk.projector.abs_projector import AbsProjector
from torch import Tensor, nn

from geolid.errors import GeoLIDError


class Conditioning(nn.Module):
    """`layers` are numbered from `layer_origin`; the parameters of layer l go by that number.

    `feed_back` false: vectors are predicted, but not told to the layers above.
    `detach_prediction` (cutoff_gradient_before_condproj): the class loss does not reach the head through the way back.
    `detach_projection` (cutoff_gradient_from_backbone): the way back stays as it was initialised.
    """

    def __init__(
        self,
        layers: Sequence[int],
        encoder_layers: int,
        width: int,
        vector_dim: int,
        build_pooling: Callable[[int], nn.Module],
        build_projector: Callable[[int], AbsProjector],
        shared_projection: bool = False,
        feed_back: bool = True,
        detach_prediction: bool = False,
        detach_projection: bool = True,
        layer_origin: int = 0,
    ):
        super().__init__()
        self.layers = sorted(layers)
        self._check(encoder_layers, layer_origin)
        self.layer_origin = layer_origin
        self.feed_back = feed_back
        self.detach_prediction = detach_prediction
        self.detach_projection = detach_projection
        self.pooling = nn.ModuleDict()
        self.projector = nn.ModuleDict()
        self.head = nn.ModuleDict()
        for layer in map(str, self.layers):
            self.pooling[layer] = build_pooling(width)
            self.projector[layer] = build_projector(self.pooling[layer].output_size())
            self.head[layer] = nn.Linear(self.projector[layer].output_size(), vector_dim)
        names = ["shared"] if shared_projection else list(map(str, self.layers))
        self.way_back = nn.ModuleDict({name: nn.Linear(vector_dim, width) for name in names} if feed_back else {})

    def _check(self, encoder_layers: int, layer_origin: int) -> None:
        if layer_origin not in (0, 1):
            raise GeoLIDError(f"model_conf: conditioning_layer_origin is 0 or 1, not {layer_origin}")
        first, last = layer_origin, encoder_layers - 1 + layer_origin
        wrong = [layer for layer in self.layers if not first <= layer <= last]
        if wrong or len(set(self.layers)) < len(self.layers):
            raise GeoLIDError(
                f"model_conf: lang2vec_conditioning_layers {self.layers}; the encoder has {encoder_layers} layers, "
                f"numbered {first} to {last}, each of which can be named once"
            )

    def forward(self, layer: int, hidden: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor | None]:
        """Look at the output (batch, frames, width) of a layer, counted from 0.

        Returns what goes on to the next layer, and the predicted vectors (batch, dims), or None if this layer has none.
        """
        layer += self.layer_origin
        if layer not in self.layers:
            return hidden, None
        name = str(layer)
        predicted = self.head[name](self.projector[name](self.pooling[name](hidden.transpose(1, 2), lengths)))
        if not self.feed_back:
            return hidden, predicted
        told = predicted.detach() if self.detach_prediction else predicted
        told = self.way_back["shared" if "shared" in self.way_back else name](told)
        if self.detach_projection:
            told = told.detach()
        return hidden + told.unsqueeze(1).to(hidden.dtype), predicted
