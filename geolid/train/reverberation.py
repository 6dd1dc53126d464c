"""Rooms: speech convolved with a recorded or simulated impulse response (RIR)."""

from pathlib import Path

import numpy as np

from geolid.data.resample import resample
from geolid.train.noise import read_file_list
from geolid.train.recordings import open_recording, read_stretch

RIR_REMEDY = (
    "make it from RIRS_NOISES (https://www.openslr.org/28) by local/prepare_musan_rirs.sh --parts rirs, and run stage "
    "3, or set rir_apply_prob: 0.0"
)


class Reverberator:
    def __init__(self, scp: Path, apply_prob: float, rate: int):
        """`scp` lists impulse responses, '<path>' or '<id> <path>' a line."""
        self._files = read_file_list(scp, RIR_REMEDY)
        self._apply_prob = apply_prob
        self._rate = rate

    def __call__(self, speech: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return (samples,) in a room or as they are, as chance wills."""
        if rng.random() >= self._apply_prob:
            return speech
        source = self._files[rng.integers(len(self._files))]
        with open_recording(source) as file:
            channels = read_stretch(file, source, 0, file.frames)
            rir = channels[:, rng.integers(channels.shape[1])]
            if file.samplerate != self._rate:
                rir = resample(np.ascontiguousarray(rir), file.samplerate, self._rate)
        return reverberate(speech, rir)


def reverberate(speech: np.ndarray, rir: np.ndarray) -> np.ndarray:
    """Return speech in a room, (samples,): as long, as loud and with its direct sound where it was.

    `rir` is (taps,); its largest value is the direct sound. A response of zeros leaves the speech as it is.
    """
    delay = int(np.argmax(np.abs(rir)))
    size = 1 << (len(speech) + len(rir) - 2).bit_length()  # a power of two: several times faster
    wet = np.fft.irfft(np.fft.rfft(speech, size) * np.fft.rfft(rir, size), size)[delay : delay + len(speech)]
    wet_power, dry_power = (np.mean(np.square(wave), dtype=np.float64) for wave in (wet, speech))
    return (wet * np.sqrt(dry_power / wet_power)).astype(np.float32) if wet_power > 0 else speech
