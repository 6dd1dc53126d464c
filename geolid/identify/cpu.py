"""What makes a model quick on a CPU."""

import ctypes
import os

from torch import nn

_KERNELS = "8192"
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of mallopt(3)
_MOST_TO_KEEP, _LARGEST_TO_KEEP = 2**31 - 1, 32 << 20  # bytes; the latter is the most that glibc takes


def prepare_cpu(model: nn.Module) -> None:
    _prefer_onednn(model)
    _keep_freed_memory()


def _prefer_onednn(model: nn.Module) -> None:
    """Let convolutions of width 1 go through oneDNN.

    With one thread and fewer than 16 utterances torch gives them to the BLAS, MKL in its packages, which does not use
    the widest vectors of processors that are not Intel's: on AMD's they take twice as long as in oneDNN. That is given
    whatever is dilated; to a kernel of width 1 dilation means nothing.
    """
    # it makes kernels for every shape of a batch, and by default keeps those of about twenty shapes
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _KERNELS)
    for module in model.modules():
        if isinstance(module, nn.Conv1d) and module.kernel_size == (1,):
            module.dilation = (2,)


def _keep_freed_memory() -> None:
    """Let the C library keep the memory of one batch's arrays for those of the next.

    Otherwise it goes back to the system, which clears and hands out every page anew: up to a third of the time of a
    small model.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):  # glibc's
        mallopt(_MMAP_THRESHOLD, _LARGEST_TO_KEEP)
        mallopt(_TRIM_THRESHOLD, _MOST_TO_KEEP)
