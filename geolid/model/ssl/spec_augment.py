"""Where SpecAugment masks: spans that may overlap, drawn from torch's random numbers on the device."""

import torch
from torch import Tensor
from torch.nn import functional


def span_mask(lengths: Tensor, size: int, share: float, span: int, fewest: int) -> Tensor:
    """Draw a mask (batch, size), true in spans that lie wholly within the first `lengths` (batch,) places of a row.

    A row gets as many spans as would mask `share` of it if none overlapped, rounded up or down by chance, and not less
    than `fewest`, as far as there are places to start at. No two spans of a row start at the same place.
    """
    most = min(max(int(share * size / span + 1), fewest), size - span + 1)
    if most < 1:
        return torch.zeros(len(lengths), size, dtype=torch.bool, device=lengths.device)
    starts = (lengths - span + 1).clamp(min=0)  # places at which a span can start
    wanted = (share * lengths / span + torch.rand((), device=lengths.device)).long().clamp(min=fewest).minimum(starts)
    draws = torch.rand(len(lengths), size, device=lengths.device)
    draws = draws.masked_fill(torch.arange(size, device=lengths.device) >= starts[:, None], -1.0)
    chosen = torch.arange(most, device=lengths.device) < wanted[:, None]
    begins = torch.zeros_like(draws).scatter(1, draws.topk(most, dim=1).indices, chosen.to(draws.dtype))
    return functional.max_pool1d(functional.pad(begins, (span - 1, 0)), span, stride=1) > 0
