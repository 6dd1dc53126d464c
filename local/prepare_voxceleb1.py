"""Turn VoxCeleb1 into the data directories of speaker identification: labels are speakers, in all three sets."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, above_0, run
from geolid.bin.corpus_options import add_corpus_options, choice_of
from geolid.data.corpora.voxceleb1 import CORPUS, sets


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    add_corpus_options(parser)
    parser.add_argument("--split_list", default="", help="the list of the identification task; none: it is in the root")
    parser.add_argument("--max_faulty", type=float, default=0.01, help="share of the files that may be faulty")
    parser.add_argument("--nj", type=above_0, default=4, help="processes that read headers")
    args = parser.parse_args(argv)

    split_list = Path(args.split_list) if args.split_list else None
    choice = choice_of(args, CORPUS)
    for made in sets.write_sets(args.root, args.data_dir, choice, split_list, args.max_faulty, args.nj):
        print(made)


if __name__ == "__main__":
    run(main)
