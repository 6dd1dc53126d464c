"""Check a Kaldi data directory; name every fault with file, line and remedy, and exit with 1 if there is one."""

import argparse
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from geolid.bin.command import ArgumentParser, flag, run
from geolid.data.data_dir import utterance_ids
from geolid.data.validate import faults


def main(argv: Sequence[str] | None = None) -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path, nargs="+", help="read")
    parser.add_argument("--allow_pipes", type=flag, default=False, help="whether wav.scp may hold commands")
    parser.add_argument("--max_faults", type=int, default=30, help="faults told of each directory")
    for needless in ("--no-feats", "--no-text"):  # Kaldi's users give these; no such table is asked for here
        parser.add_argument(needless, action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)

    status = 0
    for data_dir in args.data_dir:
        found = list(islice(faults(data_dir, args.allow_pipes), args.max_faults + 1))
        if found:
            status = 1
            more = (
                [f"{data_dir}: and more; the rest is told when these are mended"]
                if len(found) > args.max_faults
                else []
            )
            print("\n".join(found[: args.max_faults] + more), file=sys.stderr)
        else:
            print(f"{data_dir}: {len(utterance_ids(data_dir))} utterances, no fault")
    return status


if __name__ == "__main__":
    run(main)
