"""Log-mel pictures: every recording becomes one of the same size, whatever its length, for models that see.

A longer recording is cut, a shorter one repeated, or followed by silence, until it has the wanted seconds. A row of the
picture is a mel band, a column a moment, and brightness the intensity in decibels below the picture's loudest place,
so that it does not matter how loud a recording is.
"""

from functools import lru_cache

import humanfriendly
import numpy as np
import torch
from espnet2.asr.frontend.abs_frontend import AbsFrontend
from torch import Tensor
from torch.nn import functional
from torchaudio.functional import melscale_fbanks

from geolid.errors import GeoLIDError

SECONDS, SIZE, WINDOW_MS = 10.0, 192, 64.0  # of a picture, unless told otherwise
RANGE_DB = 80.0  # what is fainter than the loudest place by more than this is as dark as silence
FILLS = ("repeat", "silence")
_SILENCE = 1e-10  # of a band's power, so that its logarithm has an end


class MelPictureFrontend(AbsFrontend):
    """Pictures (batch, size, bands): columns from first to last, bands from low to high, values from -1 to 1.

    Of recordings that are longer than `seconds` the middle is taken, which is free of what they begin and end with.
    `bands`: as many as columns, which is `size`, unless told otherwise. `window_ms`: how much a column sees; a longer
    one tells more bands apart, a shorter one more moments.
    `roll`: in training each begins at another moment and goes on with its beginning behind its end, so that a word is
    learnt wherever it stands.
    """

    def __init__(
        self,
        fs: int | str = 16000,
        seconds: float = SECONDS,
        size: int = SIZE,
        bands: int | None = None,
        window_ms: float = WINDOW_MS,
        fill: str = "repeat",
        roll: bool = False,
    ):
        super().__init__()
        self.rate = humanfriendly.parse_size(fs) if isinstance(fs, str) else fs
        if not 0.1 <= seconds <= 3600:
            raise GeoLIDError(f"frontend_conf: seconds: found {seconds}; expected 0.1 to 3600, 10 is usual")
        for key, found in {"size": size, "bands": bands or size}.items():
            if not 16 <= found <= 1024:
                raise GeoLIDError(f"frontend_conf: {key}: found {found}; expected 16 to 1024, 192 is usual")
        if not 10 <= window_ms <= 1000:
            raise GeoLIDError(f"frontend_conf: window_ms: found {window_ms}; expected 10 to 1000, 64 is usual")
        if fill not in FILLS:
            raise GeoLIDError(f"frontend_conf: fill: found '{fill}'; expected one of {', '.join(FILLS)}")
        self.samples = round(seconds * self.rate)
        self.columns = size
        self.bands = bands or size
        self.window_ms = window_ms
        self.fill = fill
        self.roll = roll

    def output_size(self) -> int:
        return self.bands

    def forward(self, speech: Tensor, speech_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pictures of speech (batch, samples), and their columns (batch,): as many of each."""
        waves = take_middle(speech, speech_lengths, self.samples, self.fill)
        if self.roll and self.training:
            starts = torch.randint(self.samples, (len(waves), 1), device=waves.device)
            waves = waves.gather(1, (starts + torch.arange(self.samples, device=waves.device)) % self.samples)
        pictures = decibels(waves, self.rate, self.columns, self.bands, self.window_ms) / (RANGE_DB / 2) + 1
        return pictures, torch.full_like(speech_lengths, self.columns)


def take_middle(speech: Tensor, lengths: Tensor, samples: int, fill: str = "repeat") -> Tensor:
    """Return (batch, samples): the middle of longer waves, and shorter ones from their beginning on, filled up."""
    places = torch.arange(samples, device=speech.device)
    lengths = lengths.to(speech.device)[:, None].clamp(min=1)
    start = torch.div((lengths - samples).clamp(min=0), 2, rounding_mode="floor")
    waves = speech.gather(1, (start + places) % lengths)
    return waves if fill == "repeat" else waves.masked_fill(places >= lengths, 0.0)


def decibels(waves: Tensor, rate: int, columns: int, bands: int, window_ms: float = WINDOW_MS) -> Tensor:
    """Return the intensities (batch, columns, bands) of waves (batch, samples), in dB from -RANGE_DB to 0.

    The windows' middles lie at equal distances; what they see beyond the ends is silence.
    """
    with torch.autocast(waves.device.type, enabled=False):
        window, mel = _constants(rate, bands, window_ms, waves.device)
        middles = (torch.arange(columns, device=waves.device) + 0.5) * (waves.shape[1] / columns)
        places = middles.long()[:, None] + torch.arange(len(window), device=waves.device)
        framed = functional.pad(waves.float(), (len(window) // 2, len(window) // 2))[:, places] * window
        spectrum = torch.fft.rfft(framed, n=2 * (len(mel) - 1))
        power = (spectrum.real**2).addcmul(spectrum.imag, spectrum.imag) @ mel
        levels = 10 * power.clamp(min=_SILENCE).log10()
        return (levels - levels.amax(dim=(1, 2), keepdim=True)).clamp(min=-RANGE_DB)


def band_frequencies(rate: int, bands: int) -> np.ndarray:
    """Return the frequencies (bands,) in Hz of which the bands take in most, from low to high."""
    highest = 2595 * np.log10(1 + rate / 2 / 700)  # in mel, as torchaudio's "htk" has them
    return 700 * (10 ** (np.linspace(0, highest, bands + 2)[1:-1] / 2595) - 1)


@lru_cache(maxsize=8)
def _constants(rate: int, bands: int, window_ms: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the weights of a window's samples, and the mel bands (frequencies, bands) up to half the rate."""
    size = 2 * round(rate * window_ms / 2000)
    points = 1 << (size - 1).bit_length()
    while rate / points > band_frequencies(rate, bands)[1]:  # the lowest band would hold none of the frequencies
        points *= 2
    with torch.inference_mode(False):  # a tensor made in inference mode could not be used in training later
        window = torch.hann_window(size)
        mel = melscale_fbanks(points // 2 + 1, 0.0, rate / 2, bands, rate, mel_scale="htk")
        return window.to(device), mel.to(device)
