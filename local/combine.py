"""Put sets of several corpora together into one."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, flag, run
from geolid.data.combination import HOURS, MERGED, Combined, combine
from geolid.data.matching import MATCHINGS, STRICT, TOLERANT


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        "--matching", choices=MATCHINGS, default=STRICT, help="whether labels that are one language merge"
    )
    parser.add_argument(
        "--prefix", type=flag, default=True, help="whether ids get the name of their corpus before them"
    )
    parser.add_argument("--hours", type=flag, default=True, help="whether to count hours")
    parser.add_argument("dest", type=Path, help="written")
    parser.add_argument("source", type=Path, nargs="+", help="read: data directories")
    args = parser.parse_args(argv)

    made = combine(args.source, args.dest, args.matching == TOLERANT, args.prefix, args.hours)
    if made.left_out:
        print(f"{args.dest}: left out {', '.join(made.left_out)}, which not all of the sets have")
    for label, other in made.merged.items():
        print(f"{args.dest}: {label} is {other} here, see {MERGED}")
    for group in made.apart:
        print(f"{args.dest}: {' and '.join(group)} stay apart; --matching {TOLERANT} would make them one language")
    _tell(args.dest, made, args.hours)


def _tell(dest: Path, made: Combined, with_hours: bool) -> None:
    print(f"{'corpus':<24}{'languages':>10}{'utterances':>12}" + (f"{'hours':>12}" if with_hours else ""))
    for corpus in [*sorted({corpus for corpus, _ in made.utterances}), ""]:
        keys = [key for key in made.utterances if corpus in ("", key[0])]
        line = (
            f"{corpus or 'all':<24}{len({lang for _, lang in keys}):10}{sum(made.utterances[key] for key in keys):12}"
        )
        print(line + (f"{sum(made.hours[key] for key in keys):12.2f}" if with_hours else ""))
    if with_hours:
        print(f"hours of each language: {dest / HOURS}")


if __name__ == "__main__":
    run(main)
