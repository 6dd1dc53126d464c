"""What is read and checked before a training starts: languages, utterances, sizes, lists of files, an earlier run.

Nothing heavy is imported here, so that what is wrong with them is told within a moment.
"""

import argparse
import logging
import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from geolid.data.data_dir import FREE_LABELS, has_free_labels
from geolid.data.tables import read_rows
from geolid.errors import GeoLIDError
from geolid.geo.vectors import VectorError, vectors
from geolid.model.parts import predicts_vectors
from geolid.train.augment import AugmentConf, read_augment_conf
from geolid.train.batches import BatchSize
from geolid.train.logs import start_log
from geolid.train.same_run import data_digest, refuse_other_run
from geolid.train.utterances import SAMPLE_RATE, Utterances, read_languages, read_utterances
from geolid.versions import versions

LOG = logging.getLogger(__name__)

# What a schedule that runs over the whole training calls its number of updates.
SCHEDULE_LENGTH = {"tristagelr": "max_steps", "onecyclelr": "total_steps"}
# What preprocessor_conf may say of vectors; the rest is about audio.
_VECTOR_KEYS = ("use_lang2vec", "lang2vec_type", "lang2vec_file")


def prepare(args: argparse.Namespace) -> None:
    """Check what training needs, and add to its options what follows from the data."""
    start_log("ERROR" if int(os.environ.get("RANK", "0")) else args.log_level)
    _refuse_missing(args)
    args.languages = read_languages(Path(args.lang2utt))
    if args.lang_num not in (None, len(args.languages)):
        raise GeoLIDError(f"lang_num {args.lang_num}, but {args.lang2utt} has {len(args.languages)} languages")
    args.lang_num = len(args.languages)
    _note_free_labels(args)
    args.data_sets = _data_sets(inputs(args, "train")[1].parent)  # a record of what it was trained on, and with
    args.trained_with = versions()
    set_schedule_length(args)
    for mode in ("train", "valid"):
        batch_size(args, mode)
    for source in args.init_param:
        if not Path(source.partition(":")[0]).is_file():
            raise GeoLIDError(f"--init_param {source}: there is no such file; name a .pth file of weights")
    args.initial_weights = args.init_param
    if args.use_wandb and find_spec("wandb") is None:
        raise GeoLIDError("use_wandb: there is no wandb here; install it into this environment, or set it to false")
    args.data_digest = data_digest(*_files_read(args))
    refuse_other_run(Path(args.output_dir), args)
    silent = set(range(args.lang_num)) - set(np.unique(utterances(args, "train").labels).tolist())
    if silent:
        LOG.warning(
            f"{len(silent)} of the {args.lang_num} languages of {args.lang2utt} have no utterance to train on: "
            f"{' '.join(args.languages[label] for label in sorted(silent))}; their classes will not be learnt"
        )
    utterances(args, "valid")
    language_vectors(args)


def inputs(args: argparse.Namespace, mode: str) -> tuple[Path, Path, Path]:
    """Return wav.scp, utt2lang and speech_shape of the training or the validation set."""
    given = getattr(args, f"{mode}_data_path_and_name_and_type")
    named = {name: Path(path) for path, name, _type in given}
    if len(given) != 2 or named.keys() != {"speech", "lid_labels"}:
        raise GeoLIDError(
            f"--{mode}_data_path_and_name_and_type: found {', '.join(name for _, name, _ in given) or 'none'}; "
            "expected it twice, as <dir>/wav.scp,speech,sound and <dir>/utt2lang,lid_labels,text"
        )
    shapes = getattr(args, f"{mode}_shape_file")
    if len(shapes) != 1:
        raise GeoLIDError(f"--{mode}_shape_file: found {len(shapes)}, expected one, <stats-dir>/{mode}/speech_shape")
    return named["speech"], named["lid_labels"], Path(shapes[0])


def utterances(args: argparse.Namespace, mode: str) -> Utterances:
    _wav_scp, utt2lang, shape_file = inputs(args, mode)
    balance = mode == "train" and args.batch_type == "catpow_balance_dataset"
    return _read_once(args.data_digest, utt2lang.parent, shape_file, tuple(args.languages), balance)


@lru_cache(maxsize=2)
def _read_once(_digest: str, *what: Any) -> Utterances:
    return read_utterances(*what)


def augmentation(args: argparse.Namespace) -> AugmentConf:
    given = {key: value for key, value in args.preprocessor_conf.items() if key not in _VECTOR_KEYS}
    return read_augment_conf(given, given.get("sample_rate") or SAMPLE_RATE)


def batch_size(args: argparse.Namespace, mode: str) -> BatchSize:
    bins = (args.valid_batch_bins if mode == "valid" else None) or args.batch_bins
    return BatchSize(bins, args.max_batch_size, args.min_batch_size, args.drop_last_iter)


def language_vectors(args: argparse.Namespace) -> np.ndarray | None:
    """Return the vectors of the languages, (languages, dims), where the loss asks for them."""
    if not predicts_vectors(args.loss):
        return None
    given = args.preprocessor_conf
    kind = args.loss_conf.get("lang2vec_type") or "geo"
    if given.get("lang2vec_type", kind) != kind:
        raise GeoLIDError(
            f"lang2vec_type: {kind} in loss_conf, {given['lang2vec_type']} in preprocessor_conf; loss_conf is enough"
        )
    return _vectors_once(args.data_digest, tuple(args.languages), kind, _vector_file(args))


@lru_cache(maxsize=1)
def _vectors_once(_digest: str, languages: tuple[str, ...], kind: str, file: Path | None) -> np.ndarray:
    try:
        return vectors(languages, kind, file)
    except VectorError as error:
        raise GeoLIDError(f"{error}\nThe vector file is named as preprocessor_conf: {{lang2vec_file: FILE}}") from None


def set_schedule_length(args: argparse.Namespace) -> None:
    """Let a schedule that is not told its length end where training ends."""
    key = SCHEDULE_LENGTH.get(args.scheduler)
    if key is None or args.scheduler_conf.get(key) is not None:  # null takes away what a base says
        return
    if not args.num_iters_per_epoch:
        raise GeoLIDError(
            f"scheduler_conf: {args.scheduler} needs {key}, or num_iters_per_epoch, from which it would be computed"
        )
    # an epoch's last update may be a short one
    updates = args.max_epoch * -(-args.num_iters_per_epoch // args.accum_grad)
    args.scheduler_conf = {**args.scheduler_conf, key: updates}


def _refuse_missing(args: argparse.Namespace) -> None:
    for option in ("lang2utt", "train_shape_file", "valid_shape_file"):
        if not getattr(args, option):
            raise GeoLIDError(f"--{option} is not given; steps/05_train.sh shows how training is called")


def _note_free_labels(args: argparse.Namespace) -> None:
    """Add to the options that labels are no languages, where the sets say so."""
    sets = [inputs(args, mode)[1].parent for mode in ("train", "valid")]
    free = [has_free_labels(data_dir) for data_dir in sets]
    if free[0] != free[1]:
        raise GeoLIDError(
            f"{sets[free.index(True)]}/label_kind says that labels are no languages, and {sets[free.index(False)]} "
            "does not; train and validate on sets of one kind"
        )
    if not free[0]:
        return
    args.label_kind = FREE_LABELS
    if predicts_vectors(args.loss) and _vector_file(args) is None:
        raise GeoLIDError(
            f"loss: {args.loss} needs a vector for each label, and {sets[0]}/label_kind says that labels are no "
            "languages; choose a loss without lang2vec, such as cross_entropy, or name vectors by preprocessor_conf: "
            "{lang2vec_file: FILE}"
        )


def _data_sets(data_dir: Path) -> list[str]:
    """Return the names of the corpora that a set is made of, where its table utt2dataset tells them."""
    table = data_dir / "utt2dataset"
    return sorted({name for _, name in read_rows(table)}) if table.exists() else []


def _vector_file(args: argparse.Namespace) -> Path | None:
    file = args.preprocessor_conf.get("lang2vec_file")
    if file is not None and not isinstance(file, str):
        raise GeoLIDError(f"preprocessor_conf: lang2vec_file: found {file!r}, expected the path of a vector file")
    return Path(file) if file else None


def _files_read(args: argparse.Namespace) -> list[Path]:
    """Return the tables and lists that say what there is to learn from."""
    tables = [table for mode in ("train", "valid") for table in inputs(args, mode)]
    if args.batch_type == "catpow_balance_dataset":
        tables.append(tables[1].parent / "utt2dataset")
    tables += augmentation(args).read_lists()
    file = _vector_file(args)
    for path in [*tables, *([file] if file else [])]:
        if not path.is_file():
            raise GeoLIDError(f"{path}: there is no such file; run the stage that makes it, or name another")
    return [*tables, *([file] if file else [])]
