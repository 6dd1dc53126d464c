"""What a model was trained on, and how: as far as its experiment tells, without places of the machine or dates."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geolid.data.tables import read_rows, read_table
from geolid.model.package import ModelFiles

_OPTIONS = (
    *("config", "seed", "initial_weights", "freeze_param", "preprocessor_conf"),
    *("batch_type", "upsampling_factor", "category_upsampling_factor", "dataset_upsampling_factor"),
    *("dataset_scaling_factor", "batch_grouping", "batch_bins", "max_batch_size", "min_batch_size"),
    *("num_iters_per_epoch", "max_epoch", "patience", "accum_grad", "grad_clip", "use_amp", "train_dtype"),
    *("optim", "optim_conf", "scheduler", "scheduler_conf", "best_model_criterion", "keep_nbest_models"),
)


def training_record(files: ModelFiles) -> dict[str, Any]:
    """Return training.json: sets, options and versions; what cannot be told any more is null."""
    config = files.config
    return {
        "model": files.weights.name,
        "made_in": files.weights.resolve().name,  # the epoch that a link such as valid.accuracy.best.pth means
        "corpora": config.get("data_sets") or [],
        "seed": config.get("seed"),
        "sets": {kind: _set(config, kind, files.sampling_rate) for kind in ("train", "valid")},
        "data_digest": config.get("data_digest"),
        "options": {key: _without_places(config[key]) for key in _OPTIONS if config.get(key) is not None},
        "trained_with": config.get("trained_with") or {"espnet": config.get("version")},
    }


def _set(config: Mapping[str, Any], kind: str, rate: int) -> dict[str, Any] | None:
    """Return a set's name, utterances and hours, in all and by language."""
    named = {name: Path(path) for path, name, *_ in config.get(f"{kind}_data_path_and_name_and_type") or ()}
    if "lid_labels" not in named:
        return None
    utt2lang = named["lid_labels"]
    record: dict[str, Any] = {"name": utt2lang.parent.name, "utterances": None, "hours": None, "languages": None}
    shapes = [Path(file) for file in config.get(f"{kind}_shape_file") or ()]
    if not utt2lang.is_file() or len(shapes) != 1 or not shapes[0].is_file():
        return record
    languages = read_table(utt2lang)
    counts: dict[str, list[int]] = {}  # utterances and samples
    for utt, samples in read_rows(shapes[0]):
        if utt in languages:
            count = counts.setdefault(languages[utt], [0, 0])
            count[0] += 1
            count[1] += int(samples.partition(",")[0])
    by_language = {
        language: {"utterances": utterances, "hours": _hours(samples, rate)}
        for language, (utterances, samples) in sorted(counts.items())
    }
    total = [sum(numbers) for numbers in zip(*counts.values(), strict=True)] or [0, 0]
    return {**record, "utterances": total[0], "hours": _hours(total[1], rate), "languages": by_language}


def _hours(samples: int, rate: int) -> float:
    return round(samples / rate / 3600, 4)


def _without_places(value: Any) -> Any:
    """Return options with the names alone of the files and folders that they speak of."""
    if isinstance(value, Mapping):
        return {key: _without_places(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_places(inner) for inner in value]
    return value.rstrip("/").rpartition("/")[2] if isinstance(value, str) else value
