"""Train systems on the embedded corpus with several seeds, and tell how much of each test set they get right.

Needs stages 1 to 4 of ./run.sh. Models stay in --work, so that a run that was stopped goes on. With --jobs 2 two
systems train at once, on a core each: quicker for all together, but it says nothing of the time that one takes.
"""

import argparse
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from geolid.model.build import load_model
from geolid.train.batches import BatchSize
from geolid.train.dataset import SpeechDataset
from geolid.train.iterator import ValidIterFactory
from geolid.train.utterances import read_utterances

DUMP = Path("dump/raw")
SETS = ("test_mini_lang", "test_dialect_mini_lang", "test_phone_mini_lang", "test_noisy_mini_lang")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="*", default=["conf/mini/geolid.yaml", "conf/mini/baseline.yaml"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--jobs", type=int, default=1, help="systems at once")
    parser.add_argument("--lid_args", default="", help="further options of training")
    parser.add_argument("--work", type=Path, default=Path("exp/bench_mini_systems"))
    args = parser.parse_args()

    runs = [(Path(config), seed) for seed in args.seeds for config in args.configs]
    with ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda run: train_and_test(*run, args), runs))
    print(f"\n{'config':<12} {'minutes':>8}  " + "  ".join(f"{name:>24}" for name in SETS))
    for config in args.configs:
        rows = np.array([row for (name, _), row in zip(runs, results, strict=True) if name == Path(config)])
        cells = [f"{mean:.1f} ± {spread:.1f} %" for mean, spread in zip(rows.mean(0)[1:], rows.std(0)[1:], strict=True)]
        print(f"{Path(config).stem:<12} {rows[:, 0].mean():>8.1f}  " + "  ".join(f"{cell:>24}" for cell in cells))
    print(f"mean and standard deviation over seeds {args.seeds}; {os.cpu_count()} cores, {args.jobs} at once")


def train_and_test(config: Path, seed: int, args: argparse.Namespace) -> list[float]:
    """Return the minutes of training, and the percentages of the sets."""
    folder = args.work / f"{config.stem}_{seed}"
    threads = max(1, (os.cpu_count() or 1) // args.jobs)
    start = time.monotonic()
    subprocess.run(
        [
            *("steps/05_train.sh", "--lid_config", config, "--lid_args", f"--seed {seed} {args.lid_args}"),
            *("--num_threads", str(threads)),
            *(DUMP / "train_mini_lang", DUMP / "dev_mini_lang", "exp/lid_stats_16k", folder),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    minutes = (time.monotonic() - start) / 60
    log = (folder / "train.log").read_text()
    if "goes on after epoch" in log:
        minutes = float("nan")
    model, conf = load_model(folder / "config.yaml", best_model(folder))
    accuracies = [accuracy(model.eval(), conf["languages"], DUMP / name) for name in SETS]
    print(f"{config.stem} seed {seed}: {minutes:.1f} min, " + ", ".join(f"{a:.1f} %" for a in accuracies), flush=True)
    return [minutes, *accuracies]


def best_model(folder: Path) -> Path:
    averages = sorted(
        folder.glob("valid.accuracy.ave_*best.pth"), key=lambda p: int(re.search(r"(\d+)best", p.name)[1])
    )
    return averages[-1] if averages else folder / "valid.accuracy.best.pth"


@torch.inference_mode()
def accuracy(model, languages: list[str], data_dir: Path) -> float:
    shapes = data_dir / "utt2num_samples"
    dataset = SpeechDataset(read_utterances(data_dir, shapes, languages), 16000)
    right = utterances = 0
    for ids, batch in ValidIterFactory(dataset, BatchSize(960_000, 64)).build_iter(1):
        _, found = model(speech=batch["speech"], speech_lengths=batch["speech_lengths"], extract_embd=True)
        right += int((found == batch["lid_labels"]).sum())
        utterances += len(ids)
    return 100 * right / utterances


if __name__ == "__main__":
    main()
