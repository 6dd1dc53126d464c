"""What a run was made of, so that another one is not taken for its continuation."""

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from geolid.errors import GeoLIDError
from geolid.train.options import ESPNET_ONLY

# They say how a run goes, not what comes of it.
_FREE = {
    *("config", "cudnn_benchmark", "dist_backend", "dist_init_method", "dist_launcher"),
    *("dist_master_addr", "dist_master_port", "dist_rank", "dist_world_size", "distributed", "dry_run", "init_param"),
    *("keep_nbest_models", "local_rank", "log_interval", "log_level", "max_epoch", "ngpu"),
    *("multiprocessing_distributed", "nbest_averaging_interval", "num_workers", "output_dir", "patience"),
    *("print_config", "required", "resume", "trained_with", "use_matplotlib", "use_tensorboard"),
    *("use_wandb", "version", "wandb_entity", "wandb_id", "wandb_model_log_interval", "wandb_name", "wandb_project"),
}


_KEPT = ".config.yaml.kept"


def data_digest(*tables: Path) -> str:
    """Return a short sum over the tables and lists that say what there is to learn from."""
    digest = hashlib.sha256()
    for table in tables:
        with Path(table).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]


def refuse_other_run(output_dir: Path, args: argparse.Namespace) -> None:
    """Stop if a folder holds an unfinished or finished run of another config or other data than is asked for."""
    checkpoint = output_dir / "checkpoint.pth"
    if not checkpoint.exists():
        return
    if not args.resume:
        raise GeoLIDError(
            f"{checkpoint}: a training stands here already; go on with it by --resume true, train into another folder, "
            "or remove this one"
        )
    before = _config_of_run(output_dir)
    now = yaml.safe_load(yaml.safe_dump(_plain(vars(args))))
    keys = sorted(before.keys() & now.keys() - _FREE - ESPNET_ONLY.keys())
    changed = [line for key in keys for line in _differences(key, before[key], now[key])]
    if not changed:
        return
    remedy = "Name another experiment (--lid_tag), or remove that folder to train it anew"
    epochs = before.get("max_epoch"), now["max_epoch"]
    if len(changed) == 1 and changed[0].startswith("scheduler_conf.") and epochs[0] != epochs[1]:
        raise GeoLIDError(
            f"{output_dir} holds a run whose schedule, {now['scheduler']}, was computed for max_epoch {epochs[0]} and "
            f"cannot be stretched under way to max_epoch {epochs[1]}:\n  {changed[0]}\n"
            f"Go on with --max_epoch {epochs[0]}. {remedy}"
        )
    raise GeoLIDError(
        f"{output_dir} holds a run with another config or other data than asked for now:\n  "
        + "\n  ".join(changed)
        + f"\n{remedy}"
    )


def keep_config(output_dir: Path) -> None:
    """Put the config of an earlier run aside while it is written anew: one that was cut short would not be known."""
    if (output_dir / "checkpoint.pth").exists() and not (output_dir / _KEPT).exists():
        (output_dir / "config.yaml").replace(output_dir / _KEPT)


def config_is_written(output_dir: Path) -> None:
    (output_dir / _KEPT).unlink(missing_ok=True)


def _config_of_run(output_dir: Path) -> dict:
    kept = output_dir / _KEPT
    file = kept if kept.exists() else output_dir / "config.yaml"
    remedy = f"put it back, or remove {output_dir} to train anew"
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GeoLIDError(
            f"{file}: is missing beside checkpoint.pth, and only it says what was trained; {remedy}"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise GeoLIDError(f"{file}: no YAML, though a training wrote it; {remedy} ({error})") from None
    if not isinstance(config, dict) or not config:
        raise GeoLIDError(f"{file}: empty, or no 'key: value' lines, though a training wrote it; {remedy}")
    return config


def _differences(key: str, before: Any, now: Any) -> Iterator[str]:
    """Yield '<key>: <before> -> <now>' for what differs, down to the keys within."""
    if isinstance(before, dict) and isinstance(now, dict):
        for inner in sorted(before.keys() | now.keys(), key=str):
            yield from _differences(f"{key}.{inner}", before.get(inner), now.get(inner))
    elif before != now:
        yield f"{key}: {before} -> {now}"


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
