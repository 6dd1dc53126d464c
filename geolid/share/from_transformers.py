"""A stock Wav2Vec2ForSequenceClassification of transformers as an experiment's folder, which identifies and packs."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from geolid.data.data_dir import FREE_LABELS
from geolid.data.languages import registry
from geolid.errors import GeoLIDError
from geolid.model.build import build_model
from geolid.model.experiment import model_languages
from geolid.model.published import load_weights
from geolid.model.ssl.source import RATE
from geolid.model.ssl.wav2vec2 import Wav2Vec2Encoder
from geolid.share.stock_classifier import (
    ARCHITECTURE,
    StockClassifier,
    largest_difference,
    open_stock,
    refuse_other_answers,
)
from geolid.share.whole_folder import refuse_existing, write_experiment

_CONFIG = "config.json"  # transformers'
_ONE_OF_ALL = "single_label_classification"


@dataclass(frozen=True)
class Imported:
    folder: Path
    labels: list[str]
    are_languages: bool
    difference: float | None  # of probabilities, at most, where both were tried; None: transformers has changed since


def from_transformers(source: Path, folder: Path, labels: str | None = None) -> Imported:
    """Write the model of a folder that transformers wrote into one that is not there yet, whole or not at all.

    `labels`: see geolid.model.experiment.model_languages; without it they are those of the config.
    """
    refuse_existing(folder)
    theirs = _read_config(source)
    names = _labels(source, theirs, labels)
    stock = open_stock(source)
    summed = bool(theirs.get("use_weighted_layer_sum"))
    as_before_5 = summed and bool(theirs.get("do_stable_layer_norm"))
    version = re.match(r"\d+", str(theirs.get("transformers_version")))
    if as_before_5 and version and int(version[0]) >= 5:
        raise GeoLIDError(
            f"{source / _CONFIG}: sums up states the last of which comes from before the encoder's final norm, as "
            "transformers 5 takes it with do_stable_layer_norm: true; here it lies behind that norm"
        )
    conf = _our_config(source, stock, summed, names)
    model = build_model(conf, load_encoder=False).eval()
    load_weights(model, _our_weights(stock, summed), str(source))
    difference = None
    if not as_before_5:
        difference = largest_difference(model, stock)
        refuse_other_answers(source, difference)
    write_experiment(folder, conf, model)
    return Imported(folder, names, "label_kind" not in conf, difference)


def _read_config(source: Path) -> dict[str, Any]:
    file = source / _CONFIG
    expected = f"expected the folder of a {ARCHITECTURE}, as transformers' save_pretrained writes it"
    if not source.is_dir():
        raise GeoLIDError(
            f"{source}: there is no such folder; {expected}. A model of the Hub is fetched by 'hf download "
            "<owner>/<name> --local-dir <folder>'"
        )
    try:
        conf = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        conf = None
    if not isinstance(conf, dict):
        raise GeoLIDError(f"{file}: is missing, or no JSON; {expected}")
    kind = (conf.get("architectures") or [conf.get("model_type", "model of an unknown kind")])[0]
    if kind != ARCHITECTURE:
        raise GeoLIDError(f"{file}: is a {kind}; {expected}")
    if conf.get("problem_type") not in (None, _ONE_OF_ALL):
        raise GeoLIDError(
            f"{file}: problem_type: found {conf['problem_type']}, expected {_ONE_OF_ALL}: the models here choose one "
            "class of all"
        )
    return conf


def _labels(source: Path, conf: Mapping[str, Any], labels: str | None) -> list[str]:
    """Return a label for each class, in their order."""
    given = conf.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}  # these two are left out of configs
    count = len(given)
    if not isinstance(given, dict) or given.keys() != set(map(str, range(count))):
        raise GeoLIDError(
            f"{source / _CONFIG}: id2label: found {str(given)[:60]}, expected a label for each number from 0 on"
        )
    names = [str(given[str(number)]) for number in range(count)]
    if labels is not None:
        return model_languages({"lang_num": count}, source / _CONFIG, labels, "--labels")
    odd = [name for name in names if len(name.split()) != 1 or name != name.strip()]
    if odd or len(set(names)) < count:
        what = f"'{odd[0]}', which is not one word" if odd else "a label twice"
        raise GeoLIDError(
            f"{source / _CONFIG}: id2label has {what}; name a file with a word for each of the {count} classes, a line "
            "each and in their order, by --labels"
        )
    return names


def _our_config(source: Path, stock: StockClassifier, summed: bool, labels: list[str]) -> dict[str, Any]:
    conf = {
        "frontend": "ssl",
        "frontend_conf": {"multilayer_feature": summed, "repeat_last_frame": False},
        "normalize": None,
        "encoder": "linear",
        "encoder_conf": {"output_size": stock.model.projector.out_features},
        "pooling": "mean",
        "projector": "identity",
        "loss": "cross_entropy",
        "model": "espnet",
        "preprocessor_conf": {"sample_rate": RATE},
        "lang_num": len(labels),
        "languages": labels,
        "initial_weights": [source.resolve().name],  # whose terms bind it
        "encoder_config": Wav2Vec2Encoder(stock.model.wav2vec2, stock.do_normalize).config_dict(),
    }
    return conf if all(label in registry() for label in labels) else {**conf, "label_kind": FREE_LABELS}


def _our_weights(stock: StockClassifier, summed: bool) -> dict[str, torch.Tensor]:
    state = stock.model.state_dict()
    ours = {"wav2vec2.": "frontend.encoder.model.", "projector.": "encoder.", "classifier.": "loss."}
    weights = {
        name.replace(theirs, prefix, 1): tensor
        for theirs, prefix in ours.items()
        for name, tensor in state.items()
        if name.startswith(theirs)
    }
    return weights | ({"frontend.layer_weights": state["layer_weights"]} if summed else {})
