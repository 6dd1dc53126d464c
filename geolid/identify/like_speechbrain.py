"""The calls that users of SpeechBrain's EncoderClassifier know, with its shapes and order."""

import os

import numpy as np
import torch

from geolid.data.audio import AudioError
from geolid.errors import GeoLIDError
from geolid.identify.engine import Engine
from geolid.identify.inputs import read_input


class LikeSpeechBrain:
    """For a class that has an engine, and a temperature that logits are divided by."""

    _engine: Engine
    _temperature: float

    def classify_file(self, path: str | os.PathLike) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[str]]:
        """Return log-probabilities (1, languages), the best (1,), its index (1,) and [its language's code]."""
        wave = torch.from_numpy(read_input(path, self._engine.rate))
        return self.classify_batch(wave[None])

    def classify_batch(
        self, wavs: torch.Tensor, wav_lens: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[str]]:
        """Return log-probabilities (batch, languages), the best (batch,), their indices (batch,) and a list of codes.

        `wavs` is (batch, samples) at `sampling_rate`; `wav_lens` (batch,) are lengths as shares of the longest.
        """
        logits, _ = self._answer_batch(wavs, wav_lens)
        log_probabilities = (logits.double() / self._temperature).log_softmax(dim=1).float()
        best, index = log_probabilities.max(dim=1)
        return log_probabilities, best, index, [self._engine.languages[at] for at in index.tolist()]

    def encode_batch(self, wavs: torch.Tensor, wav_lens: torch.Tensor | None = None) -> torch.Tensor:
        """Return embeddings (batch, 1, dim); the arguments are those of classify_batch.

        They are of unit length where languages are told by directions alone, and else what the classifier is given.
        """
        return self._answer_batch(wavs, wav_lens)[1][:, None]

    def _answer_batch(self, wavs: torch.Tensor, wav_lens: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (batch, languages) and embeddings (batch, dim)."""
        waves = torch.as_tensor(wavs).detach().cpu().float()
        waves = waves[None] if waves.ndim == 1 else waves
        if waves.ndim != 2 or not len(waves):
            raise GeoLIDError(f"found waves with axes {tuple(waves.shape)}; expected (batch, samples), mixed to mono")
        shares = torch.ones(len(waves)) if wav_lens is None else torch.as_tensor(wav_lens).detach().cpu().float()
        if shares.shape != waves.shape[:1] or not ((shares > 0) & (shares <= 1)).all():
            raise GeoLIDError(
                f"found wav_lens {shares.tolist()}; expected a share from 0 to 1 of {waves.shape[1]} samples for each "
                f"of the {len(waves)} waves"
            )
        lengths = (shares * waves.shape[1]).round().long().tolist()
        rate = self._engine.rate

        def read(number: int) -> np.ndarray:
            return read_input((waves[number, : lengths[number]].numpy(), rate), rate)

        found = list(self._engine.answer_all(lengths, read, self._engine.limits()))
        faults = {row: reason for answers in found for row, reason in answers.faults.items()}
        if faults:
            row = min(faults)
            raise AudioError(f"wave {row} of the batch: {faults[row]}")
        order = np.argsort(np.concatenate([answers.rows for answers in found]))
        parts = ("logits", "embeddings", "embedding_lengths")
        gathered = (np.concatenate([getattr(of, what) for of in found])[order] for what in parts)
        logits, embeddings, embedding_lengths = map(torch.from_numpy, gathered)
        return logits, embeddings if self._engine.has_cosines else embeddings * embedding_lengths[:, None]
