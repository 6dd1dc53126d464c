"""Copy a Kaldi data directory, with a prefix or suffix to its utterances' and speakers' names."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.data.data_dir import copy_tables, fresh_data_dir, utterance_ids
from geolid.errors import GeoLIDError


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="read")
    parser.add_argument("dest", type=Path, help="written")
    parser.add_argument("--utt-prefix", default="", help="before each utterance's id")
    parser.add_argument("--utt-suffix", default="", help="behind each utterance's id")
    parser.add_argument("--spk-prefix", default="", help="before each speaker's id")
    parser.add_argument("--spk-suffix", default="", help="behind each speaker's id")
    args = parser.parse_args(argv)

    for affix in (args.utt_prefix, args.utt_suffix, args.spk_prefix, args.spk_suffix):
        if affix.split() not in ([], [affix]):
            raise GeoLIDError(f"'{affix}' has a blank in it, which an id cannot have; write - or _")
    with fresh_data_dir(args.dest) as fresh:
        copy_tables(
            args.source,
            fresh,
            rename=lambda utt: args.utt_prefix + utt + args.utt_suffix,
            rename_speaker=lambda spk: args.spk_prefix + spk + args.spk_suffix,
        )
    print(f"{args.dest}: {len(utterance_ids(args.dest))} utterances of {args.source}")


if __name__ == "__main__":
    run(main)
