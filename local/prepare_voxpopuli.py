"""Turn VoxPopuli into data directories: its tables beside the audio that was cut for them."""

from collections.abc import Sequence

from geolid.bin.command import ArgumentParser, above_0, flag, run
from geolid.bin.corpus_options import add_corpus_options, choice_of
from geolid.data.corpora.voxpopuli import CORPUS, sets


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    add_corpus_options(parser)
    parser.add_argument("--test_split", choices=("test", "dev"), default="test", help="what the test set is made of")
    parser.add_argument("--accented", type=flag, default=False, help="make a set of accented English, too")
    parser.add_argument(
        "--max_faulty", type=float, default=0.01, help="share of a language's segments that may be faulty"
    )
    parser.add_argument("--nj", type=above_0, default=4, help="processes that read headers")
    args = parser.parse_args(argv)

    choice = choice_of(args, CORPUS)
    for made in sets.write_sets(
        args.root, args.data_dir, choice, args.test_split, args.accented, args.max_faulty, args.nj
    ):
        print(made)


if __name__ == "__main__":
    run(main)
