"""The training loop: ESPnet's trainer in its place and with its options, made to be killed at any moment.

An epoch starts from the checkpoint of the last one and from a seed of its own, so it comes out the same however often
it was begun. geolid/train/checkpoints.py says what is written when.
"""

import argparse
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import torch
from espnet2.iterators.abs_iter_factory import AbsIterFactory
from espnet2.schedulers.abs_scheduler import AbsEpochStepScheduler, AbsScheduler, AbsValEpochStepScheduler
from espnet2.torch_utils.device_funcs import to_device
from espnet2.torch_utils.set_all_random_seed import set_all_random_seed
from espnet2.train.abs_espnet_model import AbsESPnetModel
from espnet2.train.distributed_utils import DistributedOption
from espnet2.train.reporter import Reporter, SubReporter
from espnet2.train.trainer import Trainer, TrainerOptions
from torch import Tensor, nn
from torch.distributed.algorithms.ddp_comm_hooks import default_hooks
from torch.nn.parallel import DistributedDataParallel

from geolid.errors import GeoLIDError
from geolid.train import checkpoints, ranks
from geolid.train.boards import Boards
from geolid.train.epochs import Record, last_value, plain_record, stopped_early
from geolid.train.guards import out_of_memory_explained, refuse_collapse
from geolid.train.learner import Learner, Precision, choose_precision
from geolid.train.plan import make_plan
from geolid.train.progress import Progress

LOG = logging.getLogger(__name__)

Item = TypeVar("Item")
Batches = Iterable[tuple[Sequence[str], dict[str, Tensor]]]  # utterances and their tensors


@dataclass
class GeoLIDTrainerOptions(TrainerOptions):
    max_bad_batches: int = 5  # in a row, before training stops
    max_collapsed_epochs: int = 3  # likewise
    batch_bins: int | None = None  # samples of a batch of all processes; for messages and the plan


class GeoLIDTrainer(Trainer):
    """Trains, validates, resumes; a class without instances, as ESPnet's tasks want it."""

    @classmethod
    def build_options(cls, args: argparse.Namespace) -> GeoLIDTrainerOptions:
        inherited = {field.name: getattr(args, field.name) for field in fields(TrainerOptions)}
        added = ("max_bad_batches", "max_collapsed_epochs", "batch_bins")
        return GeoLIDTrainerOptions(**inherited, **{name: getattr(args, name) for name in added if hasattr(args, name)})

    @staticmethod
    def resume(
        checkpoint: Path,
        model: nn.Module,
        reporter: Reporter,
        optimizers: Sequence[torch.optim.Optimizer],
        schedulers: Sequence[AbsScheduler | None],
        scaler: torch.amp.GradScaler | None,
    ) -> None:
        """Take a training up where its last whole epoch left it."""
        states = checkpoints.load_checkpoint(checkpoint)
        try:
            model.load_state_dict(states["model"])
            for optimizer, state in zip(optimizers, states["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            for scheduler, state in zip(schedulers, states["schedulers"], strict=True):
                if scheduler is not None and state is not None:
                    scheduler.load_state_dict(state)
            if scaler is not None and states["scaler"]:
                scaler.load_state_dict(states["scaler"])
            reporter.load_state_dict(states["reporter"])
        except (KeyError, ValueError, RuntimeError, TypeError, AttributeError, IndexError) as error:
            raise GeoLIDError(
                f"{checkpoint}: comes from another model or optimizer than the config describes; put the config "
                f"back, or train into another folder. {error}"
            ) from None

    @classmethod
    def run(
        cls,
        model: AbsESPnetModel,
        optimizers: Sequence[torch.optim.Optimizer],
        schedulers: Sequence[AbsScheduler | None],
        train_iter_factory: AbsIterFactory,
        valid_iter_factory: AbsIterFactory,
        plot_attention_iter_factory: AbsIterFactory | None,
        trainer_options: GeoLIDTrainerOptions,
        distributed_option: DistributedOption,
    ) -> None:
        """Train to `max_epoch`, or until `patience` is at its end, from wherever the output folder stands.

        `plot_attention_iter_factory` is not used: there is no attention between input and output to draw.
        """
        options = trainer_options
        _refuse_what_is_not_offered(options, distributed_option)
        folder = Path(options.output_dir)
        precision = choose_precision(options.use_amp, next(model.parameters()).device)
        reporter = Reporter()
        if (folder / checkpoints.CHECKPOINT).exists():
            _refuse_to_overwrite(folder, options)
            cls.resume(folder / checkpoints.CHECKPOINT, model, reporter, optimizers, schedulers, precision.scaler)
            _say(f"{folder / checkpoints.CHECKPOINT}: training goes on after epoch {reporter.get_epoch()}")
        ranks.agree(reporter.get_epoch(), "the epoch they go on from")

        record = plain_record(reporter)
        over = _why_over(record, options)
        boards = Boards(folder, options, record[max(record)]["train"]["total_count"] if record else 0)
        if ranks.leads():
            folder.mkdir(parents=True, exist_ok=True)
            checkpoints.remove_leftovers(folder)
            if record:
                checkpoints.settle(folder, record, options)
                boards.draw(reporter)
        if not over:
            if ranks.leads():
                checkpoints.remove_averages(folder)
                make_plan(
                    model, optimizers, schedulers, train_iter_factory, valid_iter_factory, options, ranks.world_size()
                ).log()
            maybe_distributed = _distribute(model, options, distributed_option)
            progress = Progress(options.max_epoch, options.log_interval, speaks=ranks.leads())
        while not over:
            epoch = reporter.get_epoch() + 1
            set_all_random_seed(options.seed + epoch)
            reporter.set_epoch(epoch)
            learner = Learner(maybe_distributed, optimizers, schedulers, precision, options)
            with reporter.observe("train") as sub_reporter:
                cls.train_one_epoch(learner, train_iter_factory.build_iter(epoch), sub_reporter, progress, boards)
            with reporter.observe("valid") as sub_reporter:
                languages = cls.validate_one_epoch(
                    model, valid_iter_factory.build_iter(epoch), sub_reporter, options, precision
                )
            record = plain_record(reporter)
            for scheduler in schedulers:
                if isinstance(scheduler, AbsValEpochStepScheduler):
                    phase, key = options.val_scheduler_criterion
                    scheduler.step(last_value(record, phase, key, "val_scheduler_criterion"))
                elif isinstance(scheduler, AbsEpochStepScheduler):
                    scheduler.step()
            progress.epoch_done(record, options.best_model_criterion)
            boards.show_epoch(reporter)
            if ranks.leads():
                state = {
                    "reporter": {"epoch": epoch, "stats": record},
                    "optimizers": [optimizer.state_dict() for optimizer in optimizers],
                    "schedulers": [scheduler.state_dict() if scheduler else None for scheduler in schedulers],
                    "scaler": precision.scaler.state_dict() if precision.scaler else None,
                }
                checkpoints.save_epoch(folder, epoch, model, state)
                checkpoints.settle(folder, record, options)
            boards.draw(reporter)
            boards.show_model(epoch)
            refuse_collapse(record, languages, options.max_collapsed_epochs)
            over = _why_over(record, options)
        boards.close()
        _say(over)
        if ranks.leads():
            checkpoints.average_best(folder, record, options)
        ranks.part()

    @classmethod
    def train_one_epoch(
        cls, learner: Learner, iterator: Batches, reporter: SubReporter, progress: Progress, boards: Boards
    ) -> None:
        """Learn from every batch of an epoch. All ranks have the same number of them."""
        learner.model.train()
        progress.begin_epoch(reporter.get_epoch(), len(iterator) if hasattr(iterator, "__len__") else None)
        device = learner.precision.device
        updates = 0
        began = time.perf_counter()
        for (utterances, batch), last in _mark_last(iterator):
            waited = time.perf_counter() - began
            batch = to_device(batch, device, non_blocking=True)
            lesson = learner.learn(utterances, batch, reporter.get_total_count(), last)
            updates += lesson.update is not None
            rates = {
                f"optim{i}_lr{j}": group["lr"]
                for i, optimizer in enumerate(learner.optimizers)
                for j, group in enumerate(optimizer.param_groups)
            }
            times = {"iter_time": waited, "train_time": time.perf_counter() - began}
            reporter.register({**(lesson.update or {}), **rates, **times, "skipped": float(lesson.skipped)})
            reporter.register(lesson.stats, lesson.rows)
            reporter.next()
            if progress.learnt(lesson.stats, lesson.rows, lesson.samples, rates["optim0_lr0"]):
                boards.show_batches(reporter, progress.interval)
            began = time.perf_counter()
        if not updates:
            raise GeoLIDError(
                f"epoch {reporter.get_epoch()}: not a single batch came to an update of the weights; the lines above "
                f"say which were skipped; if there are none, the training set gave no batch: look at its size and at "
                f"batch_bins"
            )

    @classmethod
    @torch.no_grad()
    def validate_one_epoch(
        cls,
        model: nn.Module,
        iterator: Batches,
        reporter: SubReporter,
        options: GeoLIDTrainerOptions,
        precision: Precision,
    ) -> int:
        """Judge every utterance once, shared out over the ranks, and return how many languages they have.

        Ranks may have different numbers of batches, even none, so they meet only at the end.
        """
        model.eval()
        rows = 0
        sums: dict[str, Tensor] = {}
        predictions: list[Tensor] = []
        labels: set[int] = set()
        for utterances, batch in iterator:
            labels.update(batch["lid_labels"].flatten().tolist())
            batch = to_device(batch, precision.device, non_blocking=True)
            with out_of_memory_explained(batch, options.batch_bins), precision.autocast():
                stats, predicted = model.judge(**batch)
            rows += len(utterances)
            predictions.append(predicted.flatten())
            for name, value in stats.items():
                if value is not None:
                    sums[name] = sums.get(name, 0.0) + torch.as_tensor(value).double() * len(utterances)
        parts = ranks.gather(
            (
                rows,
                {name: float(value) for name, value in sums.items()},
                set(torch.cat(predictions).tolist()) if predictions else set(),
                labels,
            )
        )
        all_rows = sum(part[0] for part in parts)
        if not all_rows:
            raise GeoLIDError("the validation set has no utterance; look at what stage 3 made of it")
        names = dict.fromkeys(name for part in parts for name in part[1])
        means = {name: sum(part[1].get(name, 0.0) for part in parts) / all_rows for name in names}
        predicted_languages = len(set().union(*(part[2] for part in parts)))
        reporter.register({**means, "predicted_languages": float(predicted_languages)}, all_rows)
        reporter.next()
        return len(set().union(*(part[3] for part in parts)))


def _distribute(model: nn.Module, options: TrainerOptions, distributed_option: DistributedOption) -> nn.Module:
    if not distributed_option.distributed:
        return model
    device = next(model.parameters()).device
    wrapped = DistributedDataParallel(
        model,
        device_ids=[device] if device.type == "cuda" else None,
        find_unused_parameters=options.unused_parameters,
        gradient_as_bucket_view=options.gradient_as_bucket_view,
    )
    if options.ddp_comm_hook is not None:
        wrapped.register_comm_hook(None, getattr(default_hooks, options.ddp_comm_hook))
    return wrapped


def _why_over(record: Record, options: TrainerOptions) -> str | None:
    """Say why there is no further epoch; None if there is one."""
    if not record:
        return None
    last = max(record)
    if last >= options.max_epoch:
        return f"training is at its end: epoch {last} of {options.max_epoch}"
    if stopped_early(record, options.patience, options.early_stopping_criterion):
        what = ".".join(options.early_stopping_criterion[:2])
        return f"training stops at epoch {last}: {what} has not improved for more than {options.patience} epochs"
    return None


def _say(message: str) -> None:
    if ranks.leads():
        LOG.info(message)


def _refuse_to_overwrite(folder: Path, options: TrainerOptions) -> None:
    if not options.resume:
        raise GeoLIDError(
            f"{folder / checkpoints.CHECKPOINT}: a training stands here already; go on with it by --resume true, train "
            f"into another folder, or remove this one"
        )


def _refuse_what_is_not_offered(options: TrainerOptions, distributed_option: DistributedOption) -> None:
    if distributed_option.ngpu > 1:
        raise GeoLIDError(
            f"ngpu {distributed_option.ngpu} in one process: training runs one process a GPU; set "
            f"multiprocessing_distributed: true, or start it with torchrun and ngpu 1"
        )
    for name in ("sharded_ddp", "use_adapter", "no_forward_run", "create_graph_in_tensorboard"):
        if getattr(options, name):
            raise GeoLIDError(f"{name}: true, which this trainer does not offer; remove it from the config")
    for phase, key, mode in [*options.best_model_criterion, options.early_stopping_criterion]:
        if mode not in ("min", "max"):
            raise GeoLIDError(f"best_model_criterion or early_stopping_criterion: {phase} {key} {mode}: min or max?")


def _mark_last(items: Iterable[Item]) -> Iterator[tuple[Item, bool]]:
    """Yield every item and whether it is the last one."""
    nothing = object()
    items = iter(items)
    item = next(items, nothing)
    while item is not nothing:
        following = next(items, nothing)
        yield item, following is nothing
        item = following
