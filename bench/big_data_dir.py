#!/usr/bin/env python3
"""Time the data directory commands on a directory of 2,500,000 utterances, the size of VoxLingua107's training set.

    . ./path.sh && python bench/big_data_dir.py

Makes the directory (107 languages, no audio) in a temporary folder, runs each command once, whole, and prints its
seconds and its largest memory. The bar: 30 s and 2 GiB each.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

from geolid.data.languages import registry


def make(folder: Path, utterances: int) -> None:
    folder.mkdir(parents=True)
    languages = sorted(registry())[:107]
    tables = {name: (folder / name).open("w") for name in ("wav.scp", "utt2lang", "utt2num_samples")}
    for number in range(utterances):
        language = languages[number * len(languages) // utterances]  # so many of the first, then of the second, ...
        name = f"M5TZ7bL{number:08d}__U__S{number % 7}---{number % 9000:04d}.640-{number % 9000 + 9:04d}.540.wav"
        tables["wav.scp"].write(f"{language}_{name} downloads/voxlingua107/{language}/{name}\n")
        tables["utt2lang"].write(f"{language}_{name} {language}\n")
        tables["utt2num_samples"].write(f"{language}_{name} {144000 + number % 160000}\n")
    for table in tables.values():
        table.close()


def measure(command: list[str]) -> tuple[float, float]:
    """Return the seconds of a command and the largest memory of its processes, in GiB."""
    script = (
        "import resource, subprocess, sys; status = subprocess.call(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)"
    )
    start = time.perf_counter()
    done = subprocess.run(["python", "-c", script, *command], capture_output=True, text=True, check=True)
    return time.perf_counter() - start, int(done.stdout.split()[-1]) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=2_500_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        big = Path(temporary) / "train"
        make(big, args.utterances)
        parts = [str(Path(temporary) / f"part{number}.scp") for number in range(32)]
        commands = {
            "lang2utt": ["utils/utt2lang_to_lang2utt.sh", f"{big}/utt2lang", f"{big}/lang2utt"],
            "validate": ["utils/validate_data_dir.sh", str(big)],
            "fix (nothing to mend)": ["utils/fix_data_dir.sh", str(big)],
            "fix (one table shuffled, one short)": ["utils/fix_data_dir.sh", str(big)],
            "split": ["utils/split_scp.sh", f"{big}/wav.scp", *parts],
        }
        for name, command in commands.items():
            if "shuffled" in name:
                spoil(big)
            seconds, gib = measure(command)
            print(f"{name:<36} {seconds:6.1f} s {gib:6.2f} GiB", flush=True)


def spoil(folder: Path) -> None:
    lines = (folder / "utt2lang").read_text().splitlines(keepends=True)
    (folder / "utt2lang").write_text("".join(lines[::-1]))
    lines = (folder / "utt2num_samples").read_text().splitlines(keepends=True)
    (folder / "utt2num_samples").write_text("".join(lines[:-1000]))


if __name__ == "__main__":
    main()
