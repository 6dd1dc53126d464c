"""Blocks of convolution and max-pooling over a picture, and a dense layer: a network of 2017 for log-mel pictures."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from geolid.errors import GeoLIDError
from geolid.model.batch_norm import MaskedBatchNorm1d


class PictureCNN(nn.Module):
    """Pictures to one vector each: it stands where encoders over frames do, and gives a single frame.

    Pictures are (columns, input_size), and every block halves both sides. `channels` are those of the blocks, `dense`
    is the size of the vector. Pooling stands ahead of ELU, which gives the same and spares three of four ELUs. With
    `batch_norm` a block has one in between; it learns faster, and what the published network has is ELU alone.
    """

    knows_padding = True  # pictures have none

    def __init__(
        self,
        input_size: int,
        columns: int,
        channels: Sequence[int] = (16, 32, 64, 128, 256),
        dense: int = 512,
        dropout: float = 0.5,
        batch_norm: bool = False,
    ):
        super().__init__()
        channels = list(channels) if isinstance(channels, (list, tuple)) else []
        if not channels or not all(type(count) is int and count > 0 for count in channels):
            raise GeoLIDError("encoder_conf: channels: expected a list with the channels of each block, as [16, 32]")
        sides = [side >> len(channels) for side in (columns, input_size)]
        if min(sides) < 1:
            raise GeoLIDError(
                f"encoder_conf: channels: {len(channels)} blocks halve a picture of {columns} x {input_size} to "
                "nothing; take fewer"
            )
        self.blocks = nn.Sequential(
            *(_Block(*pair, batch_norm) for pair in zip([1, *channels], channels, strict=False))  # the last is no input
        )
        self.dense = nn.Linear(channels[-1] * sides[0] * sides[1], dense)
        self.elu = nn.ELU()
        self.dropout = nn.Dropout(dropout)

    def output_size(self) -> int:
        return self.dense.out_features

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Turn pictures (batch, columns, bands) to (batch, dense, 1)."""
        blocks = self.blocks(x[:, None].contiguous(memory_format=torch.channels_last))
        return self.dropout(self.elu(self.dense(blocks.flatten(1))))[..., None]


class OnlyFrame(nn.Module):
    """What pooling is to an encoder that gives a single frame."""

    def __init__(self, input_size: int):
        super().__init__()
        self._output_size = input_size

    def output_size(self) -> int:
        return self._output_size

    def forward(self, x: Tensor, feat_lengths: Tensor | None = None) -> Tensor:
        """Turn (batch, dim, 1) to (batch, dim)."""
        if x.shape[2] != 1:
            raise GeoLIDError(
                f"pooling: identity: found {x.shape[2]} frames an utterance, expected 1, as of encoder: picture_cnn; "
                "choose a pooling over frames, such as mean"
            )
        return x[..., 0]


class _Block(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, batch_norm: bool):
        norms = [_PictureNorm(outputs)] if batch_norm else []
        super().__init__(nn.Conv2d(inputs, outputs, 3, padding=1), nn.MaxPool2d(2), *norms, nn.ELU())


class _PictureNorm(MaskedBatchNorm1d):
    """Batch normalisation of (batch, channels, columns, bands), by the statistics of all processes' pictures."""

    def _check_input_dim(self, input: Tensor) -> None:
        assert input.dim() == 4, "torch's own check is for frames"
