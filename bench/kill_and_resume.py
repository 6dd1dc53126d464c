#!/usr/bin/env python3
"""Kill stages 1 to 4 of the embedded corpus at random moments, ask again each time, compare with an undisturbed run.

    . ./path.sh && python bench/kill_and_resume.py

Runs in a temporary folder with links to this one. Half of the kills hit the whole process group, half only run.sh.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = ["./run.sh", "--stop_stage", "4", "--nj", "2"]


def lay_out(folder: Path) -> Path:
    folder.mkdir()
    (folder / "run.sh").write_bytes((ROOT / "run.sh").read_bytes())
    (folder / "run.sh").chmod(0o755)
    for part in (
        "path.sh",
        "cmd.sh",
        "db.sh",
        "pyproject.toml",
        "constraints.txt",
        "steps",
        "utils",
        "local",
        "geolid",
    ):
        (folder / part).symlink_to(ROOT / part)
    return folder


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file that the stages made, but for logs."""
    files = [file for top in ("downloads", "data", "dump", "exp") for file in (folder / top).rglob("*")]
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file() and "log" not in file.parts
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    environment = {**os.environ, "GEOLID_VENV": os.environ.get("GEOLID_VENV") or str(ROOT / ".venv")}
    moments = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as temporary:
        undisturbed, killed = lay_out(Path(temporary) / "undisturbed"), lay_out(Path(temporary) / "killed")
        start = time.monotonic()
        subprocess.run(COMMAND, cwd=undisturbed, env=environment, check=True, capture_output=True)
        whole = time.monotonic() - start
        print(f"undisturbed: {whole:.0f} s, {len(digests(undisturbed))} files", flush=True)
        for number in range(args.kills):
            seconds = moments.uniform(0, 1.5 * whole / args.kills)
            process = subprocess.Popen(
                COMMAND,
                cwd=killed,
                env=environment,
                start_new_session=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            time.sleep(seconds)
            if number % 2:
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            print(f"killed {'run.sh' if number % 2 else 'the group'} after {seconds:.1f} s", flush=True)
        subprocess.run(COMMAND, cwd=killed, env=environment, check=True, capture_output=True)
        expected, found = digests(undisturbed), digests(killed)
        differing = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        print(f"{len(differing)} of {len(expected)} files differ {' '.join(differing[:9])}")
        raise SystemExit(bool(differing))


if __name__ == "__main__":
    main()
