"""What an identifier says about a recording."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from geolid.data import languages as registry
from geolid.identify.scores import best_columns


class Candidate(NamedTuple):
    """A language, and how likely it is."""

    language: str  # ISO 639-3
    name: str
    probability: float


class HeardPlace(NamedTuple):
    """Where the model takes the language to be spoken."""

    latitude: float  # degrees north
    longitude: float  # degrees east, -180 to 180
    km: float | None  # from the place of the language that was identified; None where that has none


@dataclass(frozen=True, eq=False, repr=False)
class Identification:
    """An answer. With candidates `unrestricted` is what it would be without."""

    languages: Sequence[str]  # that were chosen from
    probabilities: np.ndarray  # (languages,), calibrated where the model is; they add up to 1
    embedding: np.ndarray  # (dim,) float32, of unit length
    place: HeardPlace | None  # None if the model does not predict places
    seconds: float  # of audio
    unrestricted: "Identification | None" = None
    free_labels: bool = False  # "languages" are others, such as speakers, which have no names but themselves

    @property
    def language(self) -> str:
        """The best language's ISO 639-3 code."""
        return self.top(1)[0].language

    @property
    def name(self) -> str:
        """The best language's English name."""
        return self.top(1)[0].name

    @property
    def probability(self) -> float:
        return self.top(1)[0].probability

    def top(self, k: int = 5) -> list[Candidate]:
        """Return the k best languages, or as many as there are, the best first."""
        columns = best_columns(self.probabilities[None], k)[0].tolist()
        name_of = str if self.free_labels else language_name
        return [
            Candidate(self.languages[at], name_of(self.languages[at]), float(self.probabilities[at])) for at in columns
        ]

    def __repr__(self) -> str:
        language, name, probability = self.top(1)[0]
        return f"<Identification: {language} ({name}), probability {probability:.3f}>"


@dataclass(frozen=True)
class Unidentified:
    """Stands where an answer would: audio that cannot be used, and why."""

    reason: str


def language_name(code: str) -> str:
    """Return a language's English name, or its code where the registry does not know it."""
    language = registry.registry().get(code)
    return language.name if language is not None else code
