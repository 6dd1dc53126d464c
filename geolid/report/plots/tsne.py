"""Points of many dimensions brought to a plane by t-SNE, so that neighbours stay neighbours."""

import numpy as np

FEWEST = 4  # points; of fewer, t-SNE's perplexity leaves nothing to choose
_USUAL_PERPLEXITY = 30.0


def perplexity_for(points: int) -> float:
    """Return how many neighbours a point looks at: the usual number, or less where there are few points."""
    return min(_USUAL_PERPLEXITY, (points - 1) / 3)


def project(vectors: np.ndarray) -> np.ndarray:
    """Return the places (points, 2) of vectors (points, dims), at least FEWEST; the same for the same vectors.

    t-SNE has no up and no right: the plane is turned so that it is widest from left to right.
    """
    from sklearn.manifold import TSNE  # takes seconds

    # principal components keep the picture's large shape, but vectors that are all the same have none
    start = "pca" if np.ptp(vectors, axis=0).any() else "random"
    tsne = TSNE(perplexity=perplexity_for(len(vectors)), init=start, learning_rate="auto", random_state=0)
    plane = tsne.fit_transform(np.asarray(vectors, dtype=np.float32)).astype(np.float64)
    plane -= plane.mean(axis=0)
    return plane @ np.linalg.svd(plane, full_matrices=False)[2].T


def sample(utterances: dict[str, str], most: int) -> list[str]:
    """Return at most so many utterances of each language, sorted; `utterances` holds the language of each.

    They are taken at even distances from the sorted ids, so that all of a language's speakers come in.
    """
    by_language: dict[str, list[str]] = {}
    for utt in sorted(utterances):
        by_language.setdefault(utterances[utt], []).append(utt)
    return sorted(
        utts[number * len(utts) // min(most, len(utts))]
        for utts in by_language.values()
        for number in range(min(most, len(utts)))
    )
