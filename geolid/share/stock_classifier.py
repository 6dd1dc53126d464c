"""transformers' own Wav2Vec2ForSequenceClassification, as it lies in a folder: opened, and compared with our model."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoFeatureExtractor, AutoModelForAudioClassification, Wav2Vec2ForSequenceClassification
from transformers.utils import logging as transformers_logging

from geolid.errors import GeoLIDError
from geolid.model.lid import GeoLIDModel
from geolid.model.ssl.source import RATE

ARCHITECTURE = Wav2Vec2ForSequenceClassification.__name__
TOLERANCE = 1e-4  # of a probability
# samples: one window of the convolutions and more, the second and third on either side of a frame's beginning
_TRIED_LENGTHS = (16000, 16079, 16080, 40123)
# drawn anew when the weights bring none; of no use but in training
_MAY_BE_MISSING = {"wav2vec2.masked_spec_embed"}


@dataclass(frozen=True)
class StockClassifier:
    model: Wav2Vec2ForSequenceClassification
    do_normalize: bool  # whether waves are brought to zero mean and unit variance first

    @torch.inference_mode()
    def logits(self, wave: Tensor) -> Tensor:
        """Return (classes,) for a wave (samples,), as transformers' pipeline does."""
        if self.do_normalize:
            wave = (wave - wave.mean()) / (wave.var(correction=0) + 1e-7).sqrt()
        return self.model(wave[None]).logits[0]


def open_stock(folder: Path) -> StockClassifier:
    """Open a folder that save_pretrained wrote; the network is not used, and no code of the folder's is run."""
    offline = {"local_files_only": True, "trust_remote_code": False}
    with quiet_transformers():
        try:
            model, report = AutoModelForAudioClassification.from_pretrained(
                str(folder), dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True, **offline
            )
        except Exception as error:  # each kind of file has its own kinds of errors
            reason = " ".join(str(error).split())
            raise GeoLIDError(f"{folder}: transformers cannot open this model: {reason}") from None
    if type(model).__name__ != ARCHITECTURE:
        raise GeoLIDError(f"{folder}: is a {type(model).__name__}; expected a {ARCHITECTURE}")
    for name, found, expected in sorted(report["mismatched_keys"]):
        raise GeoLIDError(
            f"{folder}: the weights {name} are of size {tuple(found)}, by config.json they would be {tuple(expected)}; "
            "it belongs to another model, or its id2label does not name all classes"
        )
    missing = sorted(set(report["missing_keys"]) - _MAY_BE_MISSING)
    if missing:
        raise GeoLIDError(
            f"{folder}: {len(missing)} weights are not there, such as {missing[0]}; is it cut short, or a model that "
            "has not been trained to classify?"
        )
    return StockClassifier(model.eval(), _do_normalize(folder, offline))


def _do_normalize(folder: Path, offline: dict) -> bool:
    try:
        extractor = AutoFeatureExtractor.from_pretrained(str(folder), **offline)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise GeoLIDError(
            f"{folder}: does not say how waves are prepared; expected preprocessor_config.json, which comes with the "
            f"model: {reason}"
        ) from None
    if extractor.sampling_rate != RATE:
        raise GeoLIDError(f"{folder}: hears {extractor.sampling_rate} Hz; expected {RATE}, all that encoders here know")
    return bool(getattr(extractor, "do_normalize", False))


@torch.inference_mode()
def largest_difference(ours: GeoLIDModel, stock: StockClassifier, temperature: float = 1.0) -> float:
    """Return by how much probabilities differ at most, on noise of several lengths.

    Where one class takes it all, nothing else could be seen: they are compared at a higher temperature as well.
    """
    ours.eval()
    generator = torch.Generator().manual_seed(0)
    largest = 0.0
    for samples in _TRIED_LENGTHS:
        wave = 0.1 * torch.randn(samples, generator=generator)
        found = ours.identify(wave[None], torch.tensor([samples])).logits[0] / temperature
        expected = stock.logits(wave)
        for divisor in (1.0, max(1.0, float(expected.std()))):
            difference = (found / divisor).softmax(dim=0) - (expected / divisor).softmax(dim=0)
            largest = max(largest, float(difference.abs().max()))
    return largest


def refuse_other_answers(where: Path, difference: float) -> None:
    if not difference <= TOLERANCE:  # NaN, too, is none of its kind
        raise GeoLIDError(
            f"{where}: tried on noise, transformers' model and ours differ by {difference:.2g} in a probability, and "
            f"{TOLERANCE} is borne; the model has something that was not carried over, or its weights are no numbers"
        )


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers from telling what is told here in one sentence."""
    noise = logging.getLogger("transformers")
    level, bars = noise.level, transformers_logging.is_progress_bar_enabled()
    noise.setLevel(logging.ERROR)
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        noise.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()
