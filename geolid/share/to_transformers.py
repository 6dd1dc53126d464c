"""A trained model as a folder that transformers opens by itself: a stock Wav2Vec2ForSequenceClassification.

That class is an encoder, one of its states or their learnt sum, a linear layer over each frame, the mean over frames
and a linear layer over classes. A model that is built so can go there; others have parts that the class lacks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from espnet2.spk.pooling.mean_pooling import MeanPooling
from torch import Tensor
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification

from geolid.errors import GeoLIDError
from geolid.model.build import build_trained
from geolid.model.frame_encoders import LinearEncoder
from geolid.model.lid import GeoLIDModel
from geolid.model.losses import LinearSoftmax
from geolid.model.package import CARD, LICENCES, ModelFiles
from geolid.model.projectors import IdentityProjector
from geolid.model.ssl.frontend import SSLFrontend
from geolid.model.ssl.source import RATE
from geolid.model.ssl.wav2vec2 import Wav2Vec2Encoder
from geolid.share.licences import OTHER, Licence, choose_licence, licences_text
from geolid.share.stock_classifier import (
    ARCHITECTURE,
    largest_difference,
    open_stock,
    quiet_transformers,
    refuse_other_answers,
)
from geolid.share.training_record import training_record
from geolid.share.whole_folder import refuse_existing, whole_folder

_EPSILON = 1e-7  # that transformers adds to a wave's variance


@dataclass(frozen=True)
class Exported:
    folder: Path
    classes: int
    parameters: int
    difference: float  # of probabilities, at most, where both were tried
    licence: Licence


def to_transformers(files: ModelFiles, folder: Path, licence: str | None = None) -> Exported:
    """Write a model into a folder that is not there yet, whole or not at all.

    A temperature that makes its probabilities calibrated goes into the last layer, so that they are the same there.
    """
    refuse_existing(folder)
    model = build_trained(files.config, files.weights)
    if other := list(other_parts(model)):
        raise GeoLIDError(
            f"{files.folder}: a {ARCHITECTURE} cannot hold this model: {'; '.join(other)}. conf/baselines/"
            "superb_sid.yaml is one that it can hold"
        )
    chosen = choose_licence(files.config, licence or (files.manifest() or {}).get("licence"))
    temperature = files.temperature or 1.0
    stock = Wav2Vec2ForSequenceClassification(_config(model, files.languages))
    stock.load_state_dict(_weights(model, temperature))
    extractor = Wav2Vec2FeatureExtractor(
        sampling_rate=RATE, do_normalize=model.frontend.encoder.do_normalize, return_attention_mask=True
    )
    with whole_folder(folder) as fresh:
        with quiet_transformers():
            stock.save_pretrained(fresh)
            extractor.save_pretrained(fresh)
        (fresh / LICENCES).write_text(_licences(files, chosen), encoding="utf-8")
        (fresh / CARD).write_text(_card(files, folder.name, chosen), encoding="utf-8")
        for file in fresh.iterdir():  # weights are written for their owner alone
            file.chmod((fresh / CARD).stat().st_mode)
        difference = largest_difference(model, open_stock(fresh), temperature)
        refuse_other_answers(folder, difference)
    parameters = sum(parameter.numel() for parameter in stock.parameters())
    return Exported(folder, len(files.languages), parameters, difference, chosen)


def other_parts(model: GeoLIDModel) -> Iterator[str]:
    """Yield what of a model the class has no place for, and what there would have to be."""
    frontend = model.frontend
    if not isinstance(frontend, SSLFrontend) or not isinstance(frontend.encoder, Wav2Vec2Encoder):
        yield "its front end is no wav2vec 2.0 (frontend: ssl with model_type: wav2vec2)"
        return
    if frontend.repeat_last_frame:
        yield "it repeats the last frame of an utterance (frontend_conf: repeat_last_frame: false)"
    if frontend.layer_weights is not None and frontend.layer_weights.dim() > 1:
        yield "it weighs the dimensions of states each by itself (frontend_conf: layer_weights: per_layer)"
    if frontend.encoder.model.config.do_stable_layer_norm:
        if frontend.layer_weights is not None:
            yield (
                "it sums up states the last of which lies behind the final norm, where transformers 5 takes it from "
                "before (frontend_conf: multilayer_feature: false, or an encoder with do_stable_layer_norm: false)"
            )
        elif frontend.state < frontend.encoder.num_layers:
            yield "it takes a state from before the final norm (frontend_conf: layer: -1)"
    if frontend.encoder.do_normalize and frontend.encoder.normalize_epsilon != _EPSILON:
        yield f"it normalises waves in another way (normalize_epsilon: {_EPSILON})"
    if model.normalize is not None:
        yield "it normalises frames (normalize: null)"
    for part, kind, word in (
        (model.encoder, LinearEncoder, "encoder: linear"),
        (model.pooling, MeanPooling, "pooling: mean"),
        (model.projector, IdentityProjector, "projector: identity"),
        (model.loss, LinearSoftmax, "loss: cross_entropy"),
    ):
        if type(part) is not kind:
            yield f"it has a {type(part).__name__} ({word})"


def _layers(frontend: SSLFrontend) -> int:
    """Return how many layers of the encoder are used."""
    return frontend.encoder.num_layers if frontend.layer_weights is not None else frontend.state


def _config(model: GeoLIDModel, labels: list[str]) -> Wav2Vec2Config:
    return Wav2Vec2Config.from_dict(
        {
            **model.frontend.encoder.model.config.to_dict(),
            "num_hidden_layers": _layers(model.frontend),
            "use_weighted_layer_sum": model.frontend.layer_weights is not None,
            "classifier_proj_size": model.encoder.out_features,
            "id2label": dict(enumerate(labels)),
            "label2id": {label: number for number, label in enumerate(labels)},
        }
    )


def _weights(model: GeoLIDModel, temperature: float) -> dict[str, Tensor]:
    frontend = model.frontend
    unused = tuple(f"encoder.layers.{layer}." for layer in range(_layers(frontend), frontend.encoder.num_layers))
    encoder = frontend.encoder.model.state_dict()
    weights = {f"wav2vec2.{name}": tensor for name, tensor in encoder.items() if not name.startswith(unused)}
    if frontend.layer_weights is not None:
        weights["layer_weights"] = frontend.layer_weights.detach()
    weights |= {f"projector.{name}": tensor for name, tensor in model.encoder.state_dict().items()}
    return weights | {f"classifier.{name}": tensor / temperature for name, tensor in model.loss.state_dict().items()}


def _licences(files: ModelFiles, licence: Licence) -> str:
    training: dict[str, Any] = files.training() or training_record(files)
    return files.licences() or licences_text(files.name, licence, training.get("corpora") or [])


def _card(files: ModelFiles, name: str, licence: Licence) -> str:
    head: dict[str, Any] = {"license": licence.name}
    if licence.name == OTHER:
        head |= {"license_name": "see-licenses", "license_link": LICENCES}
    head |= {"library_name": "transformers", "pipeline_tag": "audio-classification"}
    warning = f"> **{licence.warning}.** See [{LICENCES}]({LICENCES}).\n\n" if licence.warning else ""
    calibrated = "; they are calibrated" if files.temperature else ""
    return f"""---
{yaml.safe_dump(head, sort_keys=False)}---

# {name}

{warning}A classifier of speech with {len(files.languages)} classes, trained by GeoLID as `{files.name}`. It is a stock
`{ARCHITECTURE}` of transformers and hears {RATE} Hz, mono. Probabilities are those of the model that it was
made of{calibrated}.

```python
import soundfile
from transformers import pipeline

classifier = pipeline("audio-classification", model="{name}")
wave, rate = soundfile.read("speech.wav", dtype="float32")
print(classifier({{"raw": wave, "sampling_rate": rate}}, top_k=3))
```
"""
