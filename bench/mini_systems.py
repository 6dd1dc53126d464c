"""Train systems on the embedded corpus with several seeds, and tell how much of each test set they get right.

Needs stages 1 to 4 of ./run.sh. Models stay in --work, so that a run that was stopped goes on. With --jobs 2 two
systems train at once, on a core each: quicker for all together, but it says nothing of the time that one takes.
"""

import argparse
import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

DUMP = Path("dump/raw")
VALID_SET = "dev_mini_lang"
MODEL = "valid.accuracy.best.pth"
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
    cores = max(1, (os.cpu_count() or 1) // args.jobs)
    start = time.monotonic()
    _run(
        *("steps/05_train.sh", "--lid_config", config, "--lid_args", f"--seed {seed} {args.lid_args}"),
        *("--num_threads", cores, DUMP / "train_mini_lang", DUMP / VALID_SET, "exp/lid_stats_16k", folder),
    )
    minutes = (time.monotonic() - start) / 60
    if "goes on after epoch" in (folder / "train.log").read_text():
        minutes = float("nan")
    sets = [DUMP / name for name in SETS]
    _run("steps/06_infer.sh", "--inference_model", MODEL, "--nj", cores, folder, DUMP / VALID_SET, *sets)
    _run("steps/07_score.sh", "--inference_model", MODEL, folder, *sets)
    inferred = folder / "inference" / MODEL.removesuffix(".pth")
    accuracies = [100 * json.loads((inferred / name / "results.json").read_text())["accuracy"] for name in SETS]
    print(f"{config.stem} seed {seed}: {minutes:.1f} min, " + ", ".join(f"{a:.1f} %" for a in accuracies), flush=True)
    return [minutes, *accuracies]


def _run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
