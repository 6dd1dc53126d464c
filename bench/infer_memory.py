#!/usr/bin/env python3
"""Memory of stage 6 over 200,000 utterances: a wav.scp that repeats 40 short files, a small model, embeddings and all.

    . ./path.sh && python bench/infer_memory.py

The bar: after the first 10,000 utterances memory stays within 10 %. What is told is the resident memory of the one
process that identifies, and the most that putting everything together takes, beside that for a twentieth of the set.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
import yaml

from geolid.data.data_dir import write_data_dir
from geolid.model.build import build_model

RATE = 16000
FILES = 40
LANGUAGES = ["deu", "fra", "ita", "pol"]
CONF = {
    "frontend": "log_mel",
    "frontend_conf": {"n_mels": 20},
    "encoder": "ecapa_tdnn",
    "encoder_conf": {"model_scale": 4, "ndim": 16, "output_size": 24},
    "projector_conf": {"output_size": 96},
    "loss": "aamsoftmax_sc_topk_lang2vec",
    "lang_num": len(LANGUAGES),
    "languages": LANGUAGES,
}


def make(folder: Path, utterances: int) -> Path:
    """Write a set that repeats the files of <folder>/wav."""
    names = [f"{LANGUAGES[number % 4]}_{number:07d}" for number in range(utterances)]
    lengths = {number: soundfile.info(folder / f"wav/{number}.wav").frames for number in range(FILES)}
    data_dir = folder / f"set{utterances}"
    write_data_dir(
        data_dir,
        {
            "wav.scp": {name: f"{folder}/wav/{number % FILES}.wav" for number, name in enumerate(names)},
            "utt2lang": {name: name[:3] for name in names},
            "utt2num_samples": {name: str(lengths[number % FILES]) for number, name in enumerate(names)},
        },
    )
    return data_dir


def most_memory(command: list[str], when_known: Path | None = None, block: int = 0) -> list[tuple[int, float]]:
    """Run a command; return (utterances done, MiB of resident memory) as often as a block is done, and at the end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seen: list[tuple[int, float]] = []
    most, done = 0.0, 0
    while process.poll() is None:
        try:
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            break
        most = max(most, pages * 4096 / 2**20)
        parts = len(list(when_known.glob("*.npz"))) if when_known else 0
        if parts > done:
            done = parts
            seen.append((parts * block, most))
            most = 0.0
        time.sleep(0.02)
    if process.wait():
        raise SystemExit(process.stderr.read())
    return [*seen, (-1, most)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=200_000)
    parser.add_argument("--first", type=int, default=10_000, help="utterances after which memory is to stay")
    args = parser.parse_args()
    block = 1000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "wav").mkdir()
        rng = np.random.default_rng(0)
        for number in range(FILES):
            wave = rng.uniform(-0.3, 0.3, int(rng.integers(RATE // 10, RATE)))
            soundfile.write(folder / f"wav/{number}.wav", wave, RATE, subtype="PCM_16")
        (folder / "config.yaml").write_text(yaml.safe_dump(CONF))
        torch.save(build_model(CONF).state_dict(), folder / "model.pth")
        gathering = []
        for utterances in (args.utterances // 20, args.utterances):
            data_dir = make(folder, utterances)
            out = folder / "inference/model" / data_dir.name
            python = [sys.executable, "-m"]
            options = ["--inference_model", "model.pth", "--extract_embd", "true", "--save_every", str(block)]
            plan = [*python, "geolid.bin.plan_inference", *options, str(folder), str(data_dir)]
            print(f"{utterances} utterances: laying out takes {most_memory(plan)[-1][1]:.0f} MiB", flush=True)
            seen = most_memory([*python, "geolid.bin.infer", str(out)], out / "parts", block)
            gathering.append(most_memory([*python, "geolid.bin.gather_inference", str(out)])[-1][1])
    early = max(memory for done, memory in seen if 0 < done <= args.first)
    late = max(memory for done, memory in seen if done > args.first)
    print(f"identifying: {early:.0f} MiB up to {args.first} utterances, {late:.0f} MiB after: {late / early:.3f} times")
    print(f"putting together: {gathering[0]:.0f} MiB, {gathering[1]:.0f} MiB for 20 times as many utterances")


if __name__ == "__main__":
    main()
