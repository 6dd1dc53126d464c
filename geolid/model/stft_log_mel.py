"""ESPnet's log mel front end (`frontend: default`), in which an utterance's neighbours have no part.

ESPnet mirrors a wave at its ends for the first and the last window. In a batch it does so at the end of the longest
one; the last windows of the others take in their padding instead, and so depend on whether there is any.
"""

import torch
from espnet2.asr.frontend.default import DefaultFrontend
from torch import Tensor
from torch.nn import functional

from geolid.model.padding import frame_mask

_FLOOR = 1e-10  # ESPnet's, of a band's energy


class StftLogMelFrontend(DefaultFrontend):
    """ESPnet's, with its options and buffers; one channel of audio, without dereverberation and beamforming."""

    def forward(self, input: Tensor, input_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (batch, frames, n_mels), 0 behind an utterance's end, and frames (batch,)."""
        cleaned = self.frontend is not None and (self.frontend.use_wpe or self.frontend.use_beamformer)
        if not self.apply_stft or not self.stft.center or not self.stft.onesided or cleaned or input.dim() != 2:
            return super().forward(input, input_lengths)
        stft = self.stft
        margin = stft.n_fft // 2
        window = None
        if stft.window is not None:
            window = getattr(torch, f"{stft.window}_window")(stft.win_length, device=input.device)
        with torch.autocast(input.device.type, enabled=False):
            spectrum = torch.stft(
                _mirrored(input.float(), input_lengths, margin),
                stft.n_fft,
                stft.hop_length,
                stft.win_length,
                window,
                center=False,
                normalized=stft.normalized,
                return_complex=True,
            )
            power = (spectrum.real**2).addcmul(spectrum.imag, spectrum.imag).transpose(1, 2)
            features = (power @ self.logmel.melmat).clamp(min=_FLOOR).log()
        lengths = torch.div(input_lengths + 2 * margin - stft.n_fft, stft.hop_length, rounding_mode="floor") + 1
        features = features[:, : int(lengths.max())]
        mask = frame_mask(lengths, features.shape[1])
        return (features if mask is None else features.masked_fill(~mask.mT, 0.0)), lengths


def _mirrored(speech: Tensor, lengths: Tensor, margin: int) -> Tensor:
    """Put `margin` samples before and behind each wave of (batch, samples): its own, as in a mirror at its ends."""
    longest = int(lengths.max())
    mirrored = functional.pad(speech[:, :longest], (margin, margin))
    last = (lengths - 1)[:, None]
    steps = torch.arange(1, margin + 1, device=speech.device).expand(len(speech), -1)
    before, behind = steps.minimum(last), (last - steps).clamp(min=0)  # an utterance may be shorter than the margin
    mirrored.scatter_(1, margin - steps, speech.gather(1, before))
    return mirrored.scatter_(1, margin + last + steps, speech.gather(1, behind))
