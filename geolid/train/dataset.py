"""Utterances as the model takes them in: read, augmented, padded into batches."""

from collections.abc import Sequence

import numpy as np
import soundfile
import torch
from torch.utils.data import Dataset

from geolid.errors import GeoLIDError
from geolid.train.augment import Augmenter
from geolid.train.recordings import open_recording, read_stretch
from geolid.train.utterances import Utterances

# An utterance's index, and what its crop and augmentation depend on: (seed, epoch, number of the batch, place in it).
Request = tuple[int, tuple[int, int, int, int]]
Batch = tuple[list[str], dict[str, torch.Tensor]]


class SpeechDataset(Dataset):
    """Batches of speech and languages; an item is asked for with the requests of a whole batch."""

    def __init__(
        self,
        utterances: Utterances,
        rate: int,
        augmenter: Augmenter | None = None,
        vectors: np.ndarray | None = None,
    ):
        """Without an augmenter every utterance comes whole and as it is. `vectors` are (languages, dims)."""
        self.utterances = utterances
        self.rate = rate
        # how long each utterance can get, (utterances,): batches are filled by it
        self.lengths = augmenter.longest(utterances.lengths) if augmenter else utterances.lengths
        self._augmenter = augmenter
        self._vectors = None if vectors is None else np.asarray(vectors, np.float32)

    def __getitem__(self, requests: Sequence[Request]) -> Batch:
        """Return the ids of a batch and its tensors.

        `speech` (batch, samples) with zeros behind each, `speech_lengths` and `lid_labels` (batch,); with a table of
        vectors also `lang2vecs` (batch, dims).
        """
        rows = [index for index, _ in requests]
        labels = self.utterances.labels[rows]
        speech, lengths = pad([self.speech(index, key) for index, key in requests])
        batch = {
            "speech": speech,
            "speech_lengths": lengths,
            "lid_labels": torch.from_numpy(labels.astype(np.int64)),
        }
        if self._vectors is not None:
            batch["lang2vecs"] = torch.from_numpy(self._vectors[labels])
        return [self.utterances.ids[index] for index in rows], batch

    def speech(self, index: int, key: tuple[int, int, int, int]) -> np.ndarray:
        """Return an utterance, (samples,) float32, cropped and augmented as its key says."""
        length = int(self.utterances.lengths[index])
        source = self.utterances.sources[index]

        def read(first: int, count: int) -> np.ndarray:
            with open_recording(source) as file:
                self._check(file, source, length)
                return read_stretch(file, source, first, count)[:, 0]

        try:
            if self._augmenter is None:
                return read(0, length)
            _seed, epoch, *_ = key
            return self._augmenter(read, length, epoch, np.random.default_rng(key))
        except GeoLIDError as error:
            raise GeoLIDError(f"'{self.utterances.ids[index]}': {error}") from None

    def _check(self, file: soundfile.SoundFile, source: str, length: int) -> None:
        if (file.samplerate, file.channels) != (self.rate, 1):
            raise GeoLIDError(
                f"{source}: {file.samplerate} Hz, {file.channels} channels; expected {self.rate} Hz, 1 channel: run "
                "stage 3 with this --fs, and train on its dump directory"
            )
        if file.frames != length:
            raise GeoLIDError(
                f"{source}: {file.frames} samples, but speech_shape says {length}; run stage 4 again, and stage 3 "
                "before it if the file is damaged"
            )


def pad(waves: Sequence[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (batch, samples), zeros behind each, and their lengths (batch,)."""
    lengths = torch.tensor([len(wave) for wave in waves])
    speech = torch.zeros(len(waves), int(lengths.max()))
    for row, wave in zip(speech, waves, strict=True):
        row[: len(wave)] = torch.from_numpy(wave)
    return speech, lengths
