"""Train a language identifier; the options are those of ESPnet's tasks, and `--config` names a YAML file of them."""

from collections.abc import Sequence

from geolid.bin.command import run


def main(argv: Sequence[str] | None = None) -> None:
    from geolid.train.task import GeoLIDTask  # takes seconds, which importing this file should not

    GeoLIDTask.main(cmd=argv)


if __name__ == "__main__":
    run(main)
