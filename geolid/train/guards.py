"""What goes wrong in training, noticed early and told with a remedy."""

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from geolid.errors import GeoLIDError
from geolid.train import ranks
from geolid.train.epochs import Record
from geolid.train.utterances import SAMPLE_RATE

LOG = logging.getLogger(__name__)

_CALMER = "a lower learning rate, a longer warm-up, a smaller grad_clip (such as 5), or use_amp: false"


def require_gpus(ngpu: int) -> None:
    """Refuse to start with more GPUs than torch sees."""
    found = torch.cuda.device_count()
    if ngpu <= found:
        return
    if torch.version.cuda is None and torch.version.hip is None:
        remedy = "this torch was built for the CPU only; install one built for your GPU"
    else:
        remedy = "look at nvidia-smi, at CUDA_VISIBLE_DEVICES and at what the job asked the cluster for"
    raise GeoLIDError(f"ngpu {ngpu}: torch sees {found} GPUs; {remedy}, or train on the CPU with --ngpu 0")


class Misfortunes:
    """Counts what had to be skipped in a row; too many are an error that names the utterances."""

    def __init__(self, what: str, limit: int):
        self.what = what
        self.limit = limit
        self.in_a_row: list[Sequence[str]] = []

    def happened(self, utterances: Sequence[str]) -> None:
        """Note one more; `utterances` are those of all ranks that took part in it, the same on all ranks."""
        self.in_a_row.append(utterances)
        if ranks.leads():
            LOG.warning(f"{self.what}: skipped, utterances {_shortened(utterances)}")
        if len(self.in_a_row) >= self.limit:
            named = [utterance for some in self.in_a_row for utterance in some]
            raise GeoLIDError(
                f"{self.what}, {self.limit} times in a row (max_bad_batches), at last with the utterances "
                f"{_shortened(named)}; listen to them, and if nothing is wrong with their audio try {_CALMER}"
            )

    def passed(self) -> None:
        self.in_a_row = []


def _shortened(utterances: Sequence[str], most: int = 40) -> str:
    more = f" and {len(utterances) - most} more" if len(utterances) > most else ""
    return " ".join(utterances[:most]) + more


def refuse_collapse(record: Record, languages: int, limit: int) -> None:
    """Warn when one language is the answer to all of a validation set of several; after `limit` epochs it is an error.

    The epochs are counted in the record, so a training that was resumed counts on.
    """
    if languages < 2:
        return
    collapsed = 0
    for epoch in sorted(record, reverse=True):
        if record[epoch].get("valid", {}).get("predicted_languages") != 1:
            break
        collapsed += 1
    if not collapsed:
        return
    message = (
        f"every utterance of the validation set, which has {languages} languages, was given the same language "
        f"({collapsed} epochs in a row)"
    )
    if collapsed >= limit:
        raise GeoLIDError(
            f"{message}: the model has collapsed, and going on would not mend it (max_collapsed_epochs: {limit}); "
            f"train again into another folder with {_CALMER}"
        )
    if ranks.leads():
        LOG.warning(message)


@contextlib.contextmanager
def out_of_memory_explained(batch: Mapping[str, Tensor], batch_bins: int | None) -> Iterator[None]:
    """Say how large the batch was that did not fit, and what to set."""
    try:
        yield
    except RuntimeError as error:  # torch.OutOfMemoryError is one
        if not isinstance(error, torch.OutOfMemoryError) and "DefaultCPUAllocator" not in str(error):
            raise
        rows, samples = batch["speech"].shape[:2]
        size = f"{rows} utterances × {samples / SAMPLE_RATE:.1f} s = {rows * samples / SAMPLE_RATE:.0f} s of audio"
        if rows == 1:
            remedy = "a single utterance is too long; lower max_wav_duration, or cut the training utterances shorter"
        elif batch_bins:
            remedy = f"batch_bins is {batch_bins}; try batch_bins: {batch_bins // 2} with twice the accum_grad"
        else:
            remedy = "try half the batch size with twice the accum_grad"
        where = "the GPU's memory" if isinstance(error, torch.OutOfMemoryError) else "this machine's memory"
        reason = str(error).partition("\n")[0]
        raise GeoLIDError(f"{where} is too small for a batch of {size} in one process; {remedy} ({reason})") from error
