"""From what pooling gives to an utterance's embedding."""

from espnet2.spk.projector.abs_projector import AbsProjector
from torch import Tensor, nn


class IdentityProjector(AbsProjector):
    """The embedding is what pooling gives."""

    def __init__(self, input_size: int):
        super().__init__()
        self._output_size = input_size

    def output_size(self) -> int:
        return self._output_size

    def forward(self, x: Tensor) -> Tensor:
        return x


class LinearProjector(nn.Linear):
    """A linear layer, and no norm before it."""

    def __init__(self, input_size: int, output_size: int = 192):
        super().__init__(input_size, output_size)

    def output_size(self) -> int:
        return self.out_features
