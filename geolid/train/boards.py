"""Where a training can be watched: TensorBoard, Weights & Biases and a picture of its curves."""

import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from espnet2.train.reporter import Reporter, SubReporter
from espnet2.train.trainer import TrainerOptions

from geolid.train import ranks
from geolid.train.checkpoints import model_file
from geolid.train.curves import draw_curves
from geolid.train.epochs import plain_record

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class Boards:
    """What one training shows, and only its leading process does."""

    def __init__(self, folder: Path, options: TrainerOptions, batches_so_far: int):
        self.folder = folder
        self.options = options
        self.batches_so_far = batches_so_far
        self.draws = options.use_matplotlib and ranks.leads()
        self.wandb = options.use_wandb and ranks.leads()

    @cached_property
    def writers(self) -> "dict[str, SummaryWriter]":
        if not self.options.use_tensorboard or not ranks.leads():
            return {}
        from torch.utils.tensorboard import SummaryWriter  # takes a second

        # what a killed run has told of the epoch that now begins again gets hidden
        return {
            phase: SummaryWriter(str(self.folder / "tensorboard" / phase), purge_step=self.batches_so_far + 1)
            for phase in ("train", "valid")
        }

    def show_batches(self, reporter: SubReporter, last: int) -> None:
        """Show the means over the last batches of an epoch under way."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # there may be no update among them, of whose norm to take the mean
            if self.writers:
                reporter.tensorboard_add_scalar(self.writers["train"], -last)
            if self.wandb:
                reporter.wandb_log(-last)

    def show_epoch(self, reporter: Reporter) -> None:
        for phase, writer in self.writers.items():
            reporter.tensorboard_add_scalar(writer, key1=phase)
            writer.flush()
        if self.wandb:
            reporter.wandb_log()

    def draw(self, reporter: Reporter) -> None:
        if self.draws:
            draw_curves(plain_record(reporter), self.folder)

    def show_model(self, epoch: int) -> None:
        """Hand every so many epochs the model to Weights & Biases."""
        interval = self.options.wandb_model_log_interval
        if self.wandb and interval > 0 and epoch % interval == 0:
            import wandb  # not among the project's own dependencies

            artifact = wandb.Artifact(name=f"model_{wandb.run.id}", type="model")
            artifact.add_file(str(model_file(self.folder, epoch)))
            wandb.log_artifact(artifact, aliases=[f"epoch-{epoch}"])

    def close(self) -> None:
        for writer in vars(self).get("writers", {}).values():  # if there ever were any
            writer.close()
