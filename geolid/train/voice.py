"""Another voice: the formants are moved, each a little otherwise, and the pitch is left alone.

So that a language is not known by the voices that spoke it in training. The spectrum's envelope is found by smoothing
its logarithm (the first numbers of the cepstrum), warped along frequency, and put in place of the old one.
"""

import functools

import numpy as np
import torch

_WINDOW, _HOP = 512, 128  # samples
_SMOOTHEST = 24  # numbers of the cepstrum that make the envelope: below the period of a voice of 600 Hz at 16 kHz
_KNOTS_HZ = (0.0, 400.0, 1000.0, 1800.0, 2800.0, 4200.0)  # between them the warp is linear; beyond, it is the last one
_LOUDEST = 4.0  # change of a band, as a natural logarithm


class VoiceChanger:
    """Moves the formants of some of the utterances by factors from 1 / (1 + strength) to 1 + strength."""

    def __init__(self, probability: float, strength: float, rate: int):
        self._probability = probability
        self._range = np.log1p(strength)
        self._hertz = np.linspace(0, rate / 2, _WINDOW // 2 + 1)

    def __call__(self, wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return (samples,) float32, as long as before."""
        if rng.random() >= self._probability or len(wave) < _WINDOW:
            return wave
        # half of a formant's move is the voice's, half its own
        moves = rng.uniform(-self._range, self._range) / 2 + rng.uniform(-self._range, self._range, len(_KNOTS_HZ)) / 2
        return _with_envelope_from(wave, self._hertz / np.exp(np.interp(self._hertz, _KNOTS_HZ, moves)), self._hertz)


@torch.inference_mode()
def _with_envelope_from(wave: np.ndarray, source: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """Give each frequency of `hertz` the envelope that stood at `source`, (frequencies,)."""
    window = _window()
    spectrum = torch.stft(torch.from_numpy(wave), _WINDOW, _HOP, window=window, return_complex=True)
    loudness = spectrum.abs().clamp(min=1e-5).log()  # (frequencies, frames)
    cepstrum = torch.fft.irfft(loudness, dim=0)
    cepstrum[_SMOOTHEST:-_SMOOTHEST] = 0.0
    envelope = torch.fft.rfft(cepstrum, dim=0).real
    place = np.clip(np.interp(source, hertz, np.arange(len(hertz))), 0, len(hertz) - 1)
    below = place.astype(int)
    above = np.minimum(below + 1, len(hertz) - 1)
    share = torch.from_numpy((place - below).astype(np.float32))[:, None]
    moved = envelope[below] * (1 - share) + envelope[above] * share
    changed = spectrum * (moved - envelope).clamp(-_LOUDEST, _LOUDEST).exp()
    return torch.istft(changed, _WINDOW, _HOP, window=window, length=len(wave)).numpy()


@functools.cache
def _window() -> torch.Tensor:
    return torch.hann_window(_WINDOW)
