"""Batch normalisation whose statistics are those of the real frames of the whole batch.

Padding does not count, and in distributed training the batch is that of all processes. So a model trains the same on
one process as on eight, and however its utterances are padded. torch's SyncBatchNorm knows no padding and no CPU.
"""

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional


class MaskedBatchNorm1d(nn.BatchNorm1d):
    """torch's BatchNorm1d, with the same parameters; `mask` tells real frames from padding."""

    def forward(self, input: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise (batch, dim) or (batch, dim, frames); mask is (batch, 1, frames), true where a frame is real."""
        if not self.training:
            return super().forward(input)
        if _processes() == 1:
            if input.numel() == input.shape[1]:  # a single value has no variance: what was learnt so far has to do
                return functional.batch_norm(
                    input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
                )
            if mask is None:
                return super().forward(input)
        with torch.autocast(input.device.type, enabled=False):
            return self._normalise_by_batch(input.float(), mask).to(input.dtype)

    def _normalise_by_batch(self, x: Tensor, mask: Tensor | None) -> Tensor:
        over = [axis for axis in range(x.dim()) if axis != 1]
        shape = [1, -1] + [1] * (x.dim() - 2)
        kept = x if mask is None else x * mask
        count = x.new_tensor(x.numel() / x.shape[1]) if mask is None else mask.sum().to(x.dtype)
        # the mean first, then the variance around it: in one go, large means would swallow small variances
        sums = _sum_over_processes(torch.cat([kept.sum(over), count[None]]))
        count = sums[-1].detach()
        mean = sums[:-1] / count
        centred = x - mean.view(shape)
        if mask is not None:
            centred = centred * mask
        variance = _sum_over_processes(centred.square().sum(over)) / count
        self._remember(mean.detach(), variance.detach(), count)
        scale = torch.rsqrt(variance + self.eps) * self.weight
        return centred * scale.view(shape) + self.bias.view(shape)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        self.num_batches_tracked += 1
        momentum = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * count / (count - 1).clamp(min=1), momentum)


def convert_batch_norms(module: nn.Module) -> None:
    """Give every BatchNorm1d below a module, in place and under its name, the statistics of this file."""
    for name, child in module.named_children():
        if type(child) is nn.BatchNorm1d:
            ours = MaskedBatchNorm1d(child.num_features, child.eps, child.momentum)
            ours.load_state_dict(child.state_dict(), assign=True)
            setattr(module, name, ours)
        else:
            convert_batch_norms(child)


class _SumOverProcesses(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        total = x.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total


def _sum_over_processes(x: Tensor) -> Tensor:
    return _SumOverProcesses.apply(x) if _processes() > 1 else x


def _processes() -> int:
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1
