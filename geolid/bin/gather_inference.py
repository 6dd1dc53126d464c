"""Put together what the processes of infer made of sets, with probabilities by the temperature of the model."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.audio_options import share
from geolid.bin.command import ArgumentParser, above_0, run
from geolid.identify.gather import gather
from geolid.report.calibration import read_calibration


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="+", help="<exp>/inference/<model>/<set>; read: parts in it")
    parser.add_argument("--calibration", type=Path, help="read: the model's temperature, where the file stands")
    parser.add_argument("--top_k", type=above_0, default=5, help="languages of an utterance in <set>_scores")
    parser.add_argument("--max_faulty", type=share, default=0.01, help="share of unreadable utterances that is borne")
    args = parser.parse_args(argv)

    calibration = read_calibration(args.calibration) if args.calibration else None
    temperature = calibration["temperature"] if calibration else None
    for folder in args.folder:
        made = gather(folder, args.max_faulty, temperature, args.top_k)
        left_out = f"; left out {made['dropped']}, with reasons in {folder}/dropped" if made["dropped"] else ""
        print(f"{folder}: {made['utterances']} utterances, {made['seconds'] / 3600:.2f} h{left_out}")


if __name__ == "__main__":
    run(main)
