"""Prepare VoxPopuli: fetch and cut it, where that is asked for, and write its data directories."""

from argparse import Namespace
from collections.abc import Sequence

from geolid.bin.command import ArgumentParser, above_0, flag, run
from geolid.bin.corpus_options import add_corpus_options, choice_of
from geolid.data import archives
from geolid.data.corpora.voxpopuli import CORPUS, cutting, remote, sets


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    add_corpus_options(parser)
    parser.add_argument("--test_split", choices=("test", "dev"), default="test", help="what the test set is made of")
    parser.add_argument("--accented", type=flag, default=False, help="make a set of accented English, too")
    parser.add_argument(
        "--max_faulty", type=float, default=0.01, help="share of a language's segments that may be faulty"
    )
    parser.add_argument("--nj", type=above_0, default=4, help="processes that cut, and that read headers")
    parser.add_argument("--download", type=flag, default=False, help="fetch and cut what is not there")
    parser.add_argument("--dry_run", type=flag, default=False, help="only say what is to be fetched")
    parser.add_argument("--keep_archives", type=flag, default=True, help="keep archives that are unpacked")
    parser.add_argument("--url", default="", help="another place to fetch from")
    args = parser.parse_args(argv)

    if args.download or args.dry_run:
        fetch(args)
    if args.dry_run:
        return
    choice = choice_of(args, CORPUS)
    for made in sets.write_sets(
        args.root, args.data_dir, choice, args.test_split, args.accented, args.max_faulty, args.nj
    ):
        print(made)


def fetch(args: Namespace) -> None:
    labels = remote.uncut(args.root, choice_of(args, CORPUS), args.accented)
    base = args.url.rstrip("/") or remote.BASE
    wanted = remote.find(args.root, labels, base)
    print(f"{len(labels)} languages to cut{': ' if labels else ''}{' '.join(labels)}")
    print("\n".join(archives.estimate(wanted, args.root, args.keep_archives, remote.REMEDY)), flush=True)
    if args.dry_run or not labels:
        return
    remote.get_lists(args.root, labels, base)
    archives.get_all(wanted, args.keep_archives)
    missing = cutting.cut(args.root, labels, args.nj)
    if missing:
        print(f"{len(missing)} sessions are in no archive, the first {missing[0]}: their segments have no audio")


if __name__ == "__main__":
    run(main)
