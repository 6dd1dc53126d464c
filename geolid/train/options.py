"""The options of a training: what they are called, what they take and what they are when nobody says.

Their names are ESPnet's where it has them. Nothing heavy is imported here, so that a mistake is told at once.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from geolid.errors import GeoLIDError, refuse_unknown
from geolid.model.parts import PARTS, predicts_vectors
from geolid.train.config import BATCH_TYPE_OF, override, read_config
from geolid.train.kinds import Kind, Nested, Once, flag, number, one_of, text, whole, words

OPTIMIZERS = ("adam", "adamw", "sgd", "adadelta", "adagrad", "adamax", "asgd", "rmsprop", "rprop", "radam")
SCHEDULERS = (
    *("reducelronplateau", "steplr", "multisteplr", "exponentiallr", "cosineannealinglr", "noamlr", "warmuplr"),
    *("piecewiselinearwarmuplr", "warmupsteplr", "warmupreducelronplateau", "cycliclr", "onecyclelr"),
    *("cosineannealingwarmrestarts", "cosineannealingwarmuprestarts", "tristagelr", "exponentialdecaywarmup"),
)
INITS = ("chainer", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal")
LEVELS = ("error", "warning", "info", "debug", "notset")

# Options of ESPnet's that are not offered, with the values that say what happens anyway: those are taken. The first is
# what ESPnet's code reads.
ESPNET_ONLY: dict[str, tuple] = {
    "iterator_type": ("category",),
    "valid_iterator_type": ("category", None),
    "num_att_plot": (0,),
    "multiple_iterator": (False,),
    "collect_stats": (False,),
    "write_collected_feats": (False,),
    "print_config": (False,),
    "pretrain_path": (None,),
    "use_deepspeed": (False,),
    "deepspeed_config": (None,),
    "sharded_ddp": (False,),
    "no_forward_run": (False,),
    "create_graph_in_tensorboard": (False,),
    "use_adapter": (False,),
    "adapter": ("lora",),
    "adapter_conf": ({},),
    "save_strategy": ("all",),
    "train_dtype": ("float32",),
    "batch_size": (None,),
    "valid_batch_size": (None,),
    "valid_batch_type": (None,),
    "category_sample_size": (None,),
    "fold_length": ([],),
    "sort_in_batch": (None,),
    "sort_batch": (None,),
    "shuffle_within_batch": (False,),
    "chunk_length": (None,),
    "chunk_shift_ratio": (None,),
    "num_cache_chunks": (None,),
    "chunk_excluded_key_prefixes": ([],),
    "chunk_default_fs": (None,),
    "chunk_max_abs_length": (None,),
    "chunk_discard_short_samples": (None,),
    "multi_task_dataset": (False,),
    "allow_variable_data_keys": (False,),
    "max_cache_size": (0, 0.0),
    "max_cache_fd": (None,),
    "valid_max_cache_size": (None, 0, 0.0),
    "allow_multi_rates": (False,),
}


class _Parser(argparse.ArgumentParser):
    """A parser that returns only what was given; `defaults` are the rest."""

    def __init__(self):
        super().__init__(
            usage="%(prog)s --config FILE --output_dir FOLDER [--option value ...]",
            description="Train a language identifier. Options are given here or, without their dashes, in the YAML "
            "file of --config; here wins.",
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
        )
        self.defaults: dict[str, Any] = {}

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (?:--([^ =]+))?(.*)", message)
        if unknown:
            refuse_unknown("command line", filter(None, [unknown[1]]), [*self.defaults, *ESPNET_ONLY])
            message = f"'{unknown[1] or unknown[2]}' belongs to no option"
        raise GeoLIDError(f"command line: {message.removeprefix('argument ')}")

    def actions(self) -> dict[str, argparse.Action]:
        return {action.dest: action for action in self._actions}


def make_parser() -> _Parser:
    parser = _Parser()

    def add(name: str, kind: Kind | type[Nested], default: Any = None, about: str = "", **how: Any) -> None:
        parser.defaults[name] = default
        if kind is Nested:
            how |= {"action": Nested, "metavar": "KEY=VALUE"}
        else:
            about += f"; {kind.expected}" if about else kind.expected
            how = {"action": Once, "type": kind, "metavar": "VALUE", **how}
        told = "" if default in (None, [], {}) else f" (default: {_told(default)})"
        group.add_argument(f"--{name}", help=(about + told).replace("%", "%%"), **how)

    def add_conf(name: str, about: str) -> None:
        add(name, Nested, {}, about)

    several = {"nargs": "+"}

    group = parser.add_argument_group("where")
    add("config", text("a YAML file"))
    add("output_dir", text("a folder"), None, "what is written goes there")
    add("ngpu", whole(0), 0, "GPUs; 0: on the CPU")
    add("num_workers", whole(0), 1, "processes that read audio, for each that trains")
    add("log_level", one_of(LEVELS), "info")
    add("dry_run", flag(), False, "build everything, then stop")
    add("resume", flag(), True, "go on from checkpoint.pth where there is one")
    add("seed", whole(0), 0)

    group = parser.add_argument_group("data")
    data = words(("path", "name", "type"))
    for mode in ("train", "valid"):
        add(f"{mode}_data_path_and_name_and_type", data, [], "given for speech and for lid_labels", action="append")
        add(f"{mode}_shape_file", text("a table"), [], "the samples of each utterance", action="append")
    add("lang2utt", text("a table"), None, "the training set's; the order of classes is that of its languages, sorted")
    add("lang_num", whole(2, optional=True), None, "how many languages there are, if that is to be checked")

    group = parser.add_argument_group("batches")
    add("batch_type", one_of(("catpow", "catpow_balance_dataset")), "catpow")
    add("upsampling_factor", number(0, 1), 0.5, "catpow: languages; 0: all alike, 1: as their hours")
    add("category_upsampling_factor", number(0, 1), 0.5, "catpow_balance_dataset: languages within a corpus")
    add("dataset_upsampling_factor", number(0, 1), 0.5, "catpow_balance_dataset: corpora")
    add("language_upsampling_factor", number(0, 1, optional=True), None, "an older name for that of languages")
    add("dataset_scaling_factor", number(1), 1.2, "draws of an epoch over utterances")
    add("batch_grouping", one_of(("length", "none")), "length", "utterances of similar length go together, or not")
    add("batch_bins", whole(1), 2_880_000, "samples of a batch, of all processes together")
    add("valid_batch_bins", whole(1, optional=True), None, "in validation, if it is another number")
    add("max_batch_size", whole(1, optional=True), None, "utterances of a batch")
    add("min_batch_size", whole(1), 1, "utterances of a batch")
    add("drop_last_iter", flag(), False, "leave out an epoch's last batch if it is not full")
    add("num_iters_per_epoch", whole(1, optional=True), None, "batches of an epoch")

    group = parser.add_argument_group("training")
    add("max_epoch", whole(1), 40)
    add("patience", whole(1, optional=True), None, "epochs without improvement that are borne")
    add("early_stopping_criterion", text(), ["valid", "accuracy", "max"], "by which that is told", nargs=3)
    add("val_scheduler_criterion", text(), ["valid", "loss"], "for schedules that go by results", nargs=2)
    criterion = words(("phase", "name", "min or max"))
    add("best_model_criterion", criterion, [["valid", "accuracy", "max"]], "which model is the best", **several)
    add("keep_nbest_models", whole(1), [2], "models that stay and are averaged", **several)
    add("nbest_averaging_interval", whole(0), 0, "epochs from one average to the next; 0: at the end only")
    add("accum_grad", whole(1), 1, "batches of an update")
    add("grad_clip", number(0, above=True), 5.0, "the largest norm of a gradient")
    add("grad_clip_type", number(0, above=True), 2.0, "which norm")
    add("grad_noise", flag(), False)
    add("use_amp", flag(), False, "mixed precision, on a GPU")
    add("use_tf32", flag(), False)
    add("detect_anomaly", flag(), False)
    add("max_bad_batches", whole(1), 5, "in a row, whose loss is no number")
    add("max_collapsed_epochs", whole(1), 3, "in a row, that know one language only")
    add("optim", one_of(OPTIMIZERS), "adadelta")
    add_conf("optim_conf", "options of the optimizer")
    add("scheduler", one_of(SCHEDULERS, optional=True), None)
    add_conf("scheduler_conf", "options of the schedule")
    add("exclude_weight_decay", flag(), False, "leave biases and norms out of weight decay")
    add_conf("exclude_weight_decay_conf", "options of that")

    group = parser.add_argument_group("weights to begin with")
    add("init_param", text("<file>[:<from>:<to>:<without>]"), [], "weights of another model", nargs="*")
    add("ignore_init_mismatch", flag(), False, "leave out those that do not fit")
    add("freeze_param", text("a prefix"), [], "parameters that are not trained", nargs="*")
    add("init", one_of(INITS, optional=True), None, "how weights are initialised")

    group = parser.add_argument_group("model")
    for name, part in PARTS.items():
        add(name, one_of(part.choices, optional=part.default is None or name == "normalize"), part.default)
        add_conf(f"{name}_conf", f"options of the {name}")

    group = parser.add_argument_group("what is told")
    add("log_interval", whole(1, optional=True), None, "batches from one line to the next")
    add("use_matplotlib", flag(), True, "draw images/curves.png")
    add("use_tensorboard", flag(), True)
    add("use_wandb", flag(), False, "tell Weights & Biases")
    for name in ("project", "id", "entity", "name"):
        add(f"wandb_{name}", text(optional=True))
    add("wandb_model_log_interval", whole(-1), -1, "epochs from one model that it is given to the next; -1: none")

    group = parser.add_argument_group("processes and GPUs; torchrun sets what concerns processes")
    add("multiprocessing_distributed", flag(), False, "start a process for each GPU")
    add("dist_backend", text(), "nccl")
    add("dist_init_method", text(), "env://")
    add("dist_launcher", one_of(("slurm", "mpi"), optional=True))
    add("dist_master_addr", text(optional=True))
    for name in ("dist_world_size", "dist_rank", "local_rank", "dist_master_port"):
        add(name, whole(0, optional=True))
    add("unused_parameters", flag(), False, "parameters may be left without a gradient")
    add("gradient_as_bucket_view", flag(), True)
    add("ddp_comm_hook", one_of(("fp16_compress_hook", "bf16_compress_hook"), optional=True))
    add("cudnn_enabled", flag(), True)
    add("cudnn_benchmark", flag(), False)
    add("cudnn_deterministic", flag(), True)
    return parser


def parse(cmd: Sequence[str] | None = None) -> argparse.Namespace:
    """Read options, over those of --config, over the defaults."""
    parser = make_parser()
    words = list(sys.argv[1:] if cmd is None else cmd)
    given = vars(parser.parse_args(_espnet_only_checked(words)))
    origin = dict.fromkeys(given, "command line")
    config_file = given.pop("config", None)
    config: dict[str, Any] = {}
    if config_file is not None:

        def check(path: Path, own: dict) -> dict:
            own = _checked(str(path), own, parser)
            for key in own:
                origin.setdefault(key, str(path))
            return own

        config = read_config(Path(config_file), check)
    said = override(config, given)
    _refuse_what_does_nothing({**parser.defaults, **said}, said, origin)
    options = {name: accepted[0] for name, accepted in ESPNET_ONLY.items()} | parser.defaults | said
    if not options["output_dir"]:
        raise GeoLIDError("--output_dir is not given; steps/05_train.sh shows how training is called")
    factor = options["language_upsampling_factor"]
    if factor is not None:
        options["upsampling_factor"] = options["category_upsampling_factor"] = factor
    options["log_level"] = options["log_level"].upper()
    return argparse.Namespace(**{**options, "config": config_file, "required": ["output_dir"]})


def _checked(where: str, config: dict[str, Any], parser: _Parser) -> dict[str, Any]:
    """Return the keys of a config as they count; they are checked as those of the command line are."""
    actions = parser.actions()
    refuse_unknown(where, config, [*(set(parser.defaults) - {"config"}), *ESPNET_ONLY])
    checked = {}
    for key, value in config.items():
        if key in ESPNET_ONLY:
            _refuse_espnet_only(where, key, value)
            continue
        try:
            checked[key] = _value(actions[key], value)
        except (argparse.ArgumentError, argparse.ArgumentTypeError) as error:
            raise GeoLIDError(f"{where}: {key}: {getattr(error, 'message', error)}") from None
    return checked


def _value(action: argparse.Action, value: Any) -> Any:
    if isinstance(action, Nested):
        return action.check(value)
    if action.nargs is None and isinstance(action, Once):
        return action.type.check(value)
    values = value if isinstance(value, list) else [value]
    if isinstance(action.nargs, int) and len(values) != action.nargs:
        raise argparse.ArgumentTypeError(f"found {value!r}, expected a list of {action.nargs}")
    if action.nargs == "+" and not values:
        raise argparse.ArgumentTypeError("found an empty list, expected one value or more")
    return [action.type.check(one) for one in values]


def _espnet_only_checked(words: Iterable[str]) -> list[str]:
    """Return the words without those options of ESPnet's that say what happens anyway."""
    words, left = list(words), []
    while words:
        word = words.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if word.startswith("--") and name in ESPNET_ONLY:
            value = value if equals else words.pop(0) if words else ""
            read = Kind("", lambda value: value, optional=True)
            _refuse_espnet_only("command line", name, read(value))
        else:
            left.append(word)
    return left


def _refuse_espnet_only(where: str, key: str, value: Any) -> None:
    accepted = ESPNET_ONLY[key]
    if not any(value == one and type(value) is type(one) for one in accepted):
        here = "it would do nothing" if accepted[0] is None else f"all is as with {key}: {_told(accepted[0])}"
        raise GeoLIDError(f"{where}: {key}: found {value!r}; ESPnet has this option, but here {here}: remove it")


def _refuse_what_does_nothing(options: dict[str, Any], said: dict[str, Any], origin: dict[str, str]) -> None:
    """Stop at an option that was given and would change nothing, as another one is what it is; or goes against it."""

    def refuse(key: str, why: str) -> NoReturn:
        raise GeoLIDError(f"{origin.get(key, 'config')}: {key}: {why}")

    for key, batch_type in BATCH_TYPE_OF.items():
        if key in said and options["batch_type"] != batch_type:
            refuse(key, f"does nothing with batch_type: {options['batch_type']}, only with {batch_type}; remove it")
    for part in [name.removesuffix("_conf") for name in options if name.endswith("_conf")]:
        if options[f"{part}_conf"] and not options[part]:
            refuse(f"{part}_conf", f"there is no {part} that it could be about; choose one, or remove its options")
        if part.endswith("_condition") and options[f"{part}_conf"] and options["model"] != "upstream_condition":
            refuse(f"{part}_conf", f"does nothing with model: {options['model']}; remove it, or set it to null")
    about_vectors = ("use_lang2vec", "lang2vec_type", "lang2vec_file")
    vectors = {key: options["preprocessor_conf"].get(key) for key in about_vectors}
    if predicts_vectors(options["loss"]):
        if vectors["use_lang2vec"] not in (None, True):
            refuse(
                "preprocessor_conf",
                f"use_lang2vec: {vectors['use_lang2vec']!r} goes against loss: "
                f"{options['loss']}; remove it, or choose a loss without lang2vec",
            )
    elif given := [key for key, value in vectors.items() if value]:
        refuse("preprocessor_conf", f"{given[0]} does nothing with loss: {options['loss']}; remove it")
    if options["use_tf32"] and options["use_amp"]:
        refuse("use_tf32", "goes against use_amp: true; set one of them to false")
    _refuse_unknown_results(options, refuse)


def _refuse_unknown_results(options: dict[str, Any], refuse: Callable[[str, str], NoReturn]) -> None:
    """Stop at a criterion that training will never note."""
    known = ["loss", "accuracy", "class_loss"]
    if predicts_vectors(options["loss"]):
        kind = options["loss_conf"].get("lang2vec_type") or "geo"
        known.append(f"{kind}_loss")
        if options["model"] == "upstream_condition":
            layers = options["model_conf"].get("lang2vec_conditioning_layers")
            layers = layers if isinstance(layers, list) else []  # what else it may be is told where the model is built
            known += [f"{kind}_loss_layers", *(f"{kind}_loss_layer{layer}" for layer in layers)]
    for key in ("best_model_criterion", "early_stopping_criterion", "val_scheduler_criterion"):
        for phase, name, *mode in options[key] if key == "best_model_criterion" else [options[key]]:
            for found, expected in ((phase, ("train", "valid")), (name, known), *((m, ("min", "max")) for m in mode)):
                if found not in expected:
                    refuse(key, f"found '{found}', expected one of {', '.join(expected)}")


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return " ".join(",".join(one) if isinstance(one, list) else str(one) for one in value)
    return str(value)
