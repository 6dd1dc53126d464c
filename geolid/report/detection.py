"""Language detection as NIST's language recognition evaluations (LRE) score it: Cavg and the equal error rate.

Every utterance is tried against every language of the set: "is this German?" The score of a trial is the log of how
much likelier the utterance is in that language than in the others that the model chooses from, taken alike:

    llr(T) = log p(T) - log(mean of p(N) over all N other than T)

p are calibrated posteriors; all languages that the model chooses from have a part in it, and not only those of the set,
which would tell it more than it knew. Misses and false alarms are averaged so that each language, and each pair of
languages, counts alike.
"""

import numpy as np

_ROWS_AT_ONCE = 8192


def detection_scores(logits: np.ndarray, targets: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return llr of logits (utterances, languages) for target columns: (utterances, targets), float32."""
    rows, languages = logits.shape
    scores = np.empty((rows, len(targets)), dtype=np.float32)
    for start in range(0, rows, _ROWS_AT_ONCE):
        block = np.asarray(logits[start : start + _ROWS_AT_ONCE], dtype=np.float64) / temperature
        at = np.arange(len(block))
        best = block.argmax(axis=1)
        block -= block[at, best][:, None]
        below = block.copy()
        below[at, best] = -np.inf
        second = below.max(axis=1)
        likelihoods = np.exp(below - second[:, None])
        without_best = likelihoods.sum(axis=1)
        others = np.log1p(np.exp(second)[:, None] * (without_best[:, None] - likelihoods))  # where the best is a 1
        others[at, best] = second + np.log(without_best)
        llr = block - others + np.log(languages - 1)
        scores[start : start + len(block)] = llr[:, targets]
    return scores


def cavg(scores: np.ndarray, reference: np.ndarray) -> float:
    """Return the average cost of detection at even odds, 0 to 1: LRE's Cavg with costs of 1 and a target prior of 0.5.

    Scores are (utterances, targets); the reference, (utterances,), is the target column that each should be, and every
    target has utterances. A language is taken as detected where its score is above 0.
    """
    targets = scores.shape[1]
    detected = np.stack([np.mean(scores[reference == target] > 0, axis=0) for target in range(targets)])
    misses = 1 - np.diagonal(detected)
    false_alarms = (detected.sum() - np.trace(detected)) / (targets - 1)
    return float((misses.sum() + false_alarms) / 2 / targets)


def equal_error_rate(scores: np.ndarray, reference: np.ndarray) -> float:
    """Return the rate at which misses and false alarms are alike, over one threshold for all targets; as for Cavg.

    Between two operating points it is where the straight line between them crosses.
    """
    rows, targets = scores.shape
    weight = 1 / np.bincount(reference)[reference] / targets  # those of a language sum up to 1 / targets
    at = np.arange(rows)
    own = scores[at, reference]
    others = scores.copy()
    others[at, reference] = -np.inf
    thresholds, group = np.unique(own, return_inverse=True)
    missed = np.concatenate([[0], np.cumsum(np.bincount(group, weights=weight))])  # with each as the threshold

    def false_alarms(detected: np.ndarray) -> float:
        return float(np.count_nonzero(detected, axis=1) @ weight) / (targets - 1)

    low, high = 0, len(thresholds)  # misses are at most false alarms at the threshold `low`, more at `high`
    while high - low > 1:
        middle = (low + high) // 2
        if missed[middle] <= false_alarms(others >= thresholds[middle]):
            low = middle
        else:
            high = middle
    alarms = false_alarms(others >= thresholds[low])  # with the threshold at a target's score
    alarms_above = false_alarms(others > thresholds[low])  # and just above, where that target is missed
    gap, gap_above = alarms - missed[low], missed[low + 1] - alarms_above
    if gap_above <= 0:  # false alarms fall to it before another target is missed
        return float(missed[low + 1])
    return float(missed[low] + (missed[low + 1] - missed[low]) * gap / (gap + gap_above))
