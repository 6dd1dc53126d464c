"""Compare two experiments on the sets that both were scored on, and say what may be chance."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.errors import GeoLIDError
from geolid.report.compare import Comparison, Difference, compare
from geolid.report.results import RESULTS


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("exp_a", type=Path, help="read: inference/<model>/<set>, as stage 7 leaves it")
    parser.add_argument("exp_b", type=Path, help="read: the same of the other")
    parser.add_argument("--inference_model", default="valid.accuracy.best", help="the model of both")
    args = parser.parse_args(argv)

    dir_a, dir_b = (exp / "inference" / args.inference_model.removesuffix(".pth") for exp in (args.exp_a, args.exp_b))
    sets_a, sets_b = ({file.parent.name for file in folder.glob(f"*/{RESULTS}")} for folder in (dir_a, dir_b))
    if not sets_a & sets_b:
        told = [f"{folder} {', '.join(sorted(sets)) or 'none'}" for folder, sets in ((dir_a, sets_a), (dir_b, sets_b))]
        raise GeoLIDError(f"no set has results in both: {told[0]}; {told[1]}; run stage 7 on the same sets")
    for name in sorted(sets_a ^ sets_b):
        print(f"{name}: left out, only {args.exp_a if name in sets_a else args.exp_b} has it", file=sys.stderr)
    print("\n".join(_table([compare(dir_a / name, dir_b / name) for name in sorted(sets_a & sets_b)], args)))


def _table(comparisons: Sequence[Comparison], args) -> Iterable[str]:
    yield (
        f"a = {args.exp_a}, b = {args.exp_b}. Scores in %, over the languages that both know; b - a with the 95 % "
        "interval of a paired bootstrap. McNemar: p of the exact test, which takes utterances as independent."
    )
    yield ""
    yield (
        "| set | utterances | languages | accuracy a | b | b - a | macro accuracy a | b | b - a | only a right "
        "| only b right | McNemar |"
    )
    yield "|---|" + "---|" * 11
    for c in comparisons:
        cells = [c.set_name, c.utterances, c.languages, *_cells(c.accuracy), *_cells(c.macro_accuracy)]
        yield f"| {' | '.join(map(str, [*cells, c.only_a, c.only_b, _probability(c.mcnemar)]))} |"
    means = [_means([getattr(c, score) for c in comparisons]) for score in ("accuracy", "macro_accuracy")]
    yield f"| macro avg. | | | {' | '.join(means)} | | | |"
    for c in comparisons:
        if c.left_out:
            yield f"\n{c.set_name}: not compared, as one of the two does not know them: {' '.join(c.left_out)}"


def _cells(score: Difference) -> list[str]:
    low, high = (100 * end for end in score.interval)
    return [
        f"{100 * score.a:.2f}",
        f"{100 * score.b:.2f}",
        f"{100 * (score.b - score.a):+.2f} [{low:+.2f}, {high:+.2f}]",
    ]


def _means(scores: Sequence[Difference]) -> str:
    a, b = (100 * sum(getattr(score, of) for score in scores) / len(scores) for of in ("a", "b"))
    return f"{a:.2f} | {b:.2f} | {b - a:+.2f}"


def _probability(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


if __name__ == "__main__":
    run(main)
