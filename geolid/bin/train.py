"""Train a language identifier; the options are those of ESPnet's tasks, and `--config` names a YAML file of them."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import run
from geolid.errors import GeoLIDError


def main(argv: Sequence[str] | None = None) -> None:
    from geolid.train.options import parse
    from geolid.train.start import prepare

    try:
        args = parse(argv)
        prepare(args)

        from geolid.train.task import GeoLIDTask  # takes seconds, which a mistake in the options should not

        GeoLIDTask.main(args)
    except GeoLIDError as error:
        _tell_torchrun(f"train: {error}")
        raise


def _tell_torchrun(message: str) -> None:
    """Let torchrun, where it started us, end its report with what went wrong; it knows the exit status only."""
    file = os.environ.get("TORCHELASTIC_ERROR_FILE")
    if file:
        told = {"message": message, "extraInfo": {"timestamp": str(int(time.time()))}}
        Path(file).write_text(json.dumps({"message": told}), encoding="utf-8")


if __name__ == "__main__":
    run(main)
