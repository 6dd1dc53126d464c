"""The scores of a set as people read them, and RESULTS.md, which puts the sets of an experiment side by side."""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from geolid.data import languages
from geolid.data.tables import whole_or_absent

_CONFUSIONS_TOLD = 30
_DOMAINS = {"in": "in-domain", "out": "out-of-domain"}


def write_set_tables(inference_dir: Path, results: dict) -> None:
    """Write `results`, `languages.tsv` and `confusion.tsv`."""
    with whole_or_absent(inference_dir / "results") as out:
        out.writelines(f"{line}\n" for line in _readable(results))
    columns = ("utterances", "accuracy", "precision", "recall", "f1")
    rows = [
        [code, _language_name(code, results), *(_number(scores[column]) for column in columns)]
        for code, scores in results["by_language"].items()
    ]
    _write_tsv(inference_dir / "languages.tsv", ["language", "name", *columns], rows)
    right = [
        [code, code, round(scores["accuracy"] * scores["utterances"]), 0]
        for code, scores in results["by_language"].items()
        if scores["accuracy"]
    ]
    wrong = [[*(_number(value) for value in pair.values())] for pair in results["confusions"]]
    _write_tsv(inference_dir / "confusion.tsv", ["reference", "predicted", "utterances", "km"], sorted(right + wrong))


def _write_tsv(path: Path, header: list[str], rows: Iterable[list]) -> None:
    with whole_or_absent(path) as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _number(value) -> str:
    """Return a value with no more digits than anybody reads; what there is not is a -."""
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _language_name(code: str, results: dict) -> str:
    is_language = code in languages.registry() and not results.get("free_labels")
    return languages.registry()[code].name if is_language else "-"


def noun(sets: Iterable[dict]) -> str:
    """Return what the scores of sets call one of what is told apart."""
    return "label" if all(results.get("free_labels") for results in sets) else "language"


def _readable(results: dict) -> Iterable[str]:
    what = noun([results])
    common, calibration = results["common"], results["calibration"]
    yield f"Overall Accuracy: {results['accuracy']:.2%}"
    yield f"Macro Accuracy across {what.capitalize()}s: {results['macro_accuracy']:.2%}"
    yield ""
    yield f"{results['set']}, by {results['model']}; 95 % intervals by {results['intervals_by']}"
    yield from _notes(results)
    yield ""
    row = "{:<26}{:>12}{:>11}{:>10}  {:<18}{:>15}  {}".format
    yield row("", "utterances", f"{what}s", "accuracy", "interval", "macro accuracy", "interval").rstrip()
    for name, part in ((f"{what}s in common", common), ("whole set", results)):
        yield row(
            name,
            part["utterances"],
            part["languages"],
            _percent(part["accuracy"]),
            _range(part["accuracy_interval"]),
            _percent(part["macro_accuracy"]),
            _range(part["macro_accuracy_interval"]),
        )
    yield ""
    yield (
        f"Whole set: macro precision {_percent(results['macro_precision'])}, "
        f"recall {_percent(results['macro_recall'])}, F1 {_percent(results['macro_f1'])}; right among the best 3 "
        f"{_percent(results['top3_accuracy'])}, among the best 5 {_percent(results['top5_accuracy'])}"
    )
    yield from _tolerant(results.get("tolerant"))
    rates = f"Cavg {_percent(results['cavg'])}, equal error rate {_percent(results['eer'])}"
    yield f"{what.capitalize()}s in common: {rates}"
    if calibration:
        yield f"Calibration, at temperature {calibration['temperature']:.3f}{_fitted(results)}, and before:"
        for name, key in (
            ("expected calibration error", "ece"),
            ("negative log likelihood", "nll"),
            ("Brier", "brier"),
        ):
            yield f"  {name:<28}{calibration[key]:.4f}  {calibration['before'][key]:.4f}"
    yield ""
    if results["by_duration"] is None:
        yield "By duration: not known, the data directory has no utt2num_samples (stage 3 writes it)"
    else:
        yield from _durations(results["by_duration"])
    yield ""
    yield from _confusions(results["confusions"])
    yield ""
    row = f"{{:<{max(map(len, results['by_language'])) + 3}}}{{:<28.27}}{{:>10}}{{:>10}}{{:>10}}{{:>10}}".format
    yield row("code", what, "utterances", "accuracy", "precision", "F1")
    for code, of in results["by_language"].items():
        scores = (_percent(of[key]) for key in ("accuracy", "precision", "f1"))
        unknown = "  unknown to the model" if code in results["unknown_languages"] else ""
        yield row(code, _language_name(code, results), of["utterances"], *scores) + unknown


def _notes(results: dict) -> Iterable[str]:
    if results["domain"] != "unknown":
        yield f"{_DOMAINS[results['domain']]}, by the corpora that the model was trained on"
    if results["validation_set"]:
        yield "the model was chosen by this set, so its scores are somewhat too good"
    if results["unknown_languages"]:
        yield f"unknown to the model, and so always wrong: {' '.join(results['unknown_languages'])}"
    if results["dropped"]:
        yield f"{results['dropped']} utterances could not be read (see dropped) and count as wrong"
    if results["dropped_by_formatting"]:
        yield f"{results['dropped_by_formatting']} more were left out by stage 3 (see its dropped) and are not counted"


def _tolerant(tolerant: dict | None) -> Iterable[str]:
    if tolerant is None:
        return
    parts = (
        f"{name} {_percent(part['accuracy'])} {_range(part['accuracy_interval'])}, macro "
        f"{_percent(part['macro_accuracy'])} {_range(part['macro_accuracy_interval'])}, "
        f"over {part['languages']} languages"
        for name, part in (("in common", tolerant["common"]), ("whole set", tolerant))
    )
    yield f"Tolerant of labels that count as one language, accuracy {'; '.join(parts)}"
    pairs = tolerant["forgiven"]
    if pairs:
        told = ", ".join(f"{p['reference']} as {p['predicted']} {p['count']}" for p in pairs[:_CONFUSIONS_TOLD])
        yield f"  right by that only: {told}{', ...' if len(pairs) > _CONFUSIONS_TOLD else ''}"


def _fitted(results: dict) -> str:
    fitted_on = results["calibration"]["fitted_on"]
    if fitted_on is None:
        return ""
    return " (fitted on this very set)" if fitted_on == results["set"] else f" (fitted on {fitted_on})"


def _durations(bins: Iterable[dict]) -> Iterable[str]:
    row = "{:<26}{:>12}{:>10}{:>16}".format
    yield row("duration, in common", "utterances", "accuracy", "macro accuracy")
    for part in bins:
        name = f"over {part['from']} s" if part["to"] is None else f"{part['from']} to {part['to']} s"
        yield row(name, part["utterances"], _percent(part["accuracy"]), _percent(part["macro_accuracy"]))


def _confusions(pairs: Sequence[dict]) -> Iterable[str]:
    if not pairs:
        yield "No confusions"
        return
    row = "{:<12}{:<12}{:>10}{:>8}".format
    yield row("reference", "predicted", "utterances", "km")
    for pair in pairs[:_CONFUSIONS_TOLD]:
        yield row(*map(_number, pair.values()))
    if len(pairs) > _CONFUSIONS_TOLD:
        yield f"and {len(pairs) - _CONFUSIONS_TOLD} other pairs, see confusion.tsv"


def _percent(score: float | None) -> str:
    return "-" if score is None else f"{100 * score:.2f}"


def _range(interval: Sequence[float]) -> str:
    return f"[{100 * interval[0]:.2f}, {100 * interval[1]:.2f}]"


def write_markdown(path: Path, experiment_name: str, by_model: dict[str, list[dict]]) -> None:
    """Write RESULTS.md from the results of each model's sets."""
    with whole_or_absent(path) as out:
        out.write(f"# Results of {experiment_name}\n")
        for model, sets in by_model.items():
            out.write(f"\n## {model}\n\n")
            out.writelines(f"{line}\n" for line in _markdown(sets))


def _markdown(sets: Sequence[dict]) -> Iterable[str]:
    what = noun(sets)
    by = sorted({results["intervals_by"] for results in sets})
    yield (
        f"Scores in %, over the {what}s that a set and the model have in common, and over the whole set where it has "
        "others, which can only be wrong. Intervals hold 95 %, by a bootstrap over "
        f"{' or '.join(f'{unit}s' for unit in by)}."
    )
    chosen_by = [results["set"] for results in sets if results["validation_set"]]
    if chosen_by:
        yield f"The model was chosen by {', '.join(chosen_by)}, whose scores are somewhat too good."
    yield ""
    yield f"| | {' | '.join(results['set'] for results in sets)} | macro avg. |"
    yield f"|---|{'---|' * (len(sets) + 1)}"

    def row(name: str, cell: Callable[[dict], str], average: str = "") -> str:
        return f"| {name} | {' | '.join(map(cell, sets))} | {average} |"

    def scored(name: str, of: Callable[[dict], dict], key: str) -> Iterable[str]:
        mean = sum(of(results)[key] for results in sets) / len(sets)
        yield row(name, lambda results: _percent(of(results)[key]), _percent(mean))
        yield row("95 % interval", lambda results: _range(of(results)[f"{key}_interval"]))

    yield from scored("accuracy", _in_common, "accuracy")
    yield from scored("macro accuracy", _in_common, "macro_accuracy")
    yield row(f"{what}s scored / in set", lambda r: f"{r['common']['languages']} / {r['languages']}")
    yield row("utterances scored / in set", lambda r: f"{r['common']['utterances']} / {r['utterances']}")
    yield row("domain", lambda r: _DOMAINS.get(r["domain"], "-"))
    if any(results["unknown_languages"] for results in sets):  # else it would be the same once more
        yield from scored("accuracy, whole set", _whole, "accuracy")
        yield from scored("macro accuracy, whole set", _whole, "macro_accuracy")
    if all(results.get("tolerant") for results in sets):  # a mean over some sets would be taken for that of all
        yield from scored("accuracy, tolerant", _tolerant_in_common, "accuracy")
        yield from scored("macro accuracy, tolerant", _tolerant_in_common, "macro_accuracy")
        yield row("languages scored, tolerant", lambda r: str(_tolerant_in_common(r)["languages"]))
    yield row("unreadable utterances, counted as wrong", lambda r: str(r["dropped"]))
    yield row("Cavg", lambda r: _percent(r["cavg"]))
    yield row("equal error rate", lambda r: _percent(r["eer"]))
    yield row("calibration error, before → after", _calibration_error)


def _in_common(results: dict) -> dict:
    return results["common"]


def _tolerant_in_common(results: dict) -> dict:
    return results["tolerant"]["common"]


def _whole(results: dict) -> dict:
    return results


def _calibration_error(results: dict) -> str:
    calibration = results["calibration"]
    return f"{_percent(calibration['before']['ece'])} → {_percent(calibration['ece'])}" if calibration else "-"
