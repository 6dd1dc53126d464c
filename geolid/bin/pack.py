"""Pack a trained model: one folder, and the same as one zip, that hold all it takes to use it."""

import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from humanfriendly import format_size

from geolid.bin.command import ArgumentParser, run
from geolid.model.package import open_model


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("exp_dir", type=Path, help="read: an experiment, or what ESPnet packed")
    parser.add_argument("packed_dir", type=Path, help="written: <name>/ and <name>.zip")
    parser.add_argument("--inference_model", default="valid.accuracy.best.pth", help="a .pth of the folder, or a path")
    parser.add_argument("--name", help="the packed model's (default: <exp-dir>_<model>)")
    parser.add_argument("--licence", help="a licence as the Hub calls it (default: as its encoder's weights ask)")
    parser.add_argument("--labels", help="the languages of a model that does not tell them: voxlingua107, or a file")
    args = parser.parse_args(argv)

    began = time.monotonic()
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    with open_model(args.exp_dir, args.inference_model, args.labels or None) as files:
        from geolid.share.pack import pack  # takes seconds, and what is wrong with the experiment is told before

        packed = pack(files, args.packed_dir, args.name or None, args.licence or None)
    if packed.licence.warning:
        print(f"\n*** {packed.licence.warning} ***\n", flush=True)
    sets = f"scores of {', '.join(packed.scores)}" if packed.scores else "no scores yet (stage 7 makes them)"
    print(f"{packed.folder}: {packed.parameters} parameters, {sets}; licence {packed.licence.name}")
    size = format_size(packed.archive.stat().st_size)
    print(f"{packed.archive}: the same in one file, {size}; {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    run(main)
