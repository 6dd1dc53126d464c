"""Fit the temperature that makes a model's probabilities true, on the validation set."""

import json
from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.data.tables import whole_or_absent
from geolid.report.calibration import calibration_record
from geolid.report.predictions import read_predictions


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("inference_dir", type=Path, help="read: <exp>/inference/<model>/<validation set>")
    parser.add_argument("data_dir", type=Path, help="read: utt2lang")
    parser.add_argument("calibration_file", type=Path, help="written: <exp>/<model>.calibration.json")
    args = parser.parse_args(argv)

    predictions = read_predictions(args.inference_dir, args.data_dir)
    record = calibration_record(*predictions.logits_in_common(), predictions.set_name)
    with whole_or_absent(args.calibration_file) as out:
        json.dump(record, out, indent=2)
        out.write("\n")
    before, after = record["before"], record["after"]
    print(
        f"{args.calibration_file}: temperature {record['temperature']:.3f}, from {record['utterances']} utterances of "
        f"{record['set']}; expected calibration error {before['ece']:.4f} -> {after['ece']:.4f}, "
        f"negative log likelihood {before['nll']:.4f} -> {after['nll']:.4f}"
    )


if __name__ == "__main__":
    run(main)
