"""Scores that take labels of one language as the same, by the table of geolid.data.matching.

They stand beside the strict ones, never in their place: whoever reads them sees what tolerance gave. A language is in
common here also where the model knows it by another label.
"""

from collections import Counter
from dataclasses import asdict

import numpy as np

from geolid.data.matching import counts_as
from geolid.report import metrics
from geolid.report.predictions import UNREAD, Predictions


def tolerant_scores(p: Predictions) -> dict:
    """Return the scores of a set; fractions. `forgiven` are the pairs of labels that only tolerance takes as right."""
    languages, number = np.unique([counts_as(code) for code in p.languages], return_inverse=True)
    reference = number[p.reference]
    predicted = np.where(p.predicted == UNREAD, UNREAD, number[p.predicted])
    right = predicted == reference
    known = np.zeros(len(languages), dtype=bool)
    known[number[p.known]] = True
    common = known[reference]
    present = np.unique(reference)
    forgiven = right & (p.predicted != p.reference)
    pairs = Counter(zip(p.reference[forgiven].tolist(), p.predicted[forgiven].tolist(), strict=True))
    return {
        **asdict(metrics.accuracies(reference, right, p.unit)),
        "utterances": len(reference),
        "languages": len(present),
        "common": {
            **asdict(metrics.accuracies(reference[common], right[common], p.unit[common])),
            "utterances": int(common.sum()),
            "languages": int(known[present].sum()),
        },
        "unknown_languages": [str(languages[at]) for at in present if not known[at]],
        "forgiven": [
            {"reference": p.languages[of], "predicted": p.languages[taken], "count": count}
            for (of, taken), count in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
    }
