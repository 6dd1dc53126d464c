"""From a config to a model: which word stands for which part, and how the parts are put together.

The keys are those of ESPnet's configs; a config.yaml that training wrote, or one that was published, builds as it is.
"""

import importlib
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from espnet2.torch_utils.initialize import initialize
from torch import nn

from geolid.errors import GeoLIDError, refuse_unknown
from geolid.model.conditioning import Conditioning
from geolid.model.language_vectors import LossMixing
from geolid.model.lid import GeoLIDModel, VectorHead
from geolid.model.losses import AAMSoftmax, CosineSoftmax, SubCenterAAMSoftmax
from geolid.model.published import load_weights, read_weights

# What a word stands for: '<module>:<class>', imported only when it is asked for.
FRONTENDS = {
    "ssl": "geolid.model.ssl.frontend:SSLFrontend",
    "log_mel": "geolid.model.log_mel:LogMelFrontend",
    "s3prl": "geolid.model.s3prl:s3prl_frontend",
    "s3prl_condition": "geolid.model.s3prl:s3prl_frontend",
    "default": "espnet2.asr.frontend.default:DefaultFrontend",
    "melspec_torch": "espnet2.asr.frontend.melspec_torch:MelSpectrogramTorch",
}
SPECAUGS = {"specaug": "espnet2.asr.specaug.specaug:SpecAug"}
NORMALIZES = {
    "utterance_mvn": "espnet2.layers.utterance_mvn:UtteranceMVN",
    "global_mvn": "espnet2.layers.global_mvn:GlobalMVN",
}
ENCODERS = {
    "ecapa_tdnn": "geolid.model.frame_encoders:MaskedEcapaTdnnEncoder",
    "identity": "geolid.model.frame_encoders:MaskedIdentityEncoder",
    "mfaconformer": "espnet2.spk.encoder.conformer_encoder:MfaConformerEncoder",
    "rawnet3": "espnet2.spk.encoder.rawnet3_encoder:RawNet3Encoder",
    "ska_tdnn": "espnet2.spk.encoder.ska_tdnn_encoder:SkaTdnnEncoder",
    "xvector": "espnet2.spk.encoder.xvector_encoder:XvectorEncoder",
}
POOLINGS = {
    "chn_attn_stat": "geolid.model.pooling:AttentiveStatsPooling",
    "mean": "espnet2.spk.pooling.mean_pooling:MeanPooling",
    "stats": "espnet2.spk.pooling.stat_pooling:StatsPooling",
}
PROJECTORS = {
    "rawnet3": "espnet2.spk.projector.rawnet3_projector:RawNet3Projector",
    "ska_tdnn": "espnet2.spk.projector.ska_tdnn_projector:SkaTdnnProjector",
    "xvector": "espnet2.spk.projector.xvector_projector:XvectorProjector",
}
LOSSES: dict[str, type[CosineSoftmax]] = {
    "softmax": CosineSoftmax,
    "aamsoftmax": AAMSoftmax,
    "aamsoftmax_sc_topk": SubCenterAAMSoftmax,
    "aamsoftmax_sc_topk_lang2vec": SubCenterAAMSoftmax,
}
MODELS = ("espnet", "upstream_condition")

# s3prl's names of the published forks, which stand for our own encoder
_FORKED_UPSTREAMS = ("hf_wav2vec2_condition", "hf_wav2vec2_custom")


def build_model(conf: Mapping[str, Any], load_encoder: bool = True) -> GeoLIDModel:
    """Build a model from a config; load_encoder false leaves its encoder's weights random, as others will be loaded."""
    frontend = _build_frontend(conf, load_encoder)
    encoder = _build("encoder", ENCODERS, conf, input_size=frontend.output_size())
    pooling = _build("pooling", POOLINGS, conf, input_size=encoder.output_size())
    projector = _build("projector", PROJECTORS, conf, input_size=pooling.output_size())
    loss, loss_conf = _build_loss(conf, projector.output_size())
    model_conf = dict(conf.get("model_conf") or {})
    model_conf.pop("extract_feats_in_collect_stats", None)  # of ESPnet's stage 4; ours looks at lengths only
    head = conditioning = None
    if conf["loss"].endswith("_lang2vec"):
        head = VectorHead(projector.output_size(), loss_conf["lang2vec_type"], loss_conf["lang2vec_dim"])
    elif conf.get("model") == "upstream_condition":
        raise GeoLIDError("model: upstream_condition needs loss: aamsoftmax_sc_topk_lang2vec, which predicts vectors")
    layers_weight = 0.0
    if conf.get("model") == "upstream_condition":
        layers_weight, conditioning = _build_conditioning(conf, model_conf, frontend, head)
    refuse_unknown("model_conf", model_conf, ("extract_feats_in_collect_stats",))
    model = GeoLIDModel(
        frontend=frontend,
        specaug=_build("specaug", SPECAUGS, conf) if conf.get("specaug") else None,
        normalize=_build("normalize", NORMALIZES, conf) if conf.get("normalize") else None,
        encoder=encoder,
        pooling=pooling,
        projector=projector,
        loss=loss,
        vector_head=head,
        conditioning=conditioning,
        loss_mixing=LossMixing(loss_conf["lang2vec_weight"], layers_weight, loss_conf["loss_mixing"]),
    )
    if conf.get("init"):
        initialize(model, conf["init"])
    return model


def load_model(config_file: Path, model_file: Path | None = None, device: str = "cpu") -> tuple[GeoLIDModel, dict]:
    """Build the model of a config.yaml, with the weights of a .pth file; both may be ours or published ones."""
    config_file = Path(config_file)
    try:
        conf = yaml.safe_load(config_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GeoLIDError(f"{config_file}: there is no such config; training writes it beside the model") from None
    except yaml.YAMLError as error:
        raise GeoLIDError(f"{config_file}: no YAML: {error}") from None
    if not isinstance(conf, dict) or "loss" not in conf:
        raise GeoLIDError(f"{config_file}: expected the config of a language identifier, with a key 'loss'")
    model = build_model(conf, load_encoder=model_file is None)
    if model_file is not None:
        load_weights(model, read_weights(model_file), str(model_file))
    return model.to(device), conf


def encoder_config(model: GeoLIDModel) -> dict | None:
    """Return what rebuilds the front end's encoder without its source; None where there is no such encoder."""
    encoder = getattr(model.frontend, "encoder", None)
    return encoder.config_dict() if hasattr(encoder, "config_dict") else None


def _build_frontend(conf: Mapping[str, Any], load_encoder: bool) -> nn.Module:
    name, given = conf.get("frontend"), dict(conf.get("frontend_conf") or {})
    if name is None:
        raise GeoLIDError(f"config: no frontend is named; choose one of {', '.join(FRONTENDS)}")
    inner = dict(given.get("frontend_conf") or {})
    if name in ("s3prl", "s3prl_condition") and inner.get("upstream") in _FORKED_UPSTREAMS:
        name = "ssl"
        del given["frontend_conf"], inner["upstream"]
        given.update(inner)
    if name == "s3prl_condition":
        raise GeoLIDError(
            f"frontend_conf: upstream {inner.get('upstream')} has no layers to condition; "
            "use upstream: hf_wav2vec2_condition, or frontend: ssl"
        )
    if name == "ssl":
        given["load_weights"] = load_encoder
        if conf.get("encoder_config"):  # of a model that was trained
            given["config"] = conf["encoder_config"]
    return _build("frontend", FRONTENDS, {"frontend": name, "frontend_conf": given})


def _build_loss(conf: Mapping[str, Any], embedding_size: int) -> tuple[CosineSoftmax, dict]:
    """Return the class loss, and what loss_conf says of vectors."""
    given = dict(conf.get("loss_conf") or {})
    vectors = {"lang2vec_type": "geo", "lang2vec_dim": None, "lang2vec_weight": 0.2}
    for key in vectors:
        if conf["loss"].endswith("_lang2vec") and given.get(key) is not None:
            vectors[key] = given.pop(key)
    vectors["loss_mixing"] = given.get("loss_mixing", "formula")
    loss = _build("loss", LOSSES, {**conf, "loss_conf": given}, nout=embedding_size, nclasses=conf["lang_num"])
    return loss, vectors


def _build_conditioning(
    conf: Mapping[str, Any], model_conf: dict, frontend: nn.Module, head: VectorHead
) -> tuple[float, Conditioning | None]:
    """Return the share of the layers in the vector loss, and the conditioning; takes its keys out of model_conf."""
    take = model_conf.pop
    layers = take("lang2vec_conditioning_layers", None)
    weight = take("inter_lang2vec_loss_weight", 0.0) if model_conf.get("apply_intermediate_lang2vec_loss") else 0.0
    for key in ("apply_intermediate_lang2vec_loss", "inter_lang2vec_loss_weight"):
        take(key, None)
    switches = {
        "shared_projection": take("shared_conditioning_proj", False),
        "feed_back": take("apply_intermediate_lang2vec_condition", True),
        "detach_prediction": take("cutoff_gradient_before_condproj", False),
        "detach_projection": take("cutoff_gradient_from_backbone", True),
        "layer_origin": take("conditioning_layer_origin", 0),
    }
    if conf.get("encoder_condition", "identity") != "identity":
        raise GeoLIDError(
            f"encoder_condition: {conf['encoder_condition']}; only identity is built: layers are pooled as is"
        )
    if not layers:
        return weight, None
    encoder = getattr(frontend, "encoder", None)
    if encoder is None:
        raise GeoLIDError(f"frontend: {conf['frontend']} has no layers to condition; use frontend: ssl")
    conditioning = Conditioning(
        layers,
        encoder.num_layers,
        encoder.width,
        head.out_features,
        lambda width: _build("pooling_condition", POOLINGS, conf, input_size=width),
        lambda size: _build("projector_condition", PROJECTORS, conf, input_size=size),
        **switches,
    )
    return weight, conditioning


_DEFAULTS = {
    "encoder": "ecapa_tdnn",
    "pooling": "chn_attn_stat",
    "projector": "rawnet3",
    "pooling_condition": "chn_attn_stat",
    "projector_condition": "rawnet3",
}


def _build(key: str, choices: Mapping[str, Any], conf: Mapping[str, Any], **computed: Any) -> Any:
    """Build the part that `key` names, from what the config says under `<key>_conf` and what was computed for it."""
    name = conf.get(key) or _DEFAULTS.get(key)
    if name not in choices:
        raise GeoLIDError(f"config: {key} is one of {', '.join(choices)}, not '{name}'")
    part: str | Callable = choices[name]
    if isinstance(part, str):
        module, _, attribute = part.partition(":")
        part = getattr(importlib.import_module(module), attribute)
    given = dict(conf.get(f"{key}_conf") or {})
    parameters = inspect.signature(part).parameters
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        refuse_unknown(f"{key}_conf of {name}", given, [name for name in parameters if name not in computed])
    return partial(part, **computed)(**given)
