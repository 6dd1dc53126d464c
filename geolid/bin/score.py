"""Score what a model predicted for test sets, and put all sets of the experiment into its RESULTS.md."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, run
from geolid.data.matching import MATCHINGS, STRICT, TOLERANT
from geolid.report.domain import Experiment, read_experiment
from geolid.report.predictions import read_predictions
from geolid.report.results import OUTCOMES, RESULTS, current_results, score, write_outcomes, write_results
from geolid.report.tables import noun, write_markdown, write_set_tables


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("exp_dir", type=Path, help="read: inference/<model>/<set>; written: results there, RESULTS.md")
    parser.add_argument("model", help="the folder below inference/, such as valid.accuracy.best")
    parser.add_argument("data_dir", type=Path, nargs="+", help="read: the reference of each set, by the set's name")
    parser.add_argument("--trained_on", default="", help="corpora of a model whose config.yaml does not name them")
    parser.add_argument(
        "--matching",
        choices=MATCHINGS,
        default=STRICT,
        help="tolerant: also scores by which labels of one language are the same, such as nor and nob",
    )
    args = parser.parse_args(argv)

    experiment = read_experiment(args.exp_dir, args.trained_on.split())
    for data_dir in args.data_dir:
        print(_score_set(args.exp_dir, args.model, data_dir, experiment, args.matching == TOLERANT), flush=True)
    by_model = _results_by_model(args.exp_dir / "inference", first=[data_dir.name for data_dir in args.data_dir])
    write_markdown(args.exp_dir / "RESULTS.md", args.exp_dir.name, by_model)
    print(f"{args.exp_dir}/RESULTS.md: {', '.join(f'{len(sets)} of {model}' for model, sets in by_model.items())}")


def _score_set(exp_dir: Path, model: str, data_dir: Path, experiment: Experiment, tolerant: bool) -> str:
    """Write the scores of a set; return them in a line."""
    inference_dir = exp_dir / "inference" / model / data_dir.name
    (inference_dir / RESULTS).unlink(missing_ok=True)  # it comes last, when the others are there
    predictions = read_predictions(inference_dir, data_dir)
    results = score(predictions, data_dir, exp_dir, experiment, tolerant)
    write_outcomes(inference_dir / OUTCOMES, predictions)
    write_set_tables(inference_dir, results)
    write_results(inference_dir, results)
    common = results["common"]
    low, high = (100 * end for end in common["accuracy_interval"])
    tolerance = f"; tolerant {100 * results['tolerant']['common']['accuracy']:.2f} %" if tolerant else ""
    classes = f"{common['languages']} of {results['languages']} {noun([results])}s"
    return (
        f"{data_dir.name}: accuracy {100 * common['accuracy']:.2f} % [{low:.2f}, {high:.2f}], "
        f"macro accuracy {100 * common['macro_accuracy']:.2f} %, over {classes}, "
        f"{common['utterances']} of {results['utterances']} utterances{tolerance}"
    )


def _results_by_model(inference_dir: Path, first: Sequence[str]) -> dict[str, list[dict]]:
    """Return the results of each model's sets, those of `first` in that order, before others."""
    by_model: dict[str, list[dict]] = {}
    for folder in sorted(_scored_folders(inference_dir), key=lambda f: (*_place_in(first, f.name), f.name)):
        results = current_results(folder)
        if results is None:
            print(f"{folder}/{RESULTS}: is of an earlier inference and left out; score that set too", file=sys.stderr)
        else:
            by_model.setdefault(folder.parent.name, []).append(results)
    return dict(sorted(by_model.items()))


def _scored_folders(inference_dir: Path) -> Iterable[Path]:
    return [file.parent for file in inference_dir.glob(f"*/*/{RESULTS}")]


def _place_in(names: Sequence[str], name: str) -> tuple[int, ...]:
    return (names.index(name),) if name in names else (len(names),)


if __name__ == "__main__":
    run(main)
