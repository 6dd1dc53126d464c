"""Train systems on the embedded corpus with several seeds, and print a table of what they get right, as Markdown.

Needs stages 1 to 4 of ./run.sh. Models stay in --work, so that a run that was stopped goes on. The minutes are the
least of the seeds': leave the machine alone while one of them trains. The others may be trained at once, by a run of
this script on each core (taskset -c 0 python bench/mini_systems.py --seeds 2), before one with all prints the table.
"""

import argparse
import os
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from geolid.report.bootstrap import interval, resample
from geolid.report.predictions import read_predictions

DUMP = Path("dump/raw")
MODEL = "valid.accuracy.best.pth"
MINUTES = "minutes"  # of a folder: how long its training took; absent where it was interrupted


class Seed(NamedTuple):
    minutes: float
    parameters: int
    right: dict[str, np.ndarray]  # of each test set, whether an utterance was recognised
    unit: dict[str, np.ndarray]  # of each test set, what a bootstrap draws: the number of an utterance's speaker


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("geolid", "baseline", "mel_cnn", "xls_r", "superb_sid")
    parser.add_argument("configs", nargs="*", type=Path, default=[Path(f"conf/mini/{name}.yaml") for name in names])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--train_set", default="train_mini_lang")
    parser.add_argument("--valid_set", default="dev_mini_lang")
    parser.add_argument(
        "--test_sets",
        nargs="+",
        default=["test_mini_lang", "test_dialect_mini_lang", "test_phone_mini_lang", "test_noisy_mini_lang"],
    )
    parser.add_argument("--expdir", type=Path, default=Path("exp"), help="where stage 4 wrote, read")
    parser.add_argument("--work", type=Path, default=Path("exp/bench_mini_systems"))
    args = parser.parse_args()

    found = {config: [] for config in args.configs}
    for seed in args.seeds:
        for config in args.configs:
            found[config].append(train_and_test(config, seed, args))
            print(config, seed, *_cells(found[config][-1:]), sep="\t", flush=True)
    print("\n| config | parameters | minutes of training |", " | ".join(args.test_sets), "|")
    print("|---" * (3 + len(args.test_sets)) + "|")
    for config, seeds in found.items():
        print("|", " | ".join([f"`{config}`", *_cells(seeds)]), "|")
    print(f"\nAccuracy in %, mean of seeds {args.seeds} [95 % interval, by a bootstrap] (each seed)")


def train_and_test(config: Path, seed: int, args: argparse.Namespace) -> Seed:
    folder = args.work / f"{config.stem}_{seed}"
    cores = len(os.sched_getaffinity(0))
    train_dir, valid_dir, *test_dirs = (DUMP / name for name in (args.train_set, args.valid_set, *args.test_sets))
    undisturbed, start = not folder.exists(), time.monotonic()
    _run(
        *("steps/05_train.sh", "--lid_config", config, "--lid_args", f"--seed {seed}", "--num_threads", cores),
        *(train_dir, valid_dir, next(args.expdir.glob("lid_stats_*")), folder),
    )
    if undisturbed:
        (folder / MINUTES).write_text(str((time.monotonic() - start) / 60))
    _run("steps/06_infer.sh", "--inference_model", MODEL, "--nj", cores, folder, valid_dir, *test_dirs)
    minutes = float((folder / MINUTES).read_text()) if (folder / MINUTES).exists() else float("nan")
    state = torch.load(folder / MODEL, weights_only=True)
    inferred = folder / "inference" / MODEL.removesuffix(".pth")
    tested = {test_dir.name: read_predictions(inferred / test_dir.name, test_dir) for test_dir in test_dirs}
    return Seed(
        minutes,
        sum(tensor.numel() for tensor in state.values()),
        {name: p.predicted == p.reference for name, p in tested.items()},
        {name: p.unit for name, p in tested.items()},
    )


def _cells(seeds: list[Seed]) -> list[str]:
    """A row of the table. All seeds heard the same set: a speaker, or an utterance of none, is drawn with what all made
    of it.
    """
    sets = []
    for name in seeds[0].right:
        right = np.stack([seed.right[name] for seed in seeds])
        drawn = resample(np.tile(seeds[0].unit[name], len(seeds)), right.ravel().astype(int), cells=2)
        low, high = interval(drawn, lambda counts: counts[..., 1] / counts.sum(-1))
        each = ", ".join(f"{100 * accuracy:.1f}" for accuracy in right.mean(axis=1))
        sets.append(f"{100 * right.mean():.1f} [{100 * low:.1f}, {100 * high:.1f}] ({each})")
    minutes = np.nanmin([seed.minutes for seed in seeds])
    return [f"{seeds[0].parameters / 1e6:.1f} M", f"{minutes:.1f}", *sets]


def _run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
