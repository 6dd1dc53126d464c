"""Whether a model is as often right as it says: how that is measured, and the temperature that mends it.

Logits divided by a temperature above 1 are less sure of the same language. It is fitted on the validation set, never on
a test set, and changes no prediction.
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

from geolid.errors import GeoLIDError

BINS = 15
_TEMPERATURES = (0.01, 100.0)
_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Calibration:
    """How far a model's probabilities are from the truth; the lower, the better."""

    ece: float  # expected calibration error: how far confidence and accuracy are apart, 0 to 1
    nll: float  # negative log likelihood, in nats an utterance
    brier: float  # squared distance of the probabilities from 1 for the true language and 0 for others, 0 to 2


@dataclass(frozen=True)
class ReliabilityBins:
    """Utterances by the probability of the language that was chosen, in bins of the same width; each (BINS,)."""

    utterances: np.ndarray
    confidence: np.ndarray  # mean probability of the chosen language; NaN in an empty bin
    accuracy: np.ndarray  # share that is right; NaN in an empty bin


def calibration(logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> Calibration:
    """Measure logits (utterances, languages) against the columns that they should be, (utterances,)."""
    confidence, right, nll, brier = _posteriors(logits, labels, temperature)
    bins = reliability(confidence, right)
    filled = bins.utterances > 0
    gaps = np.abs(bins.confidence - bins.accuracy)[filled]
    return Calibration(float(bins.utterances[filled] @ gaps / len(labels)), float(nll.mean()), float(brier.mean()))


def reliability_of(logits: np.ndarray, labels: np.ndarray, temperature: float) -> ReliabilityBins:
    """Sort utterances into bins by their logits (utterances, languages); labels are columns, (utterances,)."""
    return reliability(*_posteriors(logits, labels, temperature)[:2])


def reliability(confidence: np.ndarray, right: np.ndarray) -> ReliabilityBins:
    """Sort utterances into bins; both arguments are (utterances,)."""
    number = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)  # a bin holds its upper end
    utterances = np.bincount(number, minlength=BINS)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(number, weights=of, minlength=BINS) / utterances for of in (confidence, right)]
    return ReliabilityBins(utterances, *means)


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature under which logits (utterances, languages) tell the labels (utterances,) best.

    That is the lowest sum of negative log likelihoods, with a prior around 1 (log-normal, of spread e) that weighs as
    much as about one utterance. It matters where few are wrong, or none: likelihood alone would leave no doubt then.
    """

    def cost(log_temperature: float) -> float:
        nll = _posteriors(logits, labels, math.exp(log_temperature))[2]
        return float(nll.sum()) + log_temperature**2 / 2

    low, high = map(math.log, _TEMPERATURES)
    return math.exp(minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-4}).x)


def _posteriors(logits: np.ndarray, labels: np.ndarray, temperature: float) -> tuple[np.ndarray, ...]:
    """Return the highest probability, whether it is the label's, negative log likelihood, Brier: each (utterances,)."""
    confidence, right, nll, brier = (np.empty(len(labels)) for _ in range(4))
    for start in range(0, len(labels), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        scaled = np.asarray(logits[rows], dtype=np.float64) / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        label = (np.arange(len(scaled)), labels[rows])
        own = scaled[label]
        right[rows] = scaled.argmax(axis=1) == labels[rows]
        probabilities = np.exp(scaled, out=scaled)
        total = probabilities.sum(axis=1)
        nll[rows] = np.log(total) - own
        probabilities /= total[:, None]
        confidence[rows] = 1 / total
        brier[rows] = np.einsum("ij,ij->i", probabilities, probabilities) + 1 - 2 * probabilities[label]
    return confidence, right, nll, brier


def calibration_record(logits: np.ndarray, labels: np.ndarray, set_name: str) -> dict:
    """Fit a temperature, and return it with what it did, as it is stored beside the model."""
    temperature = fit_temperature(logits, labels)
    return {
        "temperature": temperature,
        "set": set_name,
        "utterances": len(labels),
        "before": asdict(calibration(logits, labels)),
        "after": asdict(calibration(logits, labels, temperature)),
    }


def calibration_file(exp_dir: Path, model: str) -> Path:
    """Return where the calibration of `<exp_dir>/<model>.pth` stands."""
    return Path(exp_dir) / f"{model}.calibration.json"


def read_calibration(path: Path) -> dict | None:
    """Return what is stored beside a model; None where it has not been calibrated."""
    if not Path(path).exists():
        return None
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        if float(record["temperature"]) > 0:
            return record
    except (ValueError, KeyError, TypeError):
        pass
    raise GeoLIDError(f"{path}: holds no temperature above 0; remove it and run stage 6, which fits one")
