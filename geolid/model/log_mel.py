"""Log mel filter banks as Kaldi computes them, for a whole batch at once on the device of the waves."""

from functools import lru_cache

import humanfriendly
import torch
from espnet2.asr.frontend.abs_frontend import AbsFrontend
from torch import Tensor
from torch.nn import functional
from torchaudio.compliance import kaldi

from geolid.errors import GeoLIDError

_WINDOW_MS, _HOP_MS = 25, 10
_PREEMPHASIS = 0.97
_FULL_SCALE = 32768.0  # Kaldi reads 16-bit integers, here 1.0 is full scale
_FLOOR = torch.finfo(torch.float32).eps  # Kaldi's, of a band's energy
_FEWEST_BANDS = 4  # torchaudio builds no fewer
# A CPU is fastest when a block's arrays, 2 kB a window, stay in its cache; elsewhere a block only bounds the memory.
_WINDOWS_AT_ONCE_CPU, _WINDOWS_AT_ONCE = 1 << 10, 1 << 16


def fbank(
    speech: Tensor, lengths: Tensor, bands: int = 80, rate: int = 16000, low: float = 20.0, high: float | None = None
) -> tuple[Tensor, Tensor]:
    """Return log mel energies (batch, frames, bands) in float32, and the real frames of each utterance (batch,).

    `speech` (batch, samples) is from -1 to 1, with `lengths` (batch,) real samples; the bands lie between `low` and
    `high` Hz, half the rate when None. Windows of 25 ms start every 10 ms and lie wholly within an utterance; one that
    is shorter than a window is filled up with zeros. Frames after an utterance's last are 0.
    """
    window_size, hop = rate * _WINDOW_MS // 1000, rate * _HOP_MS // 1000
    frame_lengths = (1 + torch.div(lengths - window_size, hop, rounding_mode="floor")).clamp(min=1)
    frames = max(1 + (speech.shape[1] - window_size) // hop, 1)
    with torch.autocast(speech.device.type, enabled=False):
        weights, mel = _constants(bands, rate, low, high, speech.device)
        padding = torch.arange(speech.shape[1], device=speech.device) >= lengths.to(speech.device)[:, None]
        waves = (speech.float() * _FULL_SCALE).masked_fill(padding, 0.0)
        waves = functional.pad(waves, (0, max(window_size - speech.shape[1], 0)))
        windows = waves.unfold(1, window_size, hop)
        at_once = _WINDOWS_AT_ONCE_CPU if speech.device.type == "cpu" else _WINDOWS_AT_ONCE
        blocks = windows.split(max(at_once // len(waves), 1), dim=1)
        features = torch.cat([_log_energies(block, weights, mel) for block in blocks], dim=1)
    padding = torch.arange(frames, device=speech.device) >= frame_lengths.to(speech.device)[:, None]
    return features.masked_fill(padding[..., None], 0.0), frame_lengths


class LogMelFrontend(AbsFrontend):
    """Log mel filter banks (batch, frames, n_mels), 100 frames a second; nothing in them is learnt."""

    def __init__(self, fs: int | str = 16000, n_mels: int = 80):
        super().__init__()
        if n_mels < _FEWEST_BANDS:
            raise GeoLIDError(f"frontend_conf: n_mels: {n_mels}; expected {_FEWEST_BANDS} or more bands, 80 is usual")
        self.rate = humanfriendly.parse_size(fs) if isinstance(fs, str) else fs
        self.bands = n_mels

    def output_size(self) -> int:
        return self.bands

    def forward(self, speech: Tensor, speech_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (batch, frames, n_mels) and frames (batch,) of speech (batch, samples)."""
        return fbank(speech, speech_lengths, self.bands, self.rate)


def _log_energies(windows: Tensor, weights: Tensor, mel: Tensor) -> Tensor:
    """Return the log energies (batch, frames, bands) of windows (batch, frames, samples)."""
    windows = windows - windows.mean(-1, keepdim=True)
    # A window's first sample has no weight: it is left out here and serves the preemphasis of the second only.
    windows = torch.sub(windows[..., 1:], windows[..., :-1], alpha=_PREEMPHASIS) * weights[1:]
    spectrum = torch.fft.rfft(windows, n=2 * len(mel))[..., : len(mel)]
    power = (spectrum.real**2).addcmul(spectrum.imag, spectrum.imag)
    return (power @ mel).clamp(min=_FLOOR).log()


@lru_cache(maxsize=32)
def _constants(bands: int, rate: int, low: float, high: float | None, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the weights of a window's samples and the mel bands (frequencies, bands); none reaches half the rate."""
    window_size = rate * _WINDOW_MS // 1000
    points = 1 << (window_size - 1).bit_length()
    with torch.inference_mode(False):  # a tensor made in inference mode could not be used in training later
        povey = torch.hann_window(window_size, periodic=False).pow(0.85)
        mel, _ = kaldi.get_mel_banks(bands, points, float(rate), low, high or 0.0, 100.0, -500.0, 1.0)
        return povey.to(device), mel.T.contiguous().to(device)
