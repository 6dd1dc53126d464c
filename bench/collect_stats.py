#!/usr/bin/env python3
"""Stage 4 against the collect-stats run of the installed ESPnet, on the same 5,000 utterances: whole commands.

    . ./path.sh && python bench/collect_stats.py

The bar: at least 20 times faster. ESPnet's command is the one its recipe starts with one job; ours is timed as stage 4
meets its input (stage 3 wrote utt2num_samples), and once more without that table, from the files' headers.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from geolid.data.data_dir import write_data_dir

RATE = 16000


def make(folder: Path, wav_dir: Path, utterances: int) -> None:
    """Write a formatted directory of utterances of 1 to 4 s, in two languages."""
    generator = np.random.default_rng(0)
    tables: dict[str, dict[str, str]] = {"wav.scp": {}, "utt2lang": {}, "utt2num_samples": {}}
    wav_dir.mkdir(parents=True, exist_ok=True)
    for number in range(utterances):
        language = ("deu", "fra")[number % 2]
        utt = f"{language}_{number:05d}"
        samples = generator.integers(-9999, 9999, generator.integers(RATE, 4 * RATE), dtype=np.int16)
        soundfile.write(wav_dir / f"{utt}.wav", samples, RATE)
        tables["wav.scp"][utt] = str(wav_dir / f"{utt}.wav")
        tables["utt2lang"][utt] = language
        tables["utt2num_samples"][utt] = str(len(samples))
    write_data_dir(folder, tables)


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=3, help="of ours; ESPnet runs once")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        train, valid = folder / "train", folder / "valid"
        make(train, folder / "wav", args.utterances)
        make(valid, folder / "wav", 50)

        espnet = seconds(
            ["python", "-m", "espnet2.bin.lid_train", "--collect_stats", "true", "--use_preprocessor", "false"]
            + ["--train_data_path_and_name_and_type", f"{train}/wav.scp,speech,sound"]
            + ["--valid_data_path_and_name_and_type", f"{valid}/wav.scp,speech,sound"]
            + ["--train_shape_file", f"{train}/wav.scp", "--valid_shape_file", f"{valid}/wav.scp"]
            # log-mel frames, the cheapest that it has; as in its recipe, no features are extracted for the statistics
            + ["--frontend", "default", "--encoder", "ecapa_tdnn"]
            + ["--model_conf", "extract_feats_in_collect_stats=false"]
            + ["--lang2utt", f"{train}/lang2utt", "--lang_num", "2", "--output_dir", f"{folder}/espnet"]
        )
        command = ["steps/04_collect_stats.sh", str(train), str(valid), f"{folder}/ours"]
        ours = [seconds(command) for _ in range(args.repeats)]
        for shapes in ("train/speech_shape", "valid/speech_shape"):
            same_lengths(folder / "espnet" / shapes, folder / "ours" / shapes)
        (train / "utt2num_samples").unlink()
        headers = [seconds(command) for _ in range(args.repeats)]
    print(f"{args.utterances} utterances: ESPnet {espnet:.1f} s")
    for name, times in (("ours, from utt2num_samples", ours), ("ours, from headers", headers)):
        print(f"{name}: {min(times):.2f} to {max(times):.2f} s, {espnet / max(times):.0f} times faster at least")


def same_lengths(theirs: Path, ours: Path) -> None:
    lines = sorted(line.replace(",", " ").split()[:2] for line in theirs.read_text().splitlines())
    assert lines == [line.split() for line in ours.read_text().splitlines()], f"{theirs} and {ours} differ"


if __name__ == "__main__":
    main()
