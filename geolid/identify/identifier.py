"""A model as other programs use it: `LanguageIdentifier.from_pretrained(model).identify(audio)`."""

import os
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch

from geolid.data.audio import AudioError
from geolid.errors import GeoLIDError
from geolid.geo.places import distance_km, places
from geolid.identify.engine import Answers, Engine
from geolid.identify.identification import HeardPlace, Identification, Unidentified, language_name
from geolid.identify.inputs import Source, is_list, name_of, read_input, seconds_of
from geolid.identify.languages import choose_candidates
from geolid.identify.like_speechbrain import LikeSpeechBrain
from geolid.identify.locate import locate
from geolid.identify.scores import probabilities
from geolid.identify.workers import in_blocks
from geolid.model.package import open_model

_FAULTS_SHOWN = 3

Answer = Identification | Unidentified


class LanguageIdentifier(LikeSpeechBrain):
    """Identifies languages. Results do not depend on what else is identified at the same time."""

    def __init__(
        self,
        engine: Engine,
        temperature: float | None = None,
        places: np.ndarray | None = None,
        name: str = "model",
        free_labels: bool = False,
    ):
        """`places` are latitude and longitude of the engine's languages, (languages, 2), NaN where there is none.

        With `free_labels` the languages are others, such as speakers.
        """
        self._engine = engine
        self._temperature = temperature or 1.0
        self._places = places
        self.name = name
        self._free_labels = free_labels

    @classmethod
    def from_pretrained(
        cls,
        source: str | os.PathLike,
        device: str | None = None,
        mixed_precision: bool | None = None,
        inference_model: str = "valid.accuracy.best.pth",
        labels: str | os.PathLike | None = None,
        revision: str | None = None,
        allow_pickle: bool = False,
    ) -> "LanguageIdentifier":
        """Open a model: a packed one (folder or zip), an experiment's folder, an ESPnet archive, or an id on the Hub.

        device: cpu, cuda, cuda:1 ...; the GPU where there is one. mixed_precision: whether a GPU computes in 16 bits
        (it does unless told otherwise; a CPU never does). inference_model: which model of an experiment's folder.
        labels: the languages of a model that does not tell them. revision: of an id on the Hub. allow_pickle: whether
        weights of a packed model may be a .pth, of which nothing but tensors is let in.
        """
        device = choose_device(device)
        with open_model(locate(source, revision), inference_model, labels, allow_pickle) as files:
            engine = Engine.open(files, device, mixed_precision is not False)
            homes = files.places if engine.vector_kind == "geo" else None
            return cls(engine, files.temperature, homes, files.name, files.has_free_labels)

    @property
    def languages(self) -> list[str]:
        """The ISO 639-3 codes of the languages that the model knows, or the labels that stand in for them."""
        return list(self._engine.languages)

    @property
    def names(self) -> dict[str, str]:
        """The English name of each language by its code; labels that are no languages are their own names."""
        name_of = str if self._free_labels else language_name
        return {code: name_of(code) for code in self._engine.languages}

    @property
    def sampling_rate(self) -> int:
        """What the model hears, in samples a second. Audio of other rates is resampled."""
        return self._engine.rate

    @property
    def device(self) -> torch.device:
        return self._engine.device

    def __repr__(self) -> str:
        kind = "labels" if self._free_labels else "languages"
        return f"<LanguageIdentifier {self.name}: {len(self._engine.languages)} {kind}, on {self.device}>"

    def identify(
        self, audio: Source | Sequence[Source], languages: Sequence[str] | None = None
    ) -> Identification | list[Identification]:
        """Identify the language of one recording, or of each of a list.

        A recording is a path, a pair (array, rate) or an open binary file; its channels are mixed. `languages` are the
        candidates to choose from. Audio that cannot be used is an AudioError; `stream` goes on behind it.
        """
        several = is_list(audio)
        sources = list(audio) if several else [audio]
        answers = self.answer_block(sources, self.columns(languages))
        faults = [
            f"{number}: {answer.reason}" if several else answer.reason
            for number, answer in enumerate(answers)
            if isinstance(answer, Unidentified)
        ]
        if faults:
            more = f"; and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
            of = f"{len(faults)} of {len(sources)} recordings cannot be used; number " if several else ""
            raise AudioError(of + "; number ".join(faults[:_FAULTS_SHOWN]) + more)
        return answers if several else answers[0]

    def stream(
        self,
        sources: Iterable[Source],
        languages: Sequence[str] | None = None,
        batch: int = 32,
        allow_pipes: bool = False,
    ) -> Iterator[Answer]:
        """Yield the answers to many recordings, in their order; one that cannot be used is an Unidentified.

        `batch` is the most that go through the model together. Commands, as a wav.scp may hold, run only where
        allow_pipes is true.
        """
        columns = self.columns(languages)
        return self._stream(sources, columns, batch, allow_pipes)

    def _stream(self, sources: Iterable[Source], columns: list[int] | None, batch: int, allow_pipes: bool):
        for block in in_blocks(sources, self.device.type):
            yield from self.answer_block(block, columns, batch, allow_pipes)

    def columns(self, languages: Sequence[str] | None) -> list[int] | None:
        """Return where candidates stand among the languages; None where all are candidates."""
        if not languages:
            return None
        if isinstance(languages, str):
            languages = languages.replace(",", " ").split()
        chosen = choose_candidates(self._engine.languages, languages, self._free_labels)
        return [self._engine.languages.index(code) for code in chosen]

    def answer_block(
        self, block: Sequence[Source], columns: list[int] | None, batch: int = 32, allow_pipes: bool = False
    ) -> list[Answer]:
        """Answer for some recordings, in batches by length."""
        rate = self._engine.rate
        lengths = [round(seconds_of(source) * rate) for source in block]

        def read(number: int) -> np.ndarray:
            try:
                return read_input(block[number], rate, allow_pipes)
            except OSError as error:
                raise AudioError(f"cannot be read: {name_of(block[number])}: {error.strerror or error}") from None

        answers: list[Answer | None] = [None] * len(block)
        for found in self._engine.answer_all(lengths, read, self._engine.limits(utterances=batch)):
            for row, answer in zip(found.rows.tolist(), self._identifications(found, columns), strict=True):
                answers[row] = answer
            for row, reason in found.faults.items():
                answers[row] = Unidentified(reason)
        return answers

    def _identifications(self, found: Answers, columns: list[int] | None) -> Iterator[Identification]:
        languages = self._engine.languages
        of_all = probabilities(found.logits, self._temperature)
        heard = places(found.vectors) if self._engine.vector_kind == "geo" else None
        if columns is not None:
            chosen_languages = [languages[column] for column in columns]
            of_chosen = probabilities(found.logits[:, columns], self._temperature)
        for row, samples in enumerate(found.lengths.tolist()):
            seconds, embedding = samples / self._engine.rate, found.embeddings[row]

            def place(best: int, row: int = row) -> HeardPlace | None:
                return None if heard is None else self._place(heard[row], best)

            at_home = place(int(of_all[row].argmax()))
            answer = Identification(languages, of_all[row], embedding, at_home, seconds, free_labels=self._free_labels)
            if columns is not None:
                best = columns[int(of_chosen[row].argmax())]
                answer = Identification(
                    chosen_languages, of_chosen[row], embedding, place(best), seconds, answer, self._free_labels
                )
            yield answer

    def _place(self, heard: np.ndarray, best: int) -> HeardPlace:
        latitude, longitude = heard.tolist()
        km = float(distance_km(latitude, longitude, *self._places[best])) if self._places is not None else np.nan
        return HeardPlace(latitude, longitude, None if np.isnan(km) else km)


def choose_device(device: str | None) -> str:
    """Return where to compute: what was asked for if it is there, else the GPU if there is one."""
    if device is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        wanted = torch.device(device)
    except (RuntimeError, TypeError):
        wanted = None
    if wanted is None or wanted.type not in ("cpu", "cuda"):
        raise GeoLIDError(f"device: found '{device}'; expected cpu, cuda, or cuda: and a GPU's number")
    gpus = torch.cuda.device_count()
    if wanted.type == "cuda" and (wanted.index or 0) >= gpus:
        raise GeoLIDError(f"device: found '{device}', and torch sees {gpus} GPUs; choose another, or cpu")
    return str(wanted)
