"""Folders as the Hub has them, of encoders that are as deep as the real ones and else tiny."""

from pathlib import Path

import torch
from transformers import (
    PreTrainedModel,
    SeamlessM4TFeatureExtractor,
    Wav2Vec2BertConfig,
    Wav2Vec2BertModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
)

from geolid.model.ssl.architectures import ARCHITECTURES

_TINY = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}
_CONVOLUTIONS = {"conv_dim": [8] * 7, "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}


def write_encoder(folder: Path, name: str) -> PreTrainedModel:
    """Write an encoder of the architecture that goes by a name on the Hub, with random weights; return it."""
    config = {**ARCHITECTURES[name], **_TINY}
    kind = config.pop("model_type")
    config.pop("do_normalize", None)  # of the preprocessor
    torch.manual_seed(0)
    if kind == "wav2vec2-bert":
        model, extractor = Wav2Vec2BertModel(Wav2Vec2BertConfig(**config)), SeamlessM4TFeatureExtractor()
    else:
        model, extractor = Wav2Vec2Model(Wav2Vec2Config(**config, **_CONVOLUTIONS)), Wav2Vec2FeatureExtractor()
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return model
