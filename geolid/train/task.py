"""Training a language identifier with ESPnet's engine, under ESPnet's names for options and files.

ESPnet's AbsTask sets up processes, seeds, optimizer and scheduler; this file says what the model, the batches and the
trainer are. It is not built on ESPnet's own LIDTask, which imports text tools that download at import.
"""

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path

import yaml
from espnet2.iterators.abs_iter_factory import AbsIterFactory
from espnet2.tasks.abs_task import AbsTask
from espnet2.train.distributed_utils import DistributedOption
from espnet2.utils.nested_dict_action import NestedDictAction
from espnet2.utils.types import int_or_none, str_or_none

from geolid.errors import GeoLIDError, refuse_unknown
from geolid.geo.vectors import VectorError, vectors
from geolid.model import build
from geolid.model.initial import load_initial_weights
from geolid.model.lid import GeoLIDModel
from geolid.train.augment import AugmentConf, Augmenter, read_augment_conf
from geolid.train.batches import BatchSize
from geolid.train.config import read_config
from geolid.train.dataset import SpeechDataset
from geolid.train.guards import SAMPLE_RATE, require_gpus
from geolid.train.iterator import TrainIterFactory, ValidIterFactory
from geolid.train.logs import start_log
from geolid.train.same_run import data_digest, refuse_other_run
from geolid.train.sampler import PowerLawSampler, catpow, catpow_balance_dataset
from geolid.train.trainer import GeoLIDTrainer
from geolid.train.utterances import read_languages, read_utterances

# Parts of the model that a word chooses, with the options that go by `<part>_conf`; and their defaults.
_PARTS = {
    "frontend": (build.FRONTENDS, "ssl"),
    "specaug": (build.SPECAUGS, None),
    "normalize": (build.NORMALIZES, "utterance_mvn"),
    "encoder": (build.ENCODERS, "ecapa_tdnn"),
    "pooling": (build.POOLINGS, "chn_attn_stat"),
    "projector": (build.PROJECTORS, "rawnet3"),
    "encoder_condition": (("identity",), "identity"),
    "pooling_condition": (build.POOLINGS, "chn_attn_stat"),
    "projector_condition": (build.PROJECTORS, "rawnet3"),
    "loss": (build.LOSSES, "aamsoftmax_sc_topk"),
    "model": (build.MODELS, "espnet"),
    "preprocessor": (("lid",), "lid"),
}
# What a scheduler calls the number of updates over which it runs.
_SCHEDULE_LENGTH = {"tristagelr": "max_steps", "onecyclelr": "total_steps"}


class GeoLIDTask(AbsTask):
    trainer = GeoLIDTrainer
    num_optimizers = 1
    class_choices_list: list = []

    @classmethod
    def main(cls, args: argparse.Namespace | None = None, cmd: Sequence[str] | None = None) -> None:
        """Train, as a command line says; without one, as sys.argv says."""
        args = args or cls.parse(cmd)
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
        parser = cls.get_parser()
        known = [action.dest for action in parser._actions]

        def tell(message: str):
            unknown = re.match(r"unrecognized arguments: --([^ =]+)", message)
            refuse_unknown("command line", [unknown[1]] if unknown else [], known)
            raise GeoLIDError(f"command line: {message}")

        parser.error = tell
        named = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        named.add_argument("--config")
        config_file, rest = named.parse_known_args(cmd)
        if config_file.config:
            config = read_config(Path(config_file.config))
            refuse_unknown(config_file.config, config, known)
            parser.set_defaults(**config)
        try:
            args = parser.parse_args(rest)
        except yaml.YAMLError as error:  # the values of `..._conf key=value` are YAML
            raise GeoLIDError(f"command line: {' '.join(rest)}: {error}") from None
        args.config = config_file.config
        if args.language_upsampling_factor is not None:
            args.category_upsampling_factor = args.language_upsampling_factor
        return args

    @classmethod
    def add_task_arguments(cls, parser: argparse.ArgumentParser) -> None:
        parser.set_defaults(
            iterator_type="category",
            batch_type="catpow",
            batch_bins=2_880_000,
            num_att_plot=0,
            best_model_criterion=[["valid", "accuracy", "max"]],
            early_stopping_criterion=["valid", "accuracy", "max"],
            keep_nbest_models=2,
            use_matplotlib=True,
            resume=True,
        )
        group = parser.add_argument_group("Language identification")
        group.add_argument("--lang2utt", help="languages of the training set; the order of classes is theirs, sorted")
        group.add_argument("--lang_num", type=int_or_none, help="how many there are (default: as lang2utt says)")
        group.add_argument("--init", type=str_or_none, help="how weights are initialised: xavier_uniform, ...")
        group.add_argument(
            "--batch_grouping",
            choices=["length", "none"],
            default="length",
            help="length: utterances of similar length go together, so that little is padded; none: as they are drawn",
        )
        group.add_argument(
            "--language_upsampling_factor",
            type=float,
            help="an older name of --category_upsampling_factor, which published configs use",
        )
        group.add_argument("--max_bad_batches", type=int, default=5, help="in a row, whose loss is no number")
        group.add_argument("--max_collapsed_epochs", type=int, default=3, help="in a row, that know one language only")
        for part, (choices, default) in _PARTS.items():
            group.add_argument(f"--{part}", choices=list(choices), default=default, help=f"the {part}")
            group.add_argument(f"--{part}_conf", action=NestedDictAction, default={}, help=f"options of the {part}")

    @classmethod
    def main_worker(cls, args: argparse.Namespace) -> None:
        start_log("ERROR" if int(os.environ.get("RANK", "0")) else args.log_level)
        _require(args, "lang2utt", "train_shape_file", "valid_shape_file")
        args.languages = read_languages(Path(args.lang2utt))
        if args.lang_num not in (None, len(args.languages)):
            raise GeoLIDError(f"lang_num {args.lang_num}, but {args.lang2utt} has {len(args.languages)} languages")
        args.lang_num = len(args.languages)
        _set_schedule_length(args)
        tables = [table for mode in ("train", "valid") for table in _inputs(args, mode)]
        args.data_digest = data_digest(*tables)
        refuse_other_run(Path(args.output_dir), args)
        super().main_worker(args)

    @classmethod
    def build_model(cls, args: argparse.Namespace) -> GeoLIDModel:
        """Build the model to train, with the weights to begin with."""
        model = build.build_model(vars(args))
        for source in args.init_param:
            load_initial_weights(model, source, args.ignore_init_mismatch)
        # AbsTask would read them once more, and would let in more than tensors
        args.initial_weights, args.init_param = args.init_param, []
        args.freeze_param = [_our_prefix(prefix, model) for prefix in args.freeze_param]
        args.encoder_config = build.encoder_config(model)  # builds it again where its source is out of reach
        return model

    @classmethod
    def build_iter_factory(
        cls, args: argparse.Namespace, distributed_option: DistributedOption, mode: str, kwargs: dict | None = None
    ) -> AbsIterFactory:
        if mode not in ("train", "valid"):
            raise GeoLIDError("num_att_plot: there is no attention to plot; set it to 0")
        train = mode == "train"
        conf = _augmentation(args)
        rate = conf.sample_rate or SAMPLE_RATE
        _wav_scp, utt2lang, shape_file = _inputs(args, mode)
        balance = train and args.batch_type == "catpow_balance_dataset"
        utterances = read_utterances(utt2lang.parent, shape_file, args.languages, with_datasets=balance)
        dataset = SpeechDataset(utterances, rate, Augmenter(conf, rate) if train else None, _language_vectors(args))
        ranks = {
            "rank": distributed_option.dist_rank or 0,
            "world_size": distributed_option.dist_world_size if distributed_option.distributed else 1,
            "num_workers": args.num_workers,
            "pin_memory": args.ngpu > 0,
        }
        bins = args.batch_bins if train else args.valid_batch_bins or args.batch_bins
        size = BatchSize(bins, args.max_batch_size, args.min_batch_size, args.drop_last_iter)
        if not train:
            return ValidIterFactory(dataset, size, **ranks)
        return TrainIterFactory(
            dataset, _sampler(args, dataset), size, args.batch_grouping, args.num_iters_per_epoch, args.seed, **ranks
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


def _require(args: argparse.Namespace, *options: str) -> None:
    for option in options:
        if not getattr(args, option):
            raise GeoLIDError(f"--{option} is not given; steps/05_train.sh shows how training is called")


def _inputs(args: argparse.Namespace, mode: str) -> tuple[Path, Path, Path]:
    """Return wav.scp, utt2lang and speech_shape of the training or the validation set."""
    named = {name: Path(path) for path, name, _type in getattr(args, f"{mode}_data_path_and_name_and_type")}
    missing = {"speech", "lid_labels"} - named.keys()
    if missing:
        raise GeoLIDError(
            f"--{mode}_data_path_and_name_and_type: {' and '.join(sorted(missing))} not given; expected "
            "<dir>/wav.scp,speech,sound and <dir>/utt2lang,lid_labels,text"
        )
    return named["speech"], named["lid_labels"], Path(getattr(args, f"{mode}_shape_file")[0])


# What preprocessor_conf may say of vectors; the rest is about audio.
_VECTOR_KEYS = ("use_lang2vec", "lang2vec_type", "lang2vec_file")


def _augmentation(args: argparse.Namespace) -> AugmentConf:
    given = {key: value for key, value in args.preprocessor_conf.items() if key not in _VECTOR_KEYS}
    return read_augment_conf(given, given.get("sample_rate") or SAMPLE_RATE)


def _language_vectors(args: argparse.Namespace):
    """Return the vectors of the languages, (languages, dims), where the loss asks for them."""
    given = args.preprocessor_conf
    if not args.loss.endswith("_lang2vec") or given.get("use_lang2vec") is False:
        return None
    kind = args.loss_conf.get("lang2vec_type") or "geo"
    if given.get("lang2vec_type", kind) != kind:
        raise GeoLIDError(
            f"lang2vec_type: {kind} in loss_conf, {given['lang2vec_type']} in preprocessor_conf; loss_conf is enough"
        )
    file = given.get("lang2vec_file")
    try:
        return vectors(args.languages, kind, Path(file) if file else None)
    except VectorError as error:
        raise GeoLIDError(f"{error}\nThe vector file is named as preprocessor_conf: {{lang2vec_file: FILE}}") from None


def _set_schedule_length(args: argparse.Namespace) -> None:
    """Let a schedule that is not told its length end where training ends."""
    key = _SCHEDULE_LENGTH.get(args.scheduler)
    if key is None or key in args.scheduler_conf:
        return
    if not args.num_iters_per_epoch:
        raise GeoLIDError(
            f"scheduler_conf: {args.scheduler} needs {key}, or num_iters_per_epoch, from which it would be computed"
        )
    updates = args.max_epoch * -(
        -args.num_iters_per_epoch // args.accum_grad
    )  # an epoch's last update may be a short one
    args.scheduler_conf = {**args.scheduler_conf, key: updates}


def _our_prefix(prefix: str, model: GeoLIDModel) -> str:
    """Return the prefix of parameters to freeze, under our names for those of the published system."""
    ours = re.sub(r"^frontend\.upstream(\.upstream)?(\.model)?", "frontend.encoder", prefix)
    if not any(f"{name}.".startswith(f"{ours}.") for name, _ in model.named_parameters()):
        raise GeoLIDError(f"freeze_param: no parameter begins with {prefix}; there are {', '.join(_parts(model))}")
    return ours


def _parts(model: GeoLIDModel) -> list[str]:
    return sorted({name.partition(".")[0] for name, _ in model.named_parameters()})
