"""Training a language identifier with ESPnet's engine, under ESPnet's names for options and files.

ESPnet's AbsTask sets up processes, seeds, optimizer and scheduler; this file says what the model, the batches and the
trainer are. It is not built on ESPnet's own LIDTask, which imports text tools that download at import.
"""

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path

import torch
from espnet2.iterators.abs_iter_factory import AbsIterFactory
from espnet2.tasks.abs_task import AbsTask, optim_classes, scheduler_classes
from espnet2.train.distributed_utils import DistributedOption

from geolid.errors import GeoLIDError
from geolid.model import build
from geolid.model.initial import load_initial_weights
from geolid.model.lid import GeoLIDModel
from geolid.train import ranks
from geolid.train.augment import Augmenter
from geolid.train.dataset import SpeechDataset
from geolid.train.guards import require_gpus
from geolid.train.iterator import TrainIterFactory, ValidIterFactory
from geolid.train.logs import start_log
from geolid.train.options import make_parser, parse
from geolid.train.same_run import config_is_written, keep_config
from geolid.train.sampler import PowerLawSampler, catpow, catpow_balance_dataset
from geolid.train.start import augmentation, batch_size, language_vectors, prepare, utterances
from geolid.train.trainer import GeoLIDTrainer
from geolid.train.utterances import SAMPLE_RATE


class GeoLIDTask(AbsTask):
    trainer = GeoLIDTrainer
    num_optimizers = 1
    class_choices_list: list = []

    @classmethod
    def main(cls, args: argparse.Namespace | None = None, cmd: Sequence[str] | None = None) -> None:
        """Train, as a command line says; without one, as sys.argv says. `args` are options that `prepare` has seen."""
        if args is None:
            args = cls.parse(cmd)
            prepare(args)
        require_gpus(args.ngpu)
        if "WORLD_SIZE" in os.environ:  # started by torchrun, which starts one process a GPU
            args.ngpu = min(args.ngpu, 1)
            args.multiprocessing_distributed = False
        if args.ngpu == 0:
            args.dist_backend = "gloo"
        super().main(args=args)

    @classmethod
    def parse(cls, cmd: Sequence[str] | None = None) -> argparse.Namespace:
        """Read options, over those of --config, over the defaults."""
        return parse(cmd)

    @classmethod
    def get_parser(cls) -> argparse.ArgumentParser:
        return make_parser()

    @classmethod
    def add_task_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Nothing to add: geolid/train/options.py has all options, also those that AbsTask would declare."""

    @classmethod
    def main_worker(cls, args: argparse.Namespace) -> None:
        start_log("ERROR" if int(os.environ.get("RANK", "0")) else args.log_level)
        _try_optimizer(args)
        super().main_worker(args)

    @classmethod
    def build_model(cls, args: argparse.Namespace) -> GeoLIDModel:
        """Build the model to train, with the weights to begin with."""
        model = build.build_model(vars(args))
        for source in args.init_param:
            load_initial_weights(model, source, args.ignore_init_mismatch)
        # AbsTask would read them once more, and would let in more than tensors
        args.init_param = []
        args.freeze_param = [_our_prefix(prefix, model) for prefix in args.freeze_param]
        frozen = tuple(f"{prefix}." for prefix in args.freeze_param)
        if not any(p.requires_grad and not f"{name}.".startswith(frozen) for name, p in model.named_parameters()):
            raise GeoLIDError(f"freeze_param: with {', '.join(args.freeze_param)} nothing is left to train")
        args.encoder_config = build.encoder_config(model)  # builds it again where its source is out of reach
        if ranks.leads():
            keep_config(Path(args.output_dir))
        return model

    @classmethod
    def build_optimizers(cls, args: argparse.Namespace, model: torch.nn.Module) -> list[torch.optim.Optimizer]:
        given = {"optim_conf": args.optim_conf, "exclude_weight_decay_conf": args.exclude_weight_decay_conf}
        with build.building(f"optim: {args.optim}", given):
            return super().build_optimizers(args, model)

    @classmethod
    def build_iter_factory(
        cls, args: argparse.Namespace, distributed_option: DistributedOption, mode: str, kwargs: dict | None = None
    ) -> AbsIterFactory:
        if ranks.leads():
            config_is_written(Path(args.output_dir))  # AbsTask has done so before it comes here
        train = mode == "train"
        conf = augmentation(args)
        rate = conf.sample_rate or SAMPLE_RATE
        augmenter = Augmenter(conf, rate) if train else None
        dataset = SpeechDataset(utterances(args, mode), rate, augmenter, language_vectors(args))
        share = {
            "rank": distributed_option.dist_rank or 0,
            "world_size": distributed_option.dist_world_size if distributed_option.distributed else 1,
            "num_workers": args.num_workers,
            "pin_memory": args.ngpu > 0,
        }
        size = batch_size(args, mode)
        if not train:
            return ValidIterFactory(dataset, size, **share)
        return TrainIterFactory(
            dataset, _sampler(args, dataset), size, args.batch_grouping, args.num_iters_per_epoch, args.seed, **share
        )

    @classmethod
    def build_model_from_file(
        cls, config_file: str | Path | None = None, model_file: str | Path | None = None, device: str = "cpu"
    ) -> tuple[GeoLIDModel, argparse.Namespace]:
        """Build a trained model; without config_file, its config is the config.yaml beside model_file."""
        if config_file is None:
            if model_file is None:
                raise GeoLIDError("build_model_from_file needs a config_file, a model_file or both")
            config_file = Path(model_file).parent / "config.yaml"
        model, config = build.load_model(Path(config_file), model_file and Path(model_file), device)
        return model.eval(), argparse.Namespace(**config)

    @classmethod
    def build_collate_fn(cls, args: argparse.Namespace, train: bool):
        raise GeoLIDError("--collect_stats is not for this task; stage 4 (geolid.bin.collect_stats) finds lengths")

    @classmethod
    def build_preprocess_fn(cls, args: argparse.Namespace, train: bool):
        return None

    @classmethod
    def required_data_names(cls, train: bool = True, inference: bool = False) -> tuple[str, ...]:
        return ("speech",) if inference else ("speech", "lid_labels")

    @classmethod
    def optional_data_names(cls, train: bool = True, inference: bool = False) -> tuple[str, ...]:
        return ()


def _sampler(args: argparse.Namespace, dataset: SpeechDataset) -> PowerLawSampler:
    lengths, labels = dataset.utterances.lengths, dataset.utterances.labels
    if args.batch_type == "catpow":
        return catpow(lengths, labels, args.upsampling_factor, args.dataset_scaling_factor)
    return catpow_balance_dataset(
        lengths,
        labels,
        dataset.utterances.datasets,
        args.category_upsampling_factor,
        args.dataset_upsampling_factor,
        args.dataset_scaling_factor,
    )


def _try_optimizer(args: argparse.Namespace) -> None:
    """Build optimizer and schedule for a single number: what is wrong with them is told before the model stands."""
    one = [torch.nn.Parameter(torch.zeros(1))]
    with build.building(f"optim_conf of {args.optim}", args.optim_conf):
        optimizer = optim_classes[args.optim](one, **args.optim_conf)
    if args.scheduler is not None:
        with build.building(f"scheduler_conf of {args.scheduler}", args.scheduler_conf):
            scheduler_classes[args.scheduler](optimizer, **args.scheduler_conf)


def _our_prefix(prefix: str, model: GeoLIDModel) -> str:
    """Return the prefix of parameters to freeze, under our names for those of the published system."""
    ours = re.sub(r"^frontend\.upstream(\.upstream)?(\.model)?", "frontend.encoder", prefix)
    if not any(f"{name}.".startswith(f"{ours}.") for name, _ in model.named_parameters()):
        raise GeoLIDError(f"freeze_param: no parameter begins with {prefix}; there are {', '.join(_parts(model))}")
    return ours


def _parts(model: GeoLIDModel) -> list[str]:
    return sorted({name.partition(".")[0] for name, _ in model.named_parameters()})
