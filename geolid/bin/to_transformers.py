"""Write a model as a folder that transformers opens by itself, a stock Wav2Vec2ForSequenceClassification."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.bin.model_options import KINDS, add_model_options
from geolid.identify.locate import locate
from geolid.model.package import open_model


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("model", metavar="MODEL", help=f"read: {KINDS}")
    parser.add_argument("out", type=Path, metavar="OUT", help="written: a folder that is not there yet")
    add_model_options(parser)
    parser.add_argument("--licence", help="a licence as the Hub calls it (default: as its encoder's weights ask)")
    args = parser.parse_args(argv)

    source = locate(args.model, args.revision)
    with open_model(source, args.inference_model, args.labels, args.allow_pickle) as files:
        from geolid.share.to_transformers import to_transformers  # takes seconds, and what is wrong is told before

        made = to_transformers(files, args.out, args.licence)
    if made.licence.warning:
        print(f"\n*** {made.licence.warning} ***\n", flush=True)
    print(
        f"{made.folder}: {made.classes} classes, {made.parameters} parameters; probabilities differ by "
        f"{made.difference:.1g} at most on noise; licence {made.licence.name}"
    )


if __name__ == "__main__":
    run(main)
