"""Cut a data directory's utterances into blocks for the jobs of format_audio; print how many blocks are to be done."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.audio_options import add_audio_options, settings_of
from geolid.bin.command import ArgumentParser, run
from geolid.data.blocks import plan
from geolid.data.tables import whole_or_absent


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path, help="read")
    parser.add_argument("out_dir", type=Path, help="written: audio/*.todo, and audio/blocks, a block a line")
    add_audio_options(parser)
    args = parser.parse_args(argv)

    undone = plan(args.data_dir, args.out_dir, settings_of(args))
    with whole_or_absent(args.out_dir / "audio" / "blocks") as out:
        out.writelines(f"{block}\n" for block in undone)
    print(len(undone))


if __name__ == "__main__":
    run(main)
