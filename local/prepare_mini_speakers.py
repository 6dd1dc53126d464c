"""Write the data directories of the embedded corpus whose labels are voices."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.data.corpora.mini.plan import read_plan
from geolid.data.corpora.mini.voices import write_voice_sets
from geolid.errors import GeoLIDError


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("audio_dir", type=Path, help="read: where local/prepare_mini.sh spoke the corpus")
    parser.add_argument("data_dir", type=Path, help="written: the folder of the data directories")
    args = parser.parse_args(argv)

    plan = args.audio_dir / "plan"
    if not plan.exists():
        raise GeoLIDError(f"{plan}: there is no such file; local/prepare_mini_speakers.sh has it made first")
    for made in write_voice_sets(read_plan(plan), args.audio_dir, args.data_dir):
        print(made)


if __name__ == "__main__":
    run(main)
