"""Another voice: the formants are moved, each a little otherwise, and the pitch is left alone.

So that a language is not known by the voices that spoke it in training. The spectrum's envelope is found by smoothing
its logarithm (the first numbers of the cepstrum), warped along frequency, and put in place of the old one.
"""

import functools

import numpy as np
import torch

_WINDOW, _HOP = 512, 256  # samples
_SMOOTHEST = 24  # numbers of the cepstrum that make the envelope: below the period of a voice of 600 Hz at 16 kHz
_FORMANTS_HZ = (500.0, 1500.0, 2700.0, 4000.0)  # of a voice at rest
_LOUDEST = 4.0  # change of a band, as a natural logarithm


class VoiceChanger:
    """Moves the formants of some utterances, each by a factor of its own from 1 / (1 + strength) to 1 + strength."""

    def __init__(self, probability: float, strength: float, rate: int):
        self._probability = probability
        self._range = np.log1p(strength)
        self._hertz = np.linspace(0, rate / 2, _WINDOW // 2 + 1)

    def __call__(self, wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return (samples,) float32, as long as before."""
        if rng.random() >= self._probability or len(wave) < _WINDOW:
            return wave
        return _with_envelope_from(wave, self._draw_warp(rng), self._hertz)

    def _draw_warp(self, rng: np.random.Generator) -> np.ndarray:
        """Return the frequency whose envelope each one gets: linear between formants, which keep their order."""
        moves = np.exp(rng.uniform(-self._range, self._range, len(_FORMANTS_HZ)))
        places = np.sort(_FORMANTS_HZ * moves)
        end = self._hertz[-1]
        return np.interp(
            self._hertz, [0.0, *places, end * max(1.0, places[-1] / _FORMANTS_HZ[-1])], [0.0, *_FORMANTS_HZ, end]
        )


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
