"""A trained model, ready to answer: batches of waves in; logits, embeddings and predicted vectors out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from geolid.errors import GeoLIDError
from geolid.identify.batches import BatchLimits, Read, WaveBatch, read_batches
from geolid.identify.cpu import prepare_cpu
from geolid.identify.languages import choose_candidates
from geolid.model.build import build_trained
from geolid.model.experiment import model_languages, read_config, sampling_rate
from geolid.model.lid import GeoLIDModel
from geolid.model.losses import CosineSoftmax
from geolid.model.package import ModelFiles

_BATCH_SECONDS = {"cpu": 60.0, "cuda": 300.0}  # what fits into a cache; what fits on a small GPU beside a large model


@dataclass(frozen=True)
class Answers:
    """What the model makes of utterances, a row each."""

    rows: np.ndarray  # (utterances,) their numbers in the list that was asked for
    logits: np.ndarray  # (utterances, languages) float32; their softmax are the probabilities, uncalibrated
    embeddings: np.ndarray  # (utterances, dim) float32, of unit length
    embedding_lengths: np.ndarray  # (utterances,) float32: their lengths before
    vectors: np.ndarray | None  # (utterances, dims) float32: the language's vector as predicted, if the model does so
    lengths: np.ndarray  # (utterances,) samples
    faults: dict[int, str]  # by number: why there is no answer


class Engine:
    """`languages` are the columns of the logits: the candidates, or all that the model knows."""

    def __init__(self, model: GeoLIDModel, languages: Sequence[str], rate: int, device: str, mixed_precision: bool):
        self.model = model.eval().to(device)
        self.languages = list(languages)
        self.rate = rate
        self.device = torch.device(device)
        self._columns: list[int] | None = None
        self._dtype = _half_precision() if mixed_precision and self.device.type == "cuda" else None
        if self.device.type == "cpu":
            prepare_cpu(self.model)

    @classmethod
    def load(
        cls,
        config_file: Path,
        model_file: Path,
        candidates: Sequence[str] = (),
        lang2utt: Path | None = None,
        device: str = "cpu",
        mixed_precision: bool = True,
    ) -> "Engine":
        """Build a model from the files of its training; mixed precision is for GPUs, and does nothing on a CPU."""
        conf = read_config(config_file)
        languages = model_languages(conf, config_file, lang2utt)
        engine = cls(build_trained(conf, model_file), languages, sampling_rate(conf), device, mixed_precision)
        if candidates:
            engine.restrict(candidates)
        return engine

    @classmethod
    def open(cls, files: ModelFiles, device: str = "cpu", mixed_precision: bool = True) -> "Engine":
        """Build a model from its files, whatever it came from."""
        model = build_trained(files.config, files.weights)
        return cls(model, files.languages, files.sampling_rate, device, mixed_precision)

    @property
    def has_cosines(self) -> bool:
        """Whether languages are told by the direction of an embedding alone, and its length means nothing."""
        return isinstance(self.model.loss, CosineSoftmax)

    @property
    def vector_kind(self) -> str | None:
        """What the predicted vectors tell: geo is where a language is spoken. None if there are none."""
        return self.model.vector_head.kind if self.model.vector_head is not None else None

    def restrict(self, candidates: Sequence[str]) -> None:
        """Choose from these languages only."""
        chosen = choose_candidates(self.languages, candidates)
        columns = self._columns or range(len(self.languages))
        self._columns = [columns[self.languages.index(language)] for language in chosen]
        self.languages = chosen

    def limits(self, seconds: float | None = None, utterances: int = 32) -> BatchLimits:
        """Return how much goes into a batch: seconds of audio with padding, by default what suits the device."""
        return BatchLimits(round((seconds or _BATCH_SECONDS[self.device.type]) * self.rate), utterances)

    def answer_all(self, lengths: Sequence[int], read: Read, limits: BatchLimits) -> Iterator[Answers]:
        """Answer for every utterance, in batches by length.

        `read(number)` gives an utterance's wave (samples,); it is called in other threads, ahead of need. An AudioError
        that it raises is the utterance's fault. `lengths` say how long the waves will be, as far as one knows.
        """
        for batch in read_batches(lengths, read, limits):
            yield self.answer(batch)

    @torch.inference_mode()
    def answer(self, batch: WaveBatch) -> Answers:
        if not len(batch.rows):
            return self._nothing(batch)
        speech = torch.from_numpy(batch.waves).to(self.device)
        lengths = torch.from_numpy(batch.lengths).to(self.device)
        try:
            with torch.autocast(self.device.type, self._dtype, enabled=self._dtype is not None):
                found = self.model.identify(speech, lengths)
        except torch.OutOfMemoryError as error:
            rows, seconds = len(batch.rows), batch.waves.shape[1] / self.rate
            raise GeoLIDError(
                f"the GPU's memory is too small for a batch of {rows} utterances of {seconds:.1f} s; lower "
                f"--inference_batch_seconds ({rows * seconds:.0f} are too many), or cut long recordings ({error})"
            ) from error
        logits = found.logits if self._columns is None else found.logits[:, self._columns]
        embeddings = found.embedding.float()
        return _without_no_numbers(
            Answers(
                rows=batch.rows,
                logits=_numpy(logits),
                embeddings=_numpy(functional.normalize(embeddings)),
                embedding_lengths=_numpy(torch.linalg.vector_norm(embeddings, dim=1)),
                vectors=None if found.vector is None else _numpy(found.vector),
                lengths=batch.lengths,
                faults=batch.faults,
            )
        )

    def _nothing(self, batch: WaveBatch) -> Answers:
        head = self.model.vector_head
        return Answers(
            rows=batch.rows,
            logits=np.zeros((0, len(self.languages)), np.float32),
            embeddings=np.zeros((0, self.model.projector.output_size()), np.float32),
            embedding_lengths=np.zeros(0, np.float32),
            vectors=None if head is None else np.zeros((0, head.out_features), np.float32),
            lengths=batch.lengths,
            faults=batch.faults,
        )


def layer_weights(model: GeoLIDModel) -> np.ndarray | None:
    """Return how much each hidden state of the encoder counts, (states,), adding up to 1; None if one state is all.

    Of weights for each dimension it is the mean over dimensions.
    """
    weights = getattr(model.frontend, "layer_weights", None)  # of our encoders
    if weights is None and getattr(model.frontend, "multilayer_feature", False):  # of s3prl's
        weights = model.frontend.featurizer.weights
    if weights is None:
        return None
    shares = weights.detach().float().softmax(dim=0)
    return _numpy(shares if shares.dim() == 1 else shares.mean(dim=1))


def _without_no_numbers(answers: Answers) -> Answers:
    """Turn answers that are NaN or infinite, as of 16-bit numbers that ran over, into faults."""
    fine = np.isfinite(answers.logits).all(axis=1) & np.isfinite(answers.embeddings).all(axis=1)
    if fine.all():
        return answers
    bad = {int(row): "the model's answer is no number" for row in answers.rows[~fine]}
    return Answers(
        rows=answers.rows[fine],
        logits=answers.logits[fine],
        embeddings=answers.embeddings[fine],
        embedding_lengths=answers.embedding_lengths[fine],
        vectors=None if answers.vectors is None else answers.vectors[fine],
        lengths=answers.lengths[fine],
        faults=answers.faults | bad,
    )


def _half_precision() -> torch.dtype:
    """Return bfloat16 where the GPU has it, which has float32's range; float16 otherwise."""
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.float().cpu().numpy()
