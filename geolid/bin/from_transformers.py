"""Take over a Wav2Vec2ForSequenceClassification of transformers: its folder becomes an experiment's."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="read: as transformers' save_pretrained writes it")
    parser.add_argument("out", type=Path, metavar="OUT", help="written: an experiment's folder, not there yet")
    parser.add_argument("--labels", help="what its classes are called, if not as its config says: a file, a line each")
    args = parser.parse_args(argv)

    from geolid.share.from_transformers import from_transformers  # takes seconds, and options are told of before

    made = from_transformers(args.folder, args.out, args.labels or None)
    kind = "languages" if made.are_languages else "labels that are no languages"
    if made.difference is None:
        tried = "sums states as transformers did before version 5"
    else:
        tried = f"probabilities differ by {made.difference:.1g} at most on noise"
    print(f"{made.folder}: {len(made.labels)} {kind}; {tried}")


if __name__ == "__main__":
    run(main)
