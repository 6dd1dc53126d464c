"""Noise without a file: white, pink and everything between."""

import numpy as np

_SNR_DB = (5.0, 30.0)


class Hiss:
    """Adds noise to some of the utterances, of another colour and loudness each time."""

    def __init__(self, apply_prob: float):
        self._apply_prob = apply_prob

    def __call__(self, speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return (samples,) with noise or as they are, as chance wills."""
        if rng.random() >= self._apply_prob:
            return speech
        size = 1 << (len(speech) - 1).bit_length()  # a power of two: several times faster
        spectrum = np.fft.rfft(rng.standard_normal(size))
        # power falls as 1 / frequency^slope: 0 is white, 1 pink
        spectrum *= np.maximum(np.arange(len(spectrum)), 1) ** (-rng.uniform(0.0, 1.0) / 2)
        noise = np.fft.irfft(spectrum, size)[: len(speech)]
        loudness = np.sqrt(np.mean(np.square(speech, dtype=np.float64)) / np.mean(noise**2))
        return (speech + noise * loudness * 10 ** (-rng.uniform(*_SNR_DB) / 20)).astype(np.float32)
