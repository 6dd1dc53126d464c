"""Between a mouth and a microphone: telephones, rooms and noise. Signals are (samples,) floats of any scale."""

import numpy as np

PHONE_RATE = 8000
# The band of a telephone in Hz: nothing, everything, everything, nothing, with slopes between.
_PHONE_BAND = (200.0, 300.0, 3400.0, 3700.0)
_PEAK = 0.9


def telephone(signal: np.ndarray, rate: int) -> np.ndarray:
    """Return what a telephone lets through, 300 to 3400 Hz, at 8000 samples a second."""
    shortest = rate // np.gcd(rate, PHONE_RATE)  # of this many samples and multiples the new number is whole
    padded = np.pad(signal, (0, -len(signal) % shortest))
    spectrum = np.fft.rfft(padded)
    frequencies = np.fft.rfftfreq(len(padded), 1 / rate)
    spectrum *= np.interp(frequencies, _PHONE_BAND, (0.0, 1.0, 1.0, 0.0))
    samples = len(padded) * PHONE_RATE // rate
    return np.fft.irfft(spectrum[: samples // 2 + 1], samples) * PHONE_RATE / rate


def in_a_room(signal: np.ndarray, rate: int, rt60_seconds: float, draw: np.random.Generator) -> np.ndarray:
    """Return the signal with its echoes: noise that falls by 60 dB in `rt60_seconds`, as loud as the signal itself."""
    times = np.arange(round(rt60_seconds * rate)) / rate
    echoes = draw.standard_normal(len(times)) * 10 ** (-3 * times / rt60_seconds)
    response = echoes / np.sqrt(np.sum(echoes**2))
    response[0] = 1.0  # the direct way
    size = _quick_size(len(signal) + len(response) - 1)
    heard = np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(response, size), size)
    return heard[: len(signal)]


def with_noise(signal: np.ndarray, snr_db: float, draw: np.random.Generator) -> np.ndarray:
    """Add pink noise, its power `snr_db` below that of the whole signal, pauses included."""
    spectrum = np.fft.rfft(draw.standard_normal(_quick_size(len(signal))))
    spectrum[0] = 0.0
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum)[: len(signal)]
    return signal + noise * _rms(signal) / _rms(noise) * 10 ** (-snr_db / 20)


def at_level(signal: np.ndarray, dbfs: float) -> np.ndarray:
    """Return the signal at a level, in dB below full scale, or as near to it as it may come without clipping."""
    loud = signal * 10 ** (dbfs / 20) / _rms(signal)
    return loud * min(1.0, _PEAK / np.max(np.abs(loud)))


def _quick_size(samples: int) -> int:
    """Return the next power of two, for which a Fourier transform is several times as fast as for most numbers."""
    return 1 << (samples - 1).bit_length()


def _rms(signal: np.ndarray) -> float:
    return float(np.sqrt(np.mean(signal**2)))
