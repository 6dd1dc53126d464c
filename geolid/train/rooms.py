"""Rooms without a file: their echoes are noise that dies away."""

import numpy as np

from geolid.train.reverberation import reverberate

_RT60_SECONDS = (0.1, 0.8)  # the time in which echoes fall by 60 dB: a car, a church hall
_ECHOES_DB = (-15.0, 3.0)  # all of them together, over the direct sound
_DELAY_SECONDS = (0.001, 0.12)  # of the first echo


class MadeUpRoom:
    """Puts some of the utterances into a room, another one each time."""

    def __init__(self, apply_prob: float, rate: int):
        self._apply_prob = apply_prob
        self._rate = rate

    def __call__(self, speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return (samples,) in a room or as they are, as chance wills."""
        return reverberate(speech, self._response(rng)) if rng.random() < self._apply_prob else speech

    def _response(self, rng: np.random.Generator) -> np.ndarray:
        """Draw an impulse response, (taps,), whose first and largest value is the direct sound."""
        rt60 = rng.uniform(*_RT60_SECONDS)
        delay = round(np.exp(rng.uniform(*np.log(_DELAY_SECONDS))) * self._rate)
        times = np.arange(round(rt60 * self._rate)) / self._rate
        echoes = rng.standard_normal(len(times)) * 10 ** (-3 * times / rt60)
        share = 10 ** (rng.uniform(*_ECHOES_DB) / 20)
        response = np.zeros(delay + len(echoes))
        response[delay:] = share * echoes / np.sqrt(np.sum(echoes**2))
        response[0] = 1.0
        return response
