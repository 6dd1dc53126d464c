"""Two experiments on the same utterances: which is better, and whether that may be chance."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import bdtr

from geolid.errors import GeoLIDError
from geolid.report import bootstrap
from geolid.report.metrics import accuracy, macro_accuracy
from geolid.report.results import NOTHING, OUTCOMES, Outcomes, current_results, read_outcomes


@dataclass(frozen=True)
class Difference:
    """A score of two experiments on the same utterances."""

    a: float
    b: float
    interval: tuple[float, float]  # of b - a, by a bootstrap that draws the same utterances or speakers for both


@dataclass(frozen=True)
class Comparison:
    set_name: str
    utterances: int
    languages: int
    left_out: list[str]  # languages that one of the two does not know
    accuracy: Difference
    macro_accuracy: Difference
    only_a: int  # utterances that only the first has right
    only_b: int
    mcnemar: float  # how likely a split of these at least as uneven is if both are equally good


def compare(dir_a: Path, dir_b: Path) -> Comparison:
    """Compare two inference folders of the same set, over the languages that both models know."""
    results_a, results_b = (_results(folder) for folder in (dir_a, dir_b))
    a, b = (read_outcomes(folder / OUTCOMES) for folder in (dir_a, dir_b))
    _refuse_others(dir_a, a, dir_b, b)
    left_out = sorted({*results_a["unknown_languages"], *results_b["unknown_languages"]})
    chosen = ~np.isin(a.reference, left_out)
    if not chosen.any():
        raise GeoLIDError(f"{dir_a} and {dir_b}: no language of the set is known to both models; nothing to compare")
    right_a, right_b = (np.equal(outcomes.reference, outcomes.predicted)[chosen] for outcomes in (a, b))
    languages, language = np.unique(a.reference[chosen], return_inverse=True)
    by_speaker = not (a.speakers == NOTHING).all()
    unit = np.unique(a.speakers[chosen], return_inverse=True)[1] if by_speaker else np.arange(len(language))
    cell = 4 * language + 2 * right_a + right_b
    resamples = bootstrap.resample(unit, cell, 4 * len(languages))
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    return Comparison(
        set_name=dir_a.name,
        utterances=len(language),
        languages=len(languages),
        left_out=left_out,
        accuracy=_difference(resamples, accuracy),
        macro_accuracy=_difference(resamples, macro_accuracy),
        only_a=only_a,
        only_b=only_b,
        mcnemar=min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5))),  # exact, and to both sides
    )


def _difference(resamples: bootstrap.Resamples, score: Callable[[np.ndarray], np.ndarray]) -> Difference:
    counts = resamples.units @ resamples.kinds
    return Difference(
        float(score(_of_a(counts))),
        float(score(_of_b(counts))),
        bootstrap.interval(resamples, lambda counts: score(_of_b(counts)) - score(_of_a(counts)), least=-1.0),
    )


def _of_a(counts: np.ndarray) -> np.ndarray:
    """Return what the first has wrong and right of each language, (..., 2 * languages), from counts of both."""
    return counts.reshape(*counts.shape[:-1], -1, 2).sum(axis=-1)


def _of_b(counts: np.ndarray) -> np.ndarray:
    languages = counts.shape[-1] // 4
    return counts.reshape(*counts.shape[:-1], languages, 2, 2).sum(axis=-2).reshape(*counts.shape[:-1], -1)


def _results(inference_dir: Path) -> dict:
    results = current_results(inference_dir)
    if results is None:
        raise GeoLIDError(f"{inference_dir}: holds no results of its predictions; run stage 7, which scores them")
    return results


def _refuse_others(dir_a: Path, a: Outcomes, dir_b: Path, b: Outcomes) -> None:
    here, there = (dict(zip(o.utterances.tolist(), o.reference.tolist(), strict=True)) for o in (a, b))
    differing = sorted(utt for utt in here.keys() | there.keys() if here.get(utt) != there.get(utt))
    if differing:
        raise GeoLIDError(
            f"{dir_a} and {dir_b}: {len(differing)} utterances stand in one only, or have another language there "
            f"({', '.join(differing[:3])}{', ...' if len(differing) > 3 else ''}); run stages 6 and 7 on the same set"
        )
