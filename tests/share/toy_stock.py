"""Small models with random weights of transformers' Wav2Vec2ForSequenceClassification, written by transformers itself,
and experiments that can become such ones.
"""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification, pipeline

from geolid.model.build import load_model
from toy_identifier import LANGUAGES, MODEL, make_experiment

_SIZE = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
ENCODERS = {
    "group": _SIZE,
    "stable": {**_SIZE, "do_stable_layer_norm": True, "feat_extract_norm": "layer", "conv_bias": True},
}
FREE = ["id10003", "ana", "id10001", "X-7"]  # in no order; 'ana' is a language's code as well


def make_conf(kind: str = "group", do_normalize: bool = True, **frontend_conf) -> dict:
    encoder = {"model_type": "wav2vec2", "do_normalize": do_normalize, **ENCODERS[kind]}
    return {
        "frontend": "ssl",
        "frontend_conf": {"config": encoder, "repeat_last_frame": False, **frontend_conf},
        "normalize": None,
        "normalize_conf": {},
        "encoder": "linear",
        "encoder_conf": {"output_size": 12},
        "pooling": "mean",
        "projector": "identity",
        "projector_conf": {},
        "loss": "cross_entropy",
        "loss_conf": {},
    }


def make_exportable(folder: Path, temperature: float | None = None, **changes) -> Path:
    """An experiment whose answers differ from one noise to the next."""
    conf = {**make_conf(), **changes}
    exp = make_experiment(folder, **conf)
    model, _ = load_model(exp / "config.yaml", exp / MODEL)

    def logits(wave: Tensor) -> Tensor:
        return model.identify(wave[None], torch.tensor([len(wave)])).logits[0]

    torch.save(shaken(model, logits, model.loss).state_dict(), exp / MODEL)
    if temperature is not None:
        (exp / MODEL).with_suffix(".calibration.json").write_text(json.dumps({"temperature": temperature}))
    return exp


def shaken(model: torch.nn.Module, logits: Callable[[Tensor], Tensor], last: torch.nn.Linear) -> torch.nn.Module:
    """Give all weights other values, and each class some of the noises; `logits` are those of a wave."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.2 * torch.randn(weight.shape, generator=generator)
        model.eval()
        found = torch.stack([logits(wave) for wave in noises()])
        last.bias -= found.mean(0)
        for weight in (last.weight, last.bias):
            weight *= 3 / found.std(0).mean()
    return model


def write_stock(
    folder: Path, kind: str = "group", labels: list[str] = FREE, do_normalize: bool = True, **changes
) -> Path:
    numbered = {"id2label": dict(enumerate(labels)), "label2id": {label: at for at, label in enumerate(labels)}}
    torch.manual_seed(1)
    config = Wav2Vec2Config(**{**ENCODERS[kind], "classifier_proj_size": 12, **numbered, **changes})
    model = Wav2Vec2ForSequenceClassification(config)
    shaken(model, lambda wave: model(wave[None]).logits[0], model.classifier).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=do_normalize, return_attention_mask=True).save_pretrained(folder)
    return folder


def pipe(folder: Path):
    """What somebody without GeoLID opens."""
    return pipeline("audio-classification", model=str(folder), device="cpu")


def scores(answer: list[dict], labels: list[str] = LANGUAGES) -> list[float]:
    """Return a pipeline's probabilities in the order of labels."""
    by_label = {one["label"]: one["score"] for one in answer}
    assert by_label.keys() == set(labels)
    return [by_label[label] for label in labels]


def noises() -> list[Tensor]:
    """Waves of all lengths around the beginning of a frame, some of them far from zero mean, loud or quiet."""
    lengths = [400, 401, 719, 720, 721, 1040, 7999, 8000, 8001, 8079, 8080, 8081, 12345, 16000, 16080, 16079, 20011]
    generator = torch.Generator().manual_seed(3)
    waves = []
    for number, samples in enumerate(lengths):
        slow = torch.sin(torch.arange(samples) * (0.01 + 0.02 * (number % 5)))
        wave = 0.3 * slow + 0.1 * torch.randn(samples, generator=generator) + 0.05 * (number % 3)
        waves.append(wave * 10.0 ** -(number % 4))
    return waves
