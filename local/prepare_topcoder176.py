"""Turn TopCoder's SpokenLanguages2 into data directories, of a split by chance or by recording."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, above_0, run
from geolid.bin.corpus_options import add_corpus_options, choice_of
from geolid.data.corpora.topcoder176 import CORPUS
from geolid.data.corpora.topcoder176.sets import CODES, NAMES, RANDOM, RECORDING, Way, write_sets


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    add_corpus_options(parser)
    parser.add_argument("--split", choices=(RANDOM, RECORDING), default=RANDOM, help="how clips get into sets")
    parser.add_argument("--recordings", default="", help="'<file>.mp3 <recording>' a line; none: tags of files tell")
    parser.add_argument("--labels", choices=(CODES, NAMES), default=CODES, help="ISO 639-3, or the corpus's names")
    parser.add_argument("--max_faulty", type=float, default=0.01, help="share of the clips that may be faulty")
    parser.add_argument("--nj", type=above_0, default=4, help="processes that open files")
    args = parser.parse_args(argv)

    recordings = Path(args.recordings) if args.recordings else None
    way = Way(args.split, recordings, args.labels, args.max_faulty)
    made, listing = write_sets(args.root, args.data_dir, choice_of(args, CORPUS), way, args.nj)
    for one in made:
        print(one)
    if listing.unlisted:
        print(f"{listing.unlisted} mp3 files have no label, as those of the contest's test, and are not taken")


if __name__ == "__main__":
    run(main)
