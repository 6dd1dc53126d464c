"""All scores of a set, as results.json holds them, and each utterance's outcome, from which sets are compared."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from geolid.data.data_dir import DROPPED, has_free_labels
from geolid.data.lengths import seconds_of_utterances
from geolid.data.tables import read_rows, whole_or_absent, write_table
from geolid.report import calibration, detection, metrics
from geolid.report.confusions import confusions
from geolid.report.domain import Experiment, domain
from geolid.report.durations import by_duration
from geolid.report.predictions import RECORD, UNREAD, Predictions
from geolid.report.tolerant import tolerant_scores

RESULTS = "results.json"
OUTCOMES = "outcomes"  # '<utt> <reference> <predicted> <speaker>', with - for what there is not
NOTHING = "-"


def score(
    predictions: Predictions, data_dir: Path, exp_dir: Path, experiment: Experiment, tolerant: bool = False
) -> dict:
    """Return the scores of a set; fractions, and None for what is not defined there.

    A language that the model does not know can only be wrong, and so can an utterance whose audio could not be read.
    `common`, durations, detection and calibration leave out the languages that the model does not know.
    With `tolerant`, scores of geolid.report.tolerant stand beside them.
    """
    p = predictions
    right = p.predicted == p.reference
    common = p.in_common
    present = np.unique(p.reference)
    confusion = metrics.confusion_matrix(p.reference, p.predicted, len(p.languages))
    of = metrics.by_language(confusion)
    ranks = np.full(len(p.utterances), np.inf)
    logits, labels = p.logits_in_common()
    ranks[common & (p.predicted != UNREAD)] = metrics.ranks(logits, labels)
    free = has_free_labels(data_dir)  # no languages: they have neither names nor places
    return {
        "set": p.set_name,
        "model": p.model,
        "free_labels": free,
        **asdict(metrics.accuracies(p.reference, right, p.unit)),
        "utterances": len(p.utterances),
        "languages": len(present),
        "common": {
            **asdict(metrics.accuracies(p.reference[common], right[common], p.unit[common])),
            "utterances": int(common.sum()),
            "languages": int(p.known[present].sum()),
        },
        "unknown_languages": [p.languages[at] for at in present if not p.known[at]],
        "tolerant": tolerant_scores(p) if tolerant else None,
        "languages_of_model": int(p.known.sum()),
        "intervals_by": "utterance" if p.speakers is None else "speaker",
        "dropped": int((p.predicted == UNREAD).sum()),
        "dropped_by_formatting": _count_rows(data_dir / DROPPED),
        "domain": domain(experiment, data_dir),
        "validation_set": experiment.valid_set == p.set_name,
        "macro_precision": float(of.precision[present].mean()),
        "macro_recall": float(of.recall[present].mean()),
        "macro_f1": float(of.f1[present].mean()),
        "top3_accuracy": float((ranks <= 3).mean()),
        "top5_accuracy": float((ranks <= 5).mean()),
        **_detection(logits, labels, p.temperature),
        "calibration": _calibration(logits, labels, p, exp_dir),
        "by_duration": _by_duration(p, right, data_dir),
        "by_language": {
            p.languages[at]: {
                "utterances": int(of.utterances[at]),
                "accuracy": float(of.recall[at]),
                "precision": float(of.precision[at]),
                "recall": float(of.recall[at]),
                "f1": float(of.f1[at]),
            }
            for at in present
        },
        "confusions": [
            asdict(pair) for pair in confusions(confusion, p.languages, experiment.vector_file, with_places=not free)
        ],
    }


def _detection(logits: np.ndarray, labels: np.ndarray, temperature: float) -> dict:
    targets, reference = np.unique(labels, return_inverse=True)
    if len(targets) < 2:  # a false alarm takes another language
        return {"cavg": None, "eer": None}
    scores = detection.detection_scores(logits, targets, temperature)
    return {"cavg": detection.cavg(scores, reference), "eer": detection.equal_error_rate(scores, reference)}


def _calibration(logits: np.ndarray, labels: np.ndarray, p: Predictions, exp_dir: Path) -> dict | None:
    if not len(labels):
        return None
    record = calibration.read_calibration(calibration.calibration_file(exp_dir, p.model))
    return {
        **asdict(calibration.calibration(logits, labels, p.temperature)),
        "before": asdict(calibration.calibration(logits, labels)),
        "temperature": p.temperature,
        "fitted_on": record["set"] if record and record["temperature"] == p.temperature else None,
    }


def _by_duration(p: Predictions, right: np.ndarray, data_dir: Path) -> list[dict] | None:
    if not (data_dir / "utt2num_samples").exists():  # audio is not opened for this
        return None
    lengths = seconds_of_utterances(data_dir)
    seconds = np.array([lengths.get(utt, np.nan) for utt in p.utterances])
    common = p.in_common
    bins = by_duration(seconds[common], p.reference[common], right[common])
    return [
        {
            "from": part.lower,
            "to": part.upper,
            "utterances": part.utterances,
            "accuracy": part.accuracy,
            "macro_accuracy": part.macro_accuracy,
        }
        for part in bins
    ]


def _count_rows(table: Path) -> int:
    return sum(1 for _ in read_rows(table)) if table.exists() else 0


@dataclass(frozen=True)
class Outcomes:
    """What came of each utterance; each (utterances,), in the order of the table."""

    utterances: np.ndarray
    reference: np.ndarray
    predicted: np.ndarray
    speakers: np.ndarray


def write_outcomes(path: Path, p: Predictions) -> None:
    predicted = [NOTHING if at == UNREAD else p.languages[at] for at in p.predicted]
    reference = [p.languages[at] for at in p.reference]
    speakers = p.speakers or [NOTHING] * len(p.utterances)
    write_table(path, zip(p.utterances, map(" ".join, zip(reference, predicted, speakers, strict=True)), strict=True))


def read_outcomes(path: Path) -> Outcomes:
    rows = [(utt, *value.split(" ", 2)) for utt, value in read_rows(path)]
    return Outcomes(*map(np.array, zip(*rows, strict=True)))


def write_results(inference_dir: Path, results: dict) -> None:
    """Write results.json, with the sum of the record of what was scored."""
    with whole_or_absent(inference_dir / RESULTS) as out:
        json.dump({**results, "inference": _record_sum(inference_dir)}, out, indent=2, allow_nan=False)
        out.write("\n")


def current_results(inference_dir: Path) -> dict | None:
    """Return a set's results; None where there are none, or they are of an earlier inference."""
    if not (inference_dir / RESULTS).exists() or not (inference_dir / RECORD).exists():
        return None
    results = json.loads((inference_dir / RESULTS).read_text(encoding="utf-8"))
    return results if results["inference"] == _record_sum(inference_dir) else None


def _record_sum(inference_dir: Path) -> str:
    return hashlib.sha256((inference_dir / RECORD).read_bytes()).hexdigest()
