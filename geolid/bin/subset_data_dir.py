"""Take a part of a Kaldi data directory's utterances: a list of them, a number, languages, or hours.

As in Kaldi, the number may stand between the two directories: subset_data_dir.sh data/train 1000 data/train_1k
"""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.data.data_dir import copy_tables, fresh_data_dir, utterance_ids
from geolid.data.subset import choose
from geolid.errors import GeoLIDError


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="read")
    parser.add_argument("number", type=int, nargs="?", help="utterances to take, at random")
    parser.add_argument("dest", type=Path, help="written")
    parser.add_argument("--utt-list", type=Path, help="read: the ids to take, one a line")
    parser.add_argument("--languages", help="ISO 639-3 codes to take, in one argument")
    parser.add_argument("--hours", type=float, help="hours to take in all")
    parser.add_argument("--hours-per-language", type=float, help="hours to take of each language")
    parser.add_argument("--seed", type=int, default=0, help="another seed takes other utterances")
    args = parser.parse_args(argv)

    if args.number is not None and args.number < 1:
        raise GeoLIDError(f"{args.number} utterances are asked for; expected a number from 1")
    languages = args.languages.split() if args.languages is not None else None
    chosen = choose(args.source, languages, args.number, args.hours, args.hours_per_language, args.seed)
    if args.utt_list:
        listed = {line.split()[0] for line in args.utt_list.read_text(encoding="utf-8").splitlines() if line.strip()}
        unknown = sorted(listed - set(utterance_ids(args.source)))
        if unknown:
            raise GeoLIDError(
                f"{args.utt_list}: {len(unknown)} ids are not in {args.source}: {' '.join(unknown[:3])} ..."
            )
        chosen &= listed
    if not chosen:
        raise GeoLIDError(f"{args.source}: none of its utterances is asked for; {args.dest} is not written")
    with fresh_data_dir(args.dest) as fresh:
        copy_tables(args.source, fresh, keep=chosen.__contains__)
    print(f"{args.dest}: {len(chosen)} utterances of {args.source}")


if __name__ == "__main__":
    run(main)
