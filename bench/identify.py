#!/usr/bin/env python3
"""`geolid identify` against stage 6: one model, the same 2,000 utterances, a process a core for each; and its starts.

    . ./path.sh && python bench/identify.py

It needs the embedded corpus and its model (./run.sh). Utterances of 1 to 20 s are the corpus's speech, repeated or cut.
Stage 6 runs with all that comes before and after, on a set that it also calibrates the model on; the command writes its
rows to a file. A start is a new process, from the call to its end, with the files in the machine's memory.

The bars: at least as fast as stage 6, and the same labels; the first answer within 9 s; `import geolid` within 0.3 s.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from infer import make_set

from geolid.data.tables import read_table

STARTS = 5


def timed(command: list[str], **environment: str) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - start


def starts(command: list[str]) -> str:
    seconds = [timed(command) for _ in range(STARTS)]
    return f"{statistics.median(seconds):.2f} s, median of {STARTS} ({min(seconds):.2f} to {max(seconds):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=2000)
    parser.add_argument("--corpus", type=Path, default=Path("dump/raw/test_mini_lang"), help="where speech comes from")
    parser.add_argument("--exp", type=Path, default=Path("exp/lid_geolid_raw"), help="where the model comes from")
    args = parser.parse_args()
    cores = str(len(os.sched_getaffinity(0)))
    sources, labels = read_table(args.corpus / "wav.scp"), read_table(args.corpus / "utt2lang")
    identify = [sys.executable, "-m", "geolid", "identify", "--device", "cpu", "--model"]
    with tempfile.TemporaryDirectory() as temporary:
        exp, data_dir = Path(temporary) / "exp", Path(temporary) / "many"
        exp.mkdir()
        for name in ("config.yaml", "valid.accuracy.best.pth"):
            shutil.copy(args.exp / name, exp)
        make_set(data_dir, sources, labels, args.utterances)
        one = next(iter(read_table(data_dir / "wav.scp").values()))

        print("import geolid:", starts([sys.executable, "-c", "import geolid"]), flush=True)
        print("one file:", starts([*identify, str(exp), one]), flush=True)
        output = Path(temporary) / "rows.jsonl"
        ours = timed([*identify, str(exp), "--nj", cores, "--output", str(output), str(data_dir)])
        print(f"{args.utterances} utterances: {ours:.1f} s", flush=True)
        stage = timed(["steps/06_infer.sh", "--nj", cores, str(exp), str(data_dir)], OMP_NUM_THREADS="1")
        print(f"stage 6: {stage:.1f} s, {stage / ours:.2f} times as long (the bar: 1)")
        lids = read_table(exp / "inference/valid.accuracy.best" / data_dir.name / f"{data_dir.name}_lids")
        rows = {row["audio"]: row["language"] for row in map(json.loads, output.read_text().splitlines())}
    print(f"{sum(rows[utt] == language for utt, language in lids.items())} of {len(lids)} labels are the same")


if __name__ == "__main__":
    main()
