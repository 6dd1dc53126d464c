"""Prepare FLEURS, in two steps: fetch it, where that is asked for, and write its data directories."""

from argparse import Namespace
from collections.abc import Sequence

from geolid.bin.audio_options import share
from geolid.bin.command import ArgumentParser, above_0, flag, run
from geolid.bin.corpus_options import add_corpus_options, choice_of
from geolid.data import archives
from geolid.data.corpora.fleurs import CORPUS, remote, sets


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    add_corpus_options(parser)
    parser.add_argument("--max_faulty", type=share, default=0.01, help="share of a language that may be of no use")
    parser.add_argument("--nj", type=above_0, default=4, help="threads that read tables and folders")
    parser.add_argument("--download", type=flag, default=False, help="fetch and unpack what is not there")
    parser.add_argument("--dry_run", type=flag, default=False, help="only say what is to be fetched")
    parser.add_argument("--keep_archives", type=flag, default=True, help="keep archives that are unpacked")
    parser.add_argument("--url", default="", help="a mirror of the Hugging Face Hub")
    args = parser.parse_args(argv)

    if args.download or args.dry_run:
        fetch(args)
    if not args.dry_run:
        for made in sets.write_sets(args.root, args.data_dir, choice_of(args, CORPUS), args.max_faulty, args.nj):
            print(made)


def fetch(args: Namespace) -> None:
    wanted = remote.find(args.root, choice_of(args, CORPUS), args.url.rstrip("/") or remote.HUB)
    print(f"{len(wanted.tables)} tables to fetch, {sum(table.bytes for table in wanted.tables) / 1e6:.1f} MB")
    print("\n".join(archives.estimate(wanted.archives, args.root, args.keep_archives, remote.REMEDY)), flush=True)
    if not args.dry_run:
        remote.get_tables(wanted.tables)
        archives.get_all(wanted.archives, args.keep_archives)


if __name__ == "__main__":
    run(main)
