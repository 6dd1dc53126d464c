"""What a training is going to do, told before it starts: data, updates, schedule, parameters, memory."""

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from espnet2.schedulers.abs_scheduler import AbsScheduler
from espnet2.train.trainer import TrainerOptions
from torch import nn

LOG = logging.getLogger(__name__)

SAMPLES_PER_FRAME = 320  # of the encoders
BYTES = 4  # of a float32, in which weights, gradients and optimizer state are kept


@dataclass(frozen=True)
class Plan:
    facts: list[str]
    warnings: list[str]

    def log(self) -> None:
        for fact in self.facts:
            LOG.info(fact)
        for warning in self.warnings:
            LOG.warning(warning)

    def __str__(self) -> str:
        return "\n".join([*self.facts, *(f"WARNING: {warning}" for warning in self.warnings)])


@dataclass(frozen=True)
class ScheduleEnd:
    """When a schedule has run its course, and which setting says so."""

    updates: float
    setting: str
    value: float  # of the setting
    part: str = "course"  # what ends: all of it, a cycle, or (training may go on) the warm-up or the last milestone


def make_plan(
    model: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    schedulers: Sequence[AbsScheduler | None],
    train_iter_factory: Any,
    valid_iter_factory: Any,
    options: TrainerOptions,
    processes: int,
) -> Plan:
    """Describe a training; what its iterator factories do not tell in their `.summary` is left out."""
    facts, warnings = [], []
    for name, factory in (("training", train_iter_factory), ("validation", valid_iter_factory)):
        if summary := getattr(factory, "summary", None):
            size = f"{summary.utterances} utterances, {_hours(summary.hours)}"
            facts.append(f"{name} set: {size}, {len(summary.languages)} languages")
    if summary := getattr(train_iter_factory, "summary", None):
        updates_per_epoch = math.ceil(summary.batches_per_epoch / options.accum_grad)
        updates = options.max_epoch * updates_per_epoch
        facts.append(
            f"{options.max_epoch} epochs × {summary.batches_per_epoch} batches / accum_grad {options.accum_grad} "
            f"= {updates} updates"
        )
        for scheduler in schedulers:
            end = schedule_end(scheduler, updates, updates_per_epoch)
            facts.append(_told(scheduler, end))
            warnings += _mismatch(end, updates)
    if processes > 1:
        facts.append(f"{processes} processes share each batch")
    trained = _count(p for p in model.parameters() if p.requires_grad)
    frozen = _count(p for p in model.parameters() if not p.requires_grad)
    facts.append(f"parameters: {trained / 1e6:.1f} million trained, {frozen / 1e6:.1f} million frozen")
    facts.append(_memory(model, optimizers, trained, frozen, options, processes))
    return Plan(facts, warnings)


def schedule_end(scheduler: AbsScheduler | None, updates: int, updates_per_epoch: int) -> ScheduleEnd | None:
    """Return after how many updates a schedule has run its course; None if it goes by results, or there is none.

    Of one that runs in cycles it is the end of the cycle nearest to `updates`.
    """
    if hasattr(scheduler, "max_steps"):  # TristageLR
        return ScheduleEnd(scheduler.max_steps, "max_steps", scheduler.max_steps)
    if hasattr(scheduler, "total_steps"):  # OneCycleLR, ExponentialDecayWarmup
        return ScheduleEnd(scheduler.total_steps, "total_steps", scheduler.total_steps)
    if hasattr(scheduler, "first_cycle_steps"):  # CosineAnnealingWarmupRestarts
        first, warm_up = scheduler.first_cycle_steps, scheduler.warmup_steps
        end = _nearest_cycle(first, lambda cycle: (cycle - warm_up) * scheduler.cycle_mult + warm_up, updates)
        return ScheduleEnd(end, "first_cycle_steps", first, part="cycle")
    if hasattr(scheduler, "T_0"):  # CosineAnnealingWarmRestarts
        end = _nearest_cycle(scheduler.T_0, lambda cycle: cycle * scheduler.T_mult, updates)
        return ScheduleEnd(end, "T_0", scheduler.T_0, part="cycle")
    if hasattr(scheduler, "T_max"):  # CosineAnnealingLR, which counts epochs
        return ScheduleEnd(scheduler.T_max * updates_per_epoch, "T_max", scheduler.T_max)
    if hasattr(scheduler, "milestones"):  # MultiStepLR, which counts epochs
        last = max(scheduler.milestones)
        return ScheduleEnd(last * updates_per_epoch, "milestones", last, part="last milestone")
    if hasattr(scheduler, "warmup_steps_list"):  # PiecewiseLinearWarmupLR
        last = scheduler.warmup_steps_list[-1]
        return ScheduleEnd(last, "warmup_steps_list", last, part="warm-up")
    if hasattr(scheduler, "warmup_steps"):  # WarmupLR, NoamLR, ...
        return ScheduleEnd(scheduler.warmup_steps, "warmup_steps", scheduler.warmup_steps, part="warm-up")
    return None


def _nearest_cycle(first: float, following, updates: int) -> float:
    end, cycle = first, first
    while True:
        cycle = following(cycle)
        if cycle < 1 or end + cycle - updates >= abs(end - updates):
            return end
        end += cycle


def _told(scheduler: AbsScheduler | None, end: ScheduleEnd | None) -> str:
    if scheduler is None:
        return "schedule: none, the learning rate stays"
    name = type(scheduler).__name__
    if end is None:
        return f"schedule: {name}, which has no fixed end"
    return f"schedule: {name}, whose {end.part} ends after {end.updates:.0f} updates"


def _mismatch(end: ScheduleEnd | None, updates: int) -> list[str]:
    if end is None or abs(end.updates - updates) <= 0.01 * updates:
        return []
    fitting = f"{end.value * updates / end.updates:.0f}"
    if end.part in ("warm-up", "last milestone"):
        if end.updates < updates:
            return []
        consequence, remedy = "it stops on the way", f"set {end.setting} below {fitting}"
    else:
        remedy = f"set {end.setting}: {fitting}"
        if end.updates > updates:
            consequence = "the learning rate will not come down"
        elif end.part == "cycle":
            consequence = "it stops early in another cycle, at a high learning rate"
        else:
            consequence = f"the last {updates - end.updates:.0f} go beyond it"
    what = "the schedule" if end.part == "course" else f"the schedule's {end.part}"
    return [f"{what} ends after {end.updates:.0f} updates, but training makes {updates}: {consequence}; {remedy}"]


def _memory(
    model: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    trained: int,
    frozen: int,
    options: TrainerOptions,
    processes: int,
) -> str:
    """Estimate a process's peak of memory.

    Activations: every linear and convolution layer that learns keeps its output for the backward pass, and what stands
    around it (norms, non-linearities, dropout) about as much again: 2 × frames × the sum of these layers' widths. In
    mixed precision they take half.
    """
    copies = max((_state_copies(optimizer) for optimizer in optimizers), default=0)
    parts = {
        "weights": BYTES * (trained + frozen),
        "gradients": BYTES * trained,
        "optimizer": BYTES * copies * trained,
    }
    basis = ""
    if options.batch_bins:
        frames = options.batch_bins / processes / SAMPLES_PER_FRAME
        width = sum(
            layer.weight.shape[0]
            for layer in model.modules()
            if isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d)) and layer.weight.requires_grad
        )
        parts["activations"] = 2 * frames * width * (BYTES / 2 if options.use_amp else BYTES)
        basis = f" for {frames:.0f} frames a batch"
    total = sum(parts.values())
    unit, name = (2**30, "GiB") if total >= 0.1 * 2**30 else (2**20, "MiB")
    listed = ", ".join(f"{part} {size / unit:.1f}" for part, size in parts.items())
    return f"memory of a process, roughly estimated{basis}: {total / unit:.1f} {name} ({listed})"


def _hours(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.1f} min"


def _state_copies(optimizer: torch.optim.Optimizer) -> int:
    """Return how many numbers an optimizer keeps for each parameter: Adam and its kin two, SGD one or none."""
    if isinstance(optimizer, torch.optim.SGD):
        return int(any(group["momentum"] for group in optimizer.param_groups))
    return 2


def _count(parameters: Iterable[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)
