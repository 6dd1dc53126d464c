#!/usr/bin/env python3
"""Time the preparation of VoxLingua107 on 2,500,000 files: names only, for no file is opened.

    . ./path.sh && python bench/voxlingua107_names.py

Makes empty files under names as the corpus has them, in 107 folders and in dev, in a temporary folder (--folder chooses
where: they are 2.5 million), and prepares them once, whole, as a user does. Then the same again, which finds the sets
as they are to be, and with --max_hours. Prints seconds, those of the processor alone, and the largest memory of a
process. The bar: 90 s and 2 GiB.
"""

import argparse
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

from geolid.data import labels

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
DEV_FILES = 1609
MAX_SECONDS, MAX_GIB = 90, 2.0


def make(root: Path, utterances: int) -> None:
    """Write empty files; languages are unlike in size, a video has some 40 of them."""
    draw = random.Random(1)
    folders = list(labels.read("voxlingua107"))
    sizes = [draw.lognormvariate(0, 0.7) for _ in folders]
    for label, size in zip(folders, sizes, strict=True):
        _make_folder(root / label, round(utterances * size / sum(sizes)), draw)
    for label in folders[:33]:
        _make_folder(root / "dev" / label, DEV_FILES // 33, draw)


def _make_folder(folder: Path, count: int, draw: random.Random) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        if number % 40 == 0:
            video = "".join(draw.choices(ALPHABET, k=11))
        start = number % 40 * 30 + draw.random()
        name = f"{video}__U__S{number % 7}---{start:08.3f}-{start + 2 + 18 * draw.random():08.3f}.wav"
        os.close(os.open(folder / name, os.O_CREAT | os.O_WRONLY))


def measure(command: list[str]) -> tuple[float, float, float, str]:
    """Return the seconds of a command, those of the processor, its largest memory in GiB, and what it said."""
    script = (
        "import resource, subprocess, sys; status = subprocess.call(sys.argv[1:]); "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss); sys.exit(status)"
    )
    start = time.perf_counter()
    done = subprocess.run(["python", "-c", script, *command], stdout=subprocess.PIPE, text=True, check=True)
    seconds = time.perf_counter() - start
    *said, used = done.stdout.splitlines()
    cpu_seconds, kib = used.split()
    return seconds, float(cpu_seconds), int(kib) / 2**20, "\n".join(said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=2_500_000)
    parser.add_argument("--folder", help="where the temporary folder is made")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as temporary:
        root, data_dir = Path(temporary) / "voxlingua107", Path(temporary) / "data"
        make(root, args.utterances)
        command = ["python", "local/prepare_voxlingua107.py", str(root), str(data_dir)]
        for name, options in {"all": [], "all again": [], "20 hours each": ["--max_hours", "20"]}.items():
            seconds, cpu_seconds, gib, said = measure([*command, *options])
            bar = "" if seconds <= MAX_SECONDS and gib <= MAX_GIB else "   MORE THAN THE BAR"
            print(f"{said}\n{name:<36} {seconds:6.1f} s ({cpu_seconds:.1f} s of CPU) {gib:6.2f} GiB{bar}", flush=True)


if __name__ == "__main__":
    main()
