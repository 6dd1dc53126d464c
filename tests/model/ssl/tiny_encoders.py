"""Tiny encoders with random weights, written by transformers itself, and what it makes of a wave."""

from pathlib import Path

import torch
from torch import Tensor
from transformers import (
    PreTrainedModel,
    SeamlessM4TFeatureExtractor,
    Wav2Vec2BertConfig,
    Wav2Vec2BertModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
)

from geolid.model.ssl.frontend import SSLFrontend

LAYERS, WIDTH = 3, 32
_SIZE = {
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "layerdrop": 0.0,
}
_CONVOLUTIONS = {"conv_dim": [16] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4}
_BERT = {**_SIZE, "left_max_position_embeddings": 9, "right_max_position_embeddings": 4, "max_source_positions": 400}
CONFIGS = {
    "stable": {
        "model_type": "wav2vec2",
        **_SIZE,
        **_CONVOLUTIONS,
        "do_stable_layer_norm": True,
        "feat_extract_norm": "layer",
        "conv_bias": True,
    },
    "group": {"model_type": "wav2vec2", **_SIZE, **_CONVOLUTIONS},
    "bert": {"model_type": "wav2vec2-bert", **_BERT},
    "bert_relative": {"model_type": "wav2vec2-bert", **_BERT, "position_embeddings_type": "relative"},
    "bert_rotary": {"model_type": "wav2vec2-bert", **_BERT, "position_embeddings_type": "rotary"},
    "bert_none": {"model_type": "wav2vec2-bert", **_BERT, "position_embeddings_type": None},
}


def noise(*samples: int, seed: int = 0) -> list[Tensor]:
    """Waves from -1 to 1, each with its own loudness and offset."""
    generator = torch.Generator().manual_seed(seed)
    return [
        0.05 * (i + 1) * torch.randn(count, generator=generator).clamp(-4, 4) + 0.01 * i
        for i, count in enumerate(samples)
    ]


def batch(*waves: Tensor, filler: float = 0.0) -> tuple[Tensor, Tensor]:
    speech = torch.nn.utils.rnn.pad_sequence(list(waves), batch_first=True, padding_value=filler)
    return speech, torch.tensor([len(wave) for wave in waves])


def their_model(kind: str, **changes) -> PreTrainedModel:
    """A model of transformers, with parameters that are nowhere 0 or 1 by initialisation."""
    conf = {**CONFIGS[kind], **changes}
    torch.manual_seed(1)
    if conf.pop("model_type") == "wav2vec2":
        model = Wav2Vec2Model(Wav2Vec2Config(**conf))
    else:
        model = Wav2Vec2BertModel(Wav2Vec2BertConfig(**conf))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model.eval()


def write(folder: Path, kind: str, **changes) -> PreTrainedModel:
    """Write a model and its preprocessor as they lie on the Hub; return the model."""
    model = their_model(kind, **changes)
    model.save_pretrained(folder)
    their_extractor(kind).save_pretrained(folder)
    return model


def their_extractor(kind: str) -> Wav2Vec2FeatureExtractor | SeamlessM4TFeatureExtractor:
    if kind.startswith("bert"):
        return SeamlessM4TFeatureExtractor()
    return Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True)


def their_states(kind: str, model: PreTrainedModel, waves: list[Tensor]) -> list[Tensor]:
    """All hidden states as transformers has them, with the last one as its last_hidden_state has it."""
    inputs = their_extractor(kind)(
        [wave.numpy() for wave in waves], sampling_rate=16000, padding=True, return_tensors="pt"
    )
    with torch.no_grad():
        output = model(**inputs, output_hidden_states=True)
    return [*output.hidden_states[:-1], output.last_hidden_state]


def frontend(kind: str, **options) -> SSLFrontend:
    """A front end with the weights of `their_model`, in evaluation mode."""
    changes = options.pop("changes", {})
    made = SSLFrontend(config={**CONFIGS[kind], **changes}, **options)
    made.encoder.model.load_state_dict(their_model(kind, **changes).state_dict())
    if made.layer_weights is not None:
        torch.nn.init.normal_(made.layer_weights, generator=torch.Generator().manual_seed(2))
    return made.eval()
