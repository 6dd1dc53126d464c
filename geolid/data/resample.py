"""Another sampling rate, another speed: through torchaudio, which is imported only when this is needed."""

import functools
from fractions import Fraction

import numpy as np


def resample(samples: np.ndarray, rate: int, new_rate: int, speed: float = 1.0) -> np.ndarray:
    """Return (samples,) float32 at `new_rate`, played `speed` times as fast: ceil(samples * new_rate / rate / speed).

    Tempo and pitch change together, as on a tape.
    """
    # Played faster, the samples are those of a higher rate. Whole numbers are what torchaudio counts in.
    played_rate = rate * Fraction(str(speed))
    return _resampler(played_rate.numerator, new_rate * played_rate.denominator)(samples)


@functools.lru_cache(maxsize=64)  # the filter of each pair of rates is computed once
def _resampler(rate: int, new_rate: int):
    import torch
    import torchaudio

    transform = torchaudio.transforms.Resample(rate, new_rate)

    def apply(samples: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return transform(torch.from_numpy(samples)).numpy()

    return apply
