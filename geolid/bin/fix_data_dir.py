"""Repair a Kaldi data directory in place: line ends, order, doubles, utterances that not every table has."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.data.data_dir import DROPPED, utterance_ids
from geolid.data.fix import fix_data_dir


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path, help="read and written")
    args = parser.parse_args(argv)

    dropped = fix_data_dir(args.data_dir)
    kept = len(utterance_ids(args.data_dir))
    where = f"; left out {len(dropped)}, listed in {args.data_dir / DROPPED}" if dropped else ""
    print(f"{args.data_dir}: kept {kept} utterances{where}")


if __name__ == "__main__":
    run(main)
