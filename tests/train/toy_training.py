"""A training that takes a moment: a model without batch norm, on batches that follow from seed and epoch alone."""

import argparse
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import torch
from espnet2.iterators.abs_iter_factory import AbsIterFactory
from espnet2.schedulers.tristage_lr import TristageLR
from espnet2.train.abs_espnet_model import AbsESPnetModel
from espnet2.train.distributed_utils import DistributedOption
from torch import Tensor, nn

from geolid.train.trainer import GeoLIDTrainer, GeoLIDTrainerOptions

LANGUAGES = 3
SAMPLES = 8
ROWS = 5  # of a batch, of all ranks together
NO_NUMBER = "NaN in the audio"
NO_GRADIENT = "a loss that is a number, with a gradient that is none"
OPTIONS = {
    "ngpu": 0,
    "resume": True,
    "use_amp": False,
    "train_dtype": "float32",
    "grad_noise": False,
    "accum_grad": 1,
    "grad_clip": 5.0,
    "grad_clip_type": 2.0,
    "log_interval": None,
    "no_forward_run": False,
    "use_matplotlib": False,
    "use_tensorboard": False,
    "use_wandb": False,
    "adapter": "lora",
    "use_adapter": False,
    "save_strategy": "all",
    "max_epoch": 4,
    "seed": 7,
    "sharded_ddp": False,
    "patience": None,
    "keep_nbest_models": [2],
    "nbest_averaging_interval": 0,
    "early_stopping_criterion": ("valid", "loss", "min"),
    "best_model_criterion": [("valid", "accuracy", "max"), ("valid", "loss", "min")],
    "val_scheduler_criterion": ("valid", "loss"),
    "unused_parameters": False,
    "wandb_model_log_interval": -1,
    "create_graph_in_tensorboard": False,
    "gradient_as_bucket_view": True,
    "ddp_comm_hook": None,
}


class ToyModel(AbsESPnetModel):
    """Two linear layers, dropout, and a running mean such as batch norm keeps."""

    def __init__(self, dropout: float = 0.0):
        super().__init__()
        torch.manual_seed(1)
        self.hidden = nn.Linear(SAMPLES, 16)
        self.out = nn.Linear(16, LANGUAGES)
        self.dropout = dropout
        self.register_buffer("running", torch.zeros(16))
        self.register_buffer("batches", torch.tensor(0))

    def forward(self, speech: Tensor, speech_lengths: Tensor, lid_labels: Tensor) -> tuple:
        stats, logits = self._stats(speech, lid_labels)
        loss = stats["loss"]
        if speech.isposinf().any():
            loss = loss + (0 * self.out.bias).sum().sqrt()
        return loss, {name: value.detach() for name, value in stats.items()}, torch.tensor([float(len(logits))])

    def judge(self, speech: Tensor, speech_lengths: Tensor, lid_labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        stats, logits = self._stats(speech, lid_labels)
        return stats, logits.argmax(1)

    def _stats(self, speech: Tensor, labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        hidden = self.hidden(speech.clamp(max=9)).tanh()
        hidden = nn.functional.dropout(hidden, self.dropout, self.training)
        if self.training:
            self.running.lerp_(hidden.detach().float().mean(0), 0.1)
            self.batches += 1
        logits = self.out(hidden)
        loss = nn.functional.cross_entropy(logits, labels)
        return {"loss": loss, "accuracy": (logits.argmax(1) == labels).float().mean()}, logits

    def collect_feats(self, **batch: Tensor) -> dict[str, Tensor]:
        raise NotImplementedError


class ToyFactory(AbsIterFactory):
    """Training batches, of which each rank has every n-th row, or validation ones, dealt out to the ranks in turn.

    `harm` says what is wrong in the whole batch's last row, by (epoch, number of the batch).
    """

    def __init__(self, batches: int, rank: int, ranks: int, train: bool, harm: dict | None = None, seconds: float = 0):
        self.batches, self.rank, self.ranks, self.train = batches, rank, ranks, train
        self.harm = harm or {}
        self.seconds = seconds  # that a batch takes
        self.summary = SimpleNamespace(utterances=60, hours=1.5, languages=["a", "b", "c"], batches_per_epoch=batches)

    def build_iter(self, epoch: int) -> "ToyIterator":
        numbers = range(self.batches) if self.train else range(self.rank, self.batches, self.ranks)
        return ToyIterator([self._batch(epoch if self.train else 0, number) for number in numbers], self.seconds)

    def _batch(self, epoch: int, number: int) -> tuple[list[str], dict[str, Tensor]]:
        generator = torch.Generator().manual_seed(1000 * epoch + number + (0 if self.train else 77))
        labels = torch.randint(0, LANGUAGES, (ROWS,), generator=generator)
        speech = torch.randn(ROWS, SAMPLES, generator=generator) + 2 * nn.functional.one_hot(labels, SAMPLES)
        harm = self.harm.get((epoch, number))
        if harm:
            speech[-1, -1] = torch.nan if harm == NO_NUMBER else torch.inf
        share = slice(self.rank, None, self.ranks) if self.train else slice(None)
        ids = [f"utt{epoch}-{number}-{row}" for row in range(ROWS)][share]
        lengths = torch.full((len(ids),), SAMPLES)
        return ids, {"speech": speech[share], "speech_lengths": lengths, "lid_labels": labels[share]}


class ToyIterator(list):
    def __init__(self, batches: list, seconds: float):
        super().__init__(batches)
        self.seconds = seconds

    def __iter__(self) -> Iterator:
        for batch in super().__iter__():
            time.sleep(self.seconds)
            yield batch


def options(folder: Path, **changes) -> GeoLIDTrainerOptions:
    return GeoLIDTrainer.build_options(argparse.Namespace(**{**OPTIONS, "output_dir": str(folder), **changes}))


def train(
    folder: Path,
    rank: int = 0,
    ranks: int = 1,
    batches: int = 6,
    valid_batches: int = 3,
    harm: dict | None = None,
    seconds: float = 0.0,
    model: ToyModel | None = None,
    dropout: float = 0.0,
    make_scheduler: Callable | None = None,
    lr: float = 0.02,
    **changes,
) -> ToyModel:
    model = model or ToyModel(dropout)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    make_scheduler = make_scheduler or (lambda optimizer: TristageLR(optimizer, max_steps=24))
    GeoLIDTrainer.run(
        model=model,
        optimizers=[optimizer],
        schedulers=[make_scheduler(optimizer)],
        train_iter_factory=ToyFactory(batches, rank, ranks, True, harm, seconds),
        valid_iter_factory=ToyFactory(valid_batches, rank, ranks, False),
        plot_attention_iter_factory=None,
        trainer_options=options(folder, **changes),
        distributed_option=DistributedOption(distributed=ranks > 1, dist_rank=rank, dist_world_size=ranks),
    )
    return model


def as_rank(rank: int, ranks: int, folder: Path, settings: dict) -> None:
    """Train as one of several processes; what this one raises stands in error<rank>."""
    torch.set_num_threads(1)
    logging.basicConfig(level="INFO", filename=folder / f"log{rank}", force=True)
    torch.distributed.init_process_group("gloo", f"file://{folder / 'store'}", rank=rank, world_size=ranks)
    try:
        train(folder / "exp", rank, ranks, **settings)
    except Exception as error:
        (folder / f"error{rank}").write_text(f"{type(error).__name__}: {error}")
    time.sleep(0.2)  # as in geolid.train.ranks.part
    torch.distributed.destroy_process_group()


def alone(folder: Path, settings: dict, dies_at: int = 0) -> None:
    """Train in a process that is killed from outside, or dies before the n-th time that a file gets its name."""
    torch.set_num_threads(1)
    replace = Path.replace
    times = 0

    def replace_or_die(path: Path, target: Path) -> Path:
        nonlocal times
        times += 1
        if times == dies_at:
            os._exit(9)
        return replace(path, target)

    Path.replace = replace_or_die
    (folder / "started").touch()
    train(folder / "exp", **settings)
