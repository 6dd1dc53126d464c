"""Convolutions on a CPU that go through oneDNN.

With one thread and fewer than 16 utterances torch gives convolutions of width 1 to the BLAS, MKL in its packages, which
does not use the widest vectors of processors that are not Intel's: on AMD's they take twice as long as in oneDNN.
"""

from torch import nn


def prefer_onednn(model: nn.Module) -> None:
    """Let convolutions of width 1 go through oneDNN.

    torch gives it whatever is dilated; to a kernel of width 1 dilation means nothing.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv1d) and module.kernel_size == (1,):
            module.dilation = (2,)
