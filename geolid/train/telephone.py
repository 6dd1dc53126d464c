"""The telephone: a band of 300 to 3400 Hz, sampled 8000 times a second, 8 bits a sample."""

from collections.abc import Callable

import numpy as np

from geolid.errors import GeoLIDError

RATE = 8000
# Hz: where the band opens, is open, begins to close, is closed
BAND = (200.0, 300.0, 3400.0, 3700.0)
_A = 87.6
_MU = 255.0


class Telephone:
    def __init__(self, apply_prob: float, rate: int):
        if rate % RATE:
            raise GeoLIDError(
                f"telephone_apply_prob: the audio has {rate} Hz, expected a multiple of {RATE}; set it to 0.0"
            )
        self._apply_prob = apply_prob
        self._ratio = rate // RATE

    def __call__(self, speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return (samples,) through a line without coding, with mu-law or with A-law, or as they are."""
        if rng.random() >= self._apply_prob:
            return speech
        return telephone(speech, self._ratio, (None, mu_law, a_law)[rng.integers(3)])


def telephone(speech: np.ndarray, ratio: int, law: Callable[[np.ndarray], np.ndarray] | None) -> np.ndarray:
    """Return speech (samples,) of `ratio` times 8000 Hz as the other end of a line hears it, at the same rate."""
    narrow_size = 1 << (-(-len(speech) // ratio) - 1).bit_length()  # a power of two: several times faster
    size = ratio * narrow_size
    spectrum = np.fft.rfft(speech, size)[: narrow_size // 2 + 1]
    hertz = np.fft.rfftfreq(narrow_size, 1 / RATE)
    spectrum *= np.interp(hertz, BAND, (0.0, 1.0, 1.0, 0.0))
    if law is not None:
        narrow = np.fft.irfft(spectrum, narrow_size) / ratio
        spectrum = np.fft.rfft(law(narrow)) * ratio
    return np.fft.irfft(spectrum, size)[: len(speech)].astype(np.float32)


def mu_law(wave: np.ndarray) -> np.ndarray:
    """Round to the 8 bits of mu-law (G.711, America and Japan), in its continuous form; beyond 1 it goes on."""
    return _companded(
        wave, lambda size: np.log1p(_MU * size) / np.log1p(_MU), lambda code: np.expm1(code * np.log1p(_MU)) / _MU
    )


def a_law(wave: np.ndarray) -> np.ndarray:
    """Round to the 8 bits of A-law (G.711, elsewhere), in its continuous form; beyond 1 it goes on."""
    scale = 1 + np.log(_A)
    return _companded(
        wave,
        lambda size: np.where(size < 1 / _A, _A * size, 1 + np.log(np.maximum(_A * size, 1))) / scale,
        lambda code: np.where(code < 1 / scale, code * scale, np.exp(code * scale - 1)) / _A,
    )


def _companded(
    wave: np.ndarray,
    compress: Callable[[np.ndarray], np.ndarray],
    expand: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Round to steps that lie the closer the quieter it is, 127 of them from 0 to 1, of either sign."""
    return np.copysign(expand(np.round(compress(np.abs(wave)) * 127) / 127), wave)
