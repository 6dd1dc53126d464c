"""A batch's way into the weights: forward, backward, and an update after every `accum_grad` batches."""

import contextlib
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from espnet2.schedulers.abs_scheduler import AbsBatchStepScheduler, AbsScheduler
from espnet2.torch_utils.add_gradient_noise import add_gradient_noise
from espnet2.train.trainer import TrainerOptions
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from geolid.train import ranks
from geolid.train.guards import Misfortunes, out_of_memory_explained

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Precision:
    """How the forward pass computes: in float32 (dtype None) or automatically mixed, with a scaler for float16."""

    device: torch.device
    dtype: torch.dtype | None = None
    scaler: torch.amp.GradScaler | None = None

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None)


def choose_precision(use_amp: bool, device: torch.device) -> Precision:
    if not use_amp:
        return Precision(device)
    if device.type != "cuda":
        if ranks.leads():
            LOG.warning("use_amp: mixed precision needs a GPU; on the CPU this trains in float32")
        return Precision(device)
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return Precision(device, torch.bfloat16)  # has float32's range: nothing to scale
    return Precision(device, torch.float16, torch.amp.GradScaler(device.type))


@dataclass(frozen=True)
class Lesson:
    """What one batch, of all ranks together, gave."""

    stats: dict[str, float]  # means over the batch; empty if it was skipped
    rows: int
    samples: int
    skipped: bool = False
    update: dict[str, float] | None = None  # its gradient's norm and so on, where the batch completed an update


class Learner:
    """Learns from one batch after the other, for one epoch.

    A batch counts as the mean over all its rows, wherever they lie: each rank's loss weighs as many rows as it has. An
    update is the mean over `accum_grad` batches, or over what is left of them where the epoch ends: left over, ESPnet
    adds those gradients to the next epoch's first update, which a resumed training could not do.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
        schedulers: Sequence[AbsScheduler | None],
        precision: Precision,
        options: TrainerOptions,
    ):
        self.model = model
        self.module = unwrap(model)
        self.optimizers = optimizers
        self.batch_schedulers = [s for s in schedulers if isinstance(s, AbsBatchStepScheduler)]
        self.precision = precision
        self.options = options
        self.bad_losses = Misfortunes("loss is NaN or infinite", options.max_bad_batches)
        self.bad_gradients = Misfortunes("gradient is NaN or infinite", options.max_bad_batches)
        self.waiting: list[Sequence[str]] = []  # utterances whose gradients the next update will take
        self._forget_gradients()

    def learn(self, utterances: Sequence[str], batch: Mapping[str, Tensor], total_count: int, last: bool) -> Lesson:
        """Take a batch in; `last` is the epoch's last one, `total_count` the batches of all epochs so far."""
        completes = last or len(self.waiting) + 1 == self.options.accum_grad
        with out_of_memory_explained(batch, self.options.batch_bins):
            # gradients go round the ranks once an update, with its last batch
            with contextlib.nullcontext() if completes else self._no_sync():
                lesson = self._backward(utterances, batch)
            if not completes:
                return lesson
            if not lesson.skipped:
                update = self._update(total_count)
                return replace(lesson, skipped=update is None, update=update)
        # without their last batch the ranks' gradients have not met: they wait for another one to bring them together
        if last and self.waiting and ranks.leads():
            LOG.warning(f"the epoch ends in a skipped batch; {len(self.waiting)} before it are left unused")
        return lesson

    def _no_sync(self) -> contextlib.AbstractContextManager:
        distributed = isinstance(self.model, DistributedDataParallel)
        return self.model.no_sync() if distributed else contextlib.nullcontext()

    def _backward(self, utterances: Sequence[str], batch: Mapping[str, Tensor]) -> Lesson:
        before = {name: buffer.clone() for name, buffer in self.module.named_buffers()}
        with self.precision.autocast():
            loss, stats, weight = self.model(**batch)
        stats = {name: torch.as_tensor(value).detach() for name, value in stats.items() if value is not None}
        rows = weight.detach().double().sum()
        is_bad = ~torch.isfinite(loss.detach()).all()
        noted = [
            rows,
            batch["speech_lengths"].sum(),
            is_bad,
            *(value.double().sum() * rows for value in stats.values()),
        ]
        # one round over the ranks tells all of them what they must agree on
        totals = ranks.add_up(torch.stack([value.to(rows) for value in noted])).tolist()
        all_rows, samples, bad_ranks, *sums = totals
        if bad_ranks:
            with torch.no_grad():  # a running mean that has seen a NaN would keep it
                for name, buffer in self.module.named_buffers():
                    buffer.copy_(before[name])
            bad_ones = ranks.gather(list(utterances) if is_bad else [])
            self.bad_losses.happened([utterance for some in bad_ones for utterance in some])
            return Lesson({}, int(all_rows), int(samples), skipped=True)
        self.bad_losses.passed()
        # DistributedDataParallel takes the mean over ranks, where the sum is wanted
        share = rows / all_rows * ranks.world_size() / self.options.accum_grad
        self._scaled(loss * share.to(loss)).backward()
        self.waiting.append(utterances)
        means = {name: total / all_rows for name, total in zip(stats, sums, strict=True)}
        return Lesson(means, int(all_rows), int(samples))

    def _scaled(self, loss: Tensor) -> Tensor:
        return self.precision.scaler.scale(loss) if self.precision.scaler else loss

    def _update(self, total_count: int) -> dict[str, float] | None:
        """Change the weights; None if the gradients were of no use."""
        scaler, options = self.precision.scaler, self.options
        if scaler:
            for optimizer in self.optimizers:
                scaler.unscale_(optimizer)
        parameters = [p for p in self.module.parameters() if p.grad is not None]
        if len(self.waiting) < options.accum_grad:
            for parameter in parameters:
                parameter.grad.mul_(options.accum_grad / len(self.waiting))
        if options.grad_noise:
            with torch.random.fork_rng(devices=[]):  # the same noise on all ranks, whatever they drew before
                torch.default_generator.manual_seed(options.seed + total_count)
                add_gradient_noise(self.module, total_count)
        norm = nn.utils.clip_grad_norm_(parameters, options.grad_clip, options.grad_clip_type).item()
        utterances = [utterance for some in self.waiting for utterance in some]
        update = None
        if math.isfinite(norm):
            for optimizer in self.optimizers:
                scaler.step(optimizer) if scaler else optimizer.step()
            for scheduler in self.batch_schedulers:
                scheduler.step()
            self.bad_gradients.passed()
            update = {"grad_norm": norm, "clip": 100.0 * (norm > options.grad_clip)}
            if scaler:
                update["loss_scale"] = scaler.get_scale()
        elif not scaler or scaler.get_scale() <= 1:  # above, it is float16's range that was left: the scale comes down
            self.bad_gradients.happened([utterance for some in ranks.gather(utterances) for utterance in some])
        if scaler:
            scaler.update()
        self._forget_gradients()
        return update

    def _forget_gradients(self) -> None:
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        self.waiting = []


def unwrap(model: nn.Module) -> nn.Module:
    return model.module if isinstance(model, DistributedDataParallel) else model
