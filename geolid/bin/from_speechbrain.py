"""Turn a model that SpeechBrain trained, wav2vec 2.0 with pooling and a classifier, into an experiment's folder."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="read: wav2vec2.ckpt, classifier.ckpt, label_encoder.txt and others")
    parser.add_argument("exp_dir", type=Path, help="written: config.yaml and a .pth, for identify, stage 6 and stage 9")
    parser.add_argument("--hyperparameters", type=Path, help="the file that describes the model, where it is another")
    parser.add_argument("--encoder", help="the Hub id of its wav2vec 2.0, or a folder with its config.json")
    parser.add_argument("--keep_labels", action="store_true", help="leave labels such as 'th' as they are")
    args = parser.parse_args(argv)

    from geolid.share.speechbrain import convert  # takes seconds

    made = convert(args.folder, args.exp_dir, args.hyperparameters, args.encoder, args.keep_labels)
    labels = "languages, as ISO 639-3 codes" if made.are_codes else "labels, as they were"
    print(f"{made.folder}: {len(made.languages)} {labels}; embeddings of {made.embedding_size}")


if __name__ == "__main__":
    run(main)
