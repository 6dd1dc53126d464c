"""Encoders that can be rebuilt without their source, once a checkpoint brings the weights.

Only what differs from transformers' defaults stands here. Where the Hub or a folder is at hand, its config.json is
what counts.
"""

_LAYER_NORM = {
    "model_type": "wav2vec2",
    "do_stable_layer_norm": True,
    "feat_extract_norm": "layer",
    "conv_bias": True,
    "do_normalize": True,
}
_XLS_R = {
    **_LAYER_NORM,
    "num_attention_heads": 16,
    "activation_dropout": 0.0,
    "feat_proj_dropout": 0.1,
    "mask_time_prob": 0.075,
}
_300M = {**_XLS_R, "hidden_size": 1024, "num_hidden_layers": 24, "intermediate_size": 4096}
_1B = {**_XLS_R, "hidden_size": 1280, "num_hidden_layers": 48, "intermediate_size": 5120}
_2B = {**_XLS_R, "hidden_size": 1920, "num_hidden_layers": 48, "intermediate_size": 7680}
_LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}

ARCHITECTURES: dict[str, dict] = {
    "facebook/mms-300m": _300M,
    "facebook/mms-1b": _1B,
    "facebook/wav2vec2-xls-r-300m": _300M,
    "facebook/wav2vec2-xls-r-1b": _1B,
    "facebook/wav2vec2-xls-r-2b": _2B,
    "facebook/wav2vec2-large-xlsr-53": _300M,
    "facebook/wav2vec2-base": {"model_type": "wav2vec2", "activation_dropout": 0.0, "feat_proj_dropout": 0.1},
    "facebook/wav2vec2-large": {"model_type": "wav2vec2", **_LARGE, "activation_dropout": 0.0},
    "facebook/wav2vec2-large-lv60": {**_LAYER_NORM, **_LARGE, "activation_dropout": 0.0, "feat_proj_dropout": 0.1},
    "facebook/w2v-bert-2.0": {"model_type": "wav2vec2-bert", "apply_spec_augment": False},
}
