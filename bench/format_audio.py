#!/usr/bin/env python3
"""Stage 3 against a bare loop of soundfile read, torchaudio resample, soundfile write: whole commands, one core each.

    . ./path.sh && python bench/format_audio.py

10 s of 44.1 kHz stereo mp3 to wav, 16 kHz wav to wav (which the stage only checks) and to flac. The bar: at most 1.3
times the loop's seconds with one job, and with two jobs on two cores at least 1.8 times faster than with one. Each is
run several times in turn, the best counts.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from geolid.data.data_dir import write_data_dir
from geolid.data.tables import read_table

RATE = 16000
DIFFERENT_FILES = 50  # they are named again and again


def make(folder: Path, kind: str, utterances: int) -> Path:
    """Write a data directory of 10 s of noise an utterance."""
    rate, channels, suffix = (44100, 2, "mp3") if kind == "mp3" else (RATE, 1, "wav")
    generator = np.random.default_rng(0)
    (folder / kind).mkdir()
    for number in range(DIFFERENT_FILES):
        samples = 0.1 * generator.standard_normal((10 * rate, channels))
        soundfile.write(folder / kind / f"{number}.{suffix}", samples, rate)
    utts = [f"deu_{number:05d}" for number in range(utterances)]
    scp = {utt: str(folder / kind / f"{number % DIFFERENT_FILES}.{suffix}") for number, utt in enumerate(utts)}
    write_data_dir(folder / f"data_{kind}", {"wav.scp": scp, "utt2lang": dict.fromkeys(utts, "deu")})
    return folder / f"data_{kind}"


def bare_loop(data_dir: Path, out_dir: Path, audio_format: str) -> None:
    """What the stage cannot do without, and nothing else."""
    import torch
    import torchaudio

    torch.set_num_threads(1)
    resamplers: dict[int, torchaudio.transforms.Resample] = {}
    for utt, source in read_table(data_dir / "wav.scp").items():
        samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
        mono = samples.mean(axis=1)
        if rate != RATE:
            if rate not in resamplers:
                resamplers[rate] = torchaudio.transforms.Resample(rate, RATE)
            mono = resamplers[rate](torch.from_numpy(mono)).numpy()
        soundfile.write(out_dir / f"{utt}.{audio_format}", mono, RATE, subtype="PCM_16")


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=3600, help="of mp3; of wav more")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--loop", nargs=3, metavar=("DATA_DIR", "OUT_DIR", "FORMAT"), help="only run the bare loop")
    args = parser.parse_args()
    if args.loop:
        data_dir, out_dir, audio_format = args.loop
        bare_loop(Path(data_dir), Path(out_dir), audio_format)
        return
    for kind, audio_format, utterances in (("mp3", "wav", 1), ("wav", "wav", 5), ("wav", "flac", 3)):
        compare(kind, audio_format, utterances * args.utterances, args.repeats)


def compare(kind: str, audio_format: str, utterances: int, repeats: int) -> None:
    times: dict[str, list[float]] = {"loop": [], "1": [], "2": []}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data_dir = make(folder, kind, utterances)
        (folder / "loop").mkdir()
        stage = ["steps/03_format_audio.sh", "--audio_format", audio_format, f"{folder}/dump", str(data_dir)]
        for _ in range(repeats):
            times["loop"].append(
                seconds([sys.executable, __file__, "--loop", str(data_dir), f"{folder}/loop", audio_format])
            )
            for nj in ("1", "2"):
                subprocess.run(["rm", "-rf", f"{folder}/dump"], check=True)
                times[nj].append(seconds([stage[0], "--nj", nj, *stage[1:]]))
    loop, one, two = (min(times[name]) for name in ("loop", "1", "2"))
    print(
        f"{utterances} x 10 s {kind} to {audio_format}: bare loop {loop:.1f} s; stage 3 with 1 job {one:.1f} s "
        f"({one / loop:.2f} of the loop), with 2 jobs {two:.1f} s ({one / two:.2f} times faster than 1)",
        flush=True,
    )


if __name__ == "__main__":
    main()
