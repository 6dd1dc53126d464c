"""Do a job's share of the blocks that plan_audio laid out."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from geolid.bin.command import ArgumentParser, run
from geolid.data.formatting import format_block

LOG_SECONDS = 10


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("out_dir", type=Path, help="read and written: its folder audio")
    parser.add_argument("--part", type=int, default=1, help="the share to do, from 1")
    parser.add_argument("--parts", type=int, default=1, help="shares in all")
    args = parser.parse_args(argv)

    audio_dir = args.out_dir / "audio"
    blocks = (audio_dir / "blocks").read_text(encoding="utf-8").split()[args.part - 1 :: args.parts]
    seconds = 0.5 if sys.stderr.isatty() else LOG_SECONDS
    for block in tqdm(blocks, unit="block", mininterval=seconds, maxinterval=seconds):
        format_block(audio_dir, block)


if __name__ == "__main__":
    run(main)
