"""Put several Kaldi data directories together into one."""

import sys
from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.data.data_dir import fresh_data_dir, merge_tables, utterance_ids


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("dest", type=Path, help="written")
    parser.add_argument("source", type=Path, nargs="+", help="read")
    args = parser.parse_args(argv)

    with fresh_data_dir(args.dest) as fresh:
        left_out = merge_tables(args.source, fresh)
    if left_out:
        print(
            f"{args.dest}: left out {', '.join(left_out)}, which not all of the directories have alike", file=sys.stderr
        )
    print(f"{args.dest}: {len(utterance_ids(args.dest))} utterances from {len(args.source)} directories")


if __name__ == "__main__":
    run(main)
