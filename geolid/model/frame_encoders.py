"""Encoders between front end and pooling, in which padding has no part.

ESPnet's ECAPA-TDNN convolves and averages over padding as if it were speech, so what it makes of an utterance depends
on the others in the batch. The modules, and with them the names of the parameters, are ESPnet's; the way through them
is ours. Without padding both give the same.
"""

import torch
from espnet2.spk.encoder.ecapa_tdnn_encoder import EcapaTdnnEncoder
from espnet2.spk.encoder.identity_encoder import IdentityEncoder
from espnet2.spk.layers.ecapa_block import EcapaBlock, SEModule
from torch import Tensor, nn

from geolid.model.batch_norm import convert_batch_norms
from geolid.model.padding import frame_mask, silence_padding


class MaskedIdentityEncoder(IdentityEncoder):
    """Frames as they are."""

    knows_padding = True

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Turn (batch, frames, dim) to (batch, dim, frames)."""
        return x.transpose(1, 2)


class LinearEncoder(nn.Linear):
    """A linear layer over each frame by itself."""

    knows_padding = True

    def __init__(self, input_size: int, output_size: int = 256):
        super().__init__(input_size, output_size)

    def output_size(self) -> int:
        return self.out_features

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Turn (batch, frames, input_size) to (batch, output_size, frames)."""
        return super().forward(x).transpose(1, 2)


class MaskedEcapaTdnnEncoder(EcapaTdnnEncoder):
    knows_padding = True

    def __init__(self, input_size: int, model_scale: int = 8, ndim: int = 1024, output_size: int = 1536):
        super().__init__(input_size, model_scale=model_scale, ndim=ndim, output_size=output_size)
        convert_batch_norms(self)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Encode (batch, frames, input_size) to (batch, output_size, frames); what stands in padding means nothing."""
        mask = frame_mask(lengths, x.shape[1])
        x = silence_padding(x.transpose(1, 2), mask)
        x = self.bn(self.relu(self.conv(x)), mask)
        x1 = _block(self.layer1, x, mask)
        x2 = _block(self.layer2, x + x1, mask)
        x3 = _block(self.layer3, x + x1 + x2, mask)
        return self.relu(self.layer4(torch.cat((x1, x2, x3), dim=1)))


def _block(block: EcapaBlock, x: Tensor, mask: Tensor | None) -> Tensor:
    """Pass (batch, dim, frames) through a Res2Net block with squeeze and excitation.

    Padding is silenced only before convolutions that see more than one frame.
    """
    groups = silence_padding(block.bn1(block.relu(block.conv1(x)), mask), mask).split(block.width, dim=1)
    done: list[Tensor] = []
    for group, conv, bn in zip(groups[:-1], block.convs, block.bns, strict=True):
        before = group + done[-1] if done else group
        done.append(silence_padding(bn(block.relu(conv(before)), mask), mask))
    y = torch.cat((*done, groups[-1]), dim=1)
    y = block.bn3(block.relu(block.conv3(y)), mask)
    return torch.addcmul(x, y, _excitation(block.se, y, mask))


def _excitation(module: SEModule, x: Tensor, mask: Tensor | None) -> Tensor:
    """Return the gate of every channel, (batch, dim, 1), from its mean over the real frames."""
    if mask is None:
        mean = x.mean(dim=2, keepdim=True)
    else:
        mean = (x * mask).sum(dim=2, keepdim=True) / mask.sum(dim=2, keepdim=True)
    _average, *gate = module.se
    for layer in gate:
        mean = layer(mean)
    return mean
