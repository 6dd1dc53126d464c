"""Draw what a model says about a set: map, confusions, accuracy, confidence, layers, and t-SNE of embeddings."""

from argparse import ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, flag, run


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("inference_dir", type=Path, help="read: the folder of a set, as stages 6 and 7 write it")
    parser.add_argument("data_dir", type=Path, help="read: utt2lang, if it stands")
    parser.add_argument("--images", type=Path, help="written (default: <inference_dir>/images)")
    parser.add_argument("--tsne", type=flag, default=True, help="true or false: whether to draw t-SNE of embeddings")
    parser.add_argument(
        "--max_utt_per_lang_for_tsne", type=_at_least_one, default=100, help="utterances of a language in it, at most"
    )
    args = parser.parse_args(argv)

    from geolid.report.plots.folder import Inferred  # takes a second
    from geolid.report.plots.pictures import draw_pictures

    images = args.images or args.inference_dir / "images"
    inferred = Inferred.open(args.inference_dir, args.data_dir)
    for name, reason in draw_pictures(inferred, images, args.tsne, args.max_utt_per_lang_for_tsne):
        print(f"{name}: not drawn, {reason}" if reason else f"{images / name}.png", flush=True)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"expected a number from 1, found '{text}'")
    return int(text)


if __name__ == "__main__":
    run(main)
