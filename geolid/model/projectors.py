"""From what pooling gives to an utterance's embedding."""

from espnet2.spk.projector.abs_projector import AbsProjector
from torch import Tensor


class IdentityProjector(AbsProjector):
    """The embedding is what pooling gives."""

    def __init__(self, input_size: int):
        super().__init__()
        self._output_size = input_size

    def output_size(self) -> int:
        return self._output_size

    def forward(self, x: Tensor) -> Tensor:
        return x
