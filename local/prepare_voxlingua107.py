"""Prepare VoxLingua107, in two steps: fetch it, where that is asked for, and write its data directories."""

from argparse import Namespace
from collections.abc import Sequence

from geolid.bin.command import ArgumentParser, above_0, flag, run
from geolid.bin.corpus_options import add_corpus_options, choice_of
from geolid.data import archives
from geolid.data.corpora.voxlingua107 import CORPUS, remote, sets


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    add_corpus_options(parser)
    parser.add_argument("--nj", type=above_0, default=4, help="threads that read folders")
    parser.add_argument("--download", type=flag, default=False, help="fetch and unpack what is not there")
    parser.add_argument("--dry_run", type=flag, default=False, help="only say what is to be fetched")
    parser.add_argument("--keep_archives", type=flag, default=True, help="keep archives that are unpacked")
    parser.add_argument("--url", default="", help="list of archives, an address a line")
    args = parser.parse_args(argv)

    if args.download or args.dry_run:
        fetch(args)
    if not args.dry_run:
        for made in sets.write_sets(args.root, args.data_dir, choice_of(args, CORPUS), args.nj):
            print(made)


def fetch(args: Namespace) -> None:
    found = remote.find(args.root, choice_of(args, CORPUS), args.url or remote.ZIP_URLS)
    print("\n".join(archives.estimate(found, args.root, args.keep_archives, remote.REMEDY)), flush=True)
    if not args.dry_run:
        archives.get_all(found, args.keep_archives)


if __name__ == "__main__":
    run(main)
