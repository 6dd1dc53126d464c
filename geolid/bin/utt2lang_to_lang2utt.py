"""Turn '<utt> <language>' lines into '<language> <utt> <utt> ...' lines; utt2spk and the like as well."""

import sys
from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.data.tables import invert, read_table, write_table


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("utt2lang", type=Path, help="read")
    parser.add_argument("lang2utt", type=Path, nargs="?", help="written; standard output without it, as in Kaldi")
    args = parser.parse_args(argv)

    lang2utt = invert(read_table(args.utt2lang))
    if args.lang2utt:
        write_table(args.lang2utt, lang2utt)
    else:
        sys.stdout.writelines(f"{language} {' '.join(utts)}\n" for language, utts in lang2utt.items())


if __name__ == "__main__":
    run(main)
