"""Write a formatted data directory's tables from what the jobs of format_audio made."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.audio_options import add_audio_options, settings_of, share
from geolid.bin.command import ArgumentParser, run
from geolid.data.data_dir import DROPPED
from geolid.data.gather import gather


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path, help="read")
    parser.add_argument("out_dir", type=Path, help="read: its folder audio; written: its tables")
    add_audio_options(parser)
    parser.add_argument("--max_faulty", type=share, default=0.01, help="share of faulty utterances that is borne")
    parser.add_argument("--prefix", default="", help="before each utterance's and speaker's id")
    args = parser.parse_args(argv)

    made = gather(args.data_dir, args.out_dir, settings_of(args), args.feats_type, args.max_faulty, args.prefix)
    print(
        f"{args.out_dir}: {made.utterances} utterances, {made.seconds / 3600:.2f} h; "
        f"{made.passed} are taken as they were"
    )
    (args.out_dir / "audio" / "blocks").unlink(missing_ok=True)
    if made.unfit or made.faulty:
        print(
            f"{args.out_dir}: left out {made.unfit} outside the wanted durations and {made.faulty} faulty ones, "
            f"with reasons in {args.out_dir / DROPPED}"
        )


if __name__ == "__main__":
    run(main)
