"""Cut a table into parts, in order and as even as can be: split_scp.sh wav.scp part1.scp part2.scp ..."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.data.split import split_table


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="read")
    parser.add_argument("part", type=Path, nargs="+", help="written")
    args = parser.parse_args(argv)
    split_table(args.table, args.part)


if __name__ == "__main__":
    run(main)
