"""What a run was made of, so that another one is not taken for its continuation."""

import argparse
import hashlib
from pathlib import Path

import yaml

from geolid.errors import GeoLIDError

# They say how a run goes, not what comes of it.
_FREE = {
    *("config", "cudnn_benchmark", "dist_backend", "dist_init_method", "dist_launcher"),
    *("dist_master_addr", "dist_master_port", "dist_rank", "dist_world_size", "distributed", "dry_run", "init_param"),
    *("initial_weights", "keep_nbest_models", "local_rank", "log_interval", "log_level", "max_epoch", "ngpu"),
    *("multiprocessing_distributed", "nbest_averaging_interval", "num_workers", "output_dir", "patience"),
    *("print_config", "required", "resume", "use_matplotlib", "use_tensorboard", "use_wandb", "version"),
    *("wandb_entity", "wandb_id", "wandb_model_log_interval", "wandb_name", "wandb_project"),
}


def data_digest(*tables: Path) -> str:
    """Return a short sum over the tables that say which utterances there are."""
    digest = hashlib.sha256()
    for table in tables:
        with Path(table).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]


def refuse_other_run(output_dir: Path, args: argparse.Namespace) -> None:
    """Stop if a folder holds an unfinished or finished run of another config or other data than is asked for."""
    config_file = output_dir / "config.yaml"
    if not args.resume or not (output_dir / "checkpoint.pth").exists() or not config_file.exists():
        return
    before = yaml.safe_load(config_file.read_text(encoding="utf-8"))
    now = yaml.safe_load(yaml.safe_dump(_plain(vars(args))))
    changed = [
        f"  {key}: {before[key]} -> {now[key]}"
        for key in sorted(before.keys() & now.keys() - _FREE)
        if before[key] != now[key]
    ]
    if changed:
        raise GeoLIDError(
            f"{output_dir} holds a run with another config or other data than asked for now:\n"
            + "\n".join(changed)
            + "\nName another experiment (--lid_tag), or remove that folder to train it anew"
        )


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
