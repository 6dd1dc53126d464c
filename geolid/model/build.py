"""From a config to a model: which word stands for which part, and how the parts are put together.

The keys are those of ESPnet's configs; a config.yaml that training wrote, or one that was published, builds as it is.
"""

import contextlib
import importlib
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from espnet2.torch_utils.initialize import initialize
from torch import nn

from geolid.errors import GeoLIDError, refuse_unknown
from geolid.model.conditioning import Conditioning
from geolid.model.language_vectors import LossMixing
from geolid.model.lid import GeoLIDModel, VectorHead
from geolid.model.losses import CosineSoftmax
from geolid.model.parts import PARTS, predicts_vectors
from geolid.model.published import load_weights, read_weights

_SWITCHES = {
    "apply_intermediate_lang2vec_loss",
    "shared_conditioning_proj",
    "apply_intermediate_lang2vec_condition",
    "cutoff_gradient_before_condproj",
    "cutoff_gradient_from_backbone",
}  # of model_conf

# s3prl's names of the published forks, which stand for our own encoder
_FORKED_UPSTREAMS = ("hf_wav2vec2_condition", "hf_wav2vec2_custom")


def build_model(conf: Mapping[str, Any], load_encoder: bool = True) -> GeoLIDModel:
    """Build a model from a config; load_encoder false leaves its encoder's weights random, as others will be loaded."""
    frontend = _build_frontend(conf, load_encoder)
    encoder = _build("encoder", conf, **_sizes_for_encoder(conf, frontend))
    pooling = _build("pooling", conf, input_size=encoder.output_size())
    projector = _build("projector", conf, input_size=pooling.output_size())
    loss, loss_conf = _build_loss(conf, projector.output_size())
    model_conf = dict(conf.get("model_conf") or {})
    model_conf.pop("extract_feats_in_collect_stats", None)  # of ESPnet's stage 4; ours looks at lengths only
    head = conditioning = None
    if predicts_vectors(conf["loss"]):
        head = VectorHead(projector.output_size(), loss_conf["lang2vec_type"], loss_conf["lang2vec_dim"])
    elif conf.get("model") == "upstream_condition":
        raise GeoLIDError("model: upstream_condition needs loss: aamsoftmax_sc_topk_lang2vec, which predicts vectors")
    layers_weight = 0.0
    if conf.get("model") == "upstream_condition":
        layers_weight, conditioning = _build_conditioning(conf, model_conf, frontend, head)
    refuse_unknown("model_conf", model_conf, ("extract_feats_in_collect_stats",))
    with building("loss_conf", {"lang2vec_weight": loss_conf["lang2vec_weight"], "in model_conf": layers_weight}):
        mixing = LossMixing(loss_conf["lang2vec_weight"], layers_weight, loss_conf["loss_mixing"])
    model = GeoLIDModel(
        frontend=frontend,
        specaug=_build("specaug", conf) if conf.get("specaug") else None,
        normalize=_build("normalize", conf) if conf.get("normalize") else None,
        encoder=encoder,
        pooling=pooling,
        projector=projector,
        loss=loss,
        vector_head=head,
        conditioning=conditioning,
        loss_mixing=mixing,
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
    model = build_model(conf) if model_file is None else build_trained(conf, model_file)
    return model.to(device), conf


def build_trained(conf: Mapping[str, Any], weights: Path) -> GeoLIDModel:
    """Build a model from a config, with the weights of a .pth or .safetensors file."""
    model = build_model(conf, load_encoder=False)
    load_weights(model, read_weights(weights), str(weights))
    return model


def encoder_config(model: GeoLIDModel) -> dict | None:
    """Return what rebuilds the front end's encoder without its source; None where there is no such encoder."""
    encoder = getattr(model.frontend, "encoder", None)
    return encoder.config_dict() if hasattr(encoder, "config_dict") else None


def _build_frontend(conf: Mapping[str, Any], load_encoder: bool) -> nn.Module:
    name, given = conf.get("frontend"), dict(conf.get("frontend_conf") or {})
    if name is None:
        raise GeoLIDError(f"config: no frontend is named; choose one of {', '.join(PARTS['frontend'].choices)}")
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
    return _build("frontend", {"frontend": name, "frontend_conf": given})


def _sizes_for_encoder(conf: Mapping[str, Any], frontend: nn.Module) -> dict[str, int]:
    """Return what the encoder has to know of the front end's frames; of pictures how many columns there are, too."""
    sizes = {"input_size": frontend.output_size()}
    if conf.get("encoder") == "picture_cnn":
        if not hasattr(frontend, "columns"):
            raise GeoLIDError(
                f"encoder: picture_cnn: frontend: {conf['frontend']} gives as many frames as there is speech; expected "
                "pictures of one size: take frontend: mel_picture, or another encoder"
            )
        sizes["columns"] = frontend.columns
    return sizes


def _build_loss(conf: Mapping[str, Any], embedding_size: int) -> tuple[CosineSoftmax, dict]:
    """Return the class loss, and what loss_conf says of vectors."""
    given = dict(conf.get("loss_conf") or {})
    vectors = {"lang2vec_type": "geo", "lang2vec_dim": None, "lang2vec_weight": 0.2}
    for key in vectors:
        if given.get(key) is None:  # so a config takes away what the one that it is based on says
            given.pop(key, None)
        elif predicts_vectors(conf["loss"]):
            vectors[key] = given.pop(key)
    vectors["loss_mixing"] = given.get("loss_mixing", "formula")
    loss = _build("loss", {**conf, "loss_conf": given}, nout=embedding_size, nclasses=conf["lang_num"])
    return loss, vectors


def _build_conditioning(
    conf: Mapping[str, Any], model_conf: dict, frontend: nn.Module, head: VectorHead
) -> tuple[float, Conditioning]:
    """Return the share of the layers in the vector loss, and the conditioning; takes its keys out of model_conf."""
    take = model_conf.pop
    for key in _SWITCHES & model_conf.keys():
        if not isinstance(model_conf[key], bool):
            raise GeoLIDError(f"model_conf: {key}: found {model_conf[key]!r}, expected true or false")
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
    if not isinstance(layers, list | tuple) or not layers or not all(type(layer) is int for layer in layers):
        raise GeoLIDError(
            f"model_conf: lang2vec_conditioning_layers: found {layers!r}, expected a list of layers such as [32, 36]; "
            "without conditioning layers say model: espnet"
        )
    encoder = getattr(frontend, "encoder", None)
    if encoder is None:
        raise GeoLIDError(f"frontend: {conf['frontend']} has no layers to condition; use frontend: ssl")
    conditioning = Conditioning(
        layers,
        encoder.num_layers,
        encoder.width,
        head.out_features,
        lambda width: _build("pooling_condition", conf, input_size=width),
        lambda size: _build("projector_condition", conf, input_size=size),
        **switches,
    )
    return weight, conditioning


def _build(key: str, conf: Mapping[str, Any], **computed: Any) -> Any:
    """Build the part that `key` names, from what the config says under `<key>_conf` and what was computed for it."""
    choices, name = PARTS[key].choices, conf.get(key) or PARTS[key].default
    if name not in choices:
        raise GeoLIDError(f"config: {key} is one of {', '.join(choices)}, not '{name}'")
    module, _, attribute = choices[name].partition(":")
    part: Callable = getattr(importlib.import_module(module), attribute)
    where, given = f"{key}_conf of {name}", dict(conf.get(f"{key}_conf") or {})
    # what a part takes as **kwargs it throws away
    parameters = {
        parameter.name: parameter
        for parameter in inspect.signature(part).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD and parameter.name not in computed
    }
    refuse_unknown(where, given, parameters)
    for option, value in given.items():
        _refuse_other_type(f"{where}: {option}", value, parameters[option])
    with building(where, given):
        return part(**computed, **given)


@contextlib.contextmanager
def building(where: str, given: Mapping[str, Any]) -> Iterator[None]:
    """Tell of values that cannot be built from as of a user's mistake; `where` is the place in the config."""
    try:
        yield
    except (GeoLIDError, OSError):
        raise
    except Exception as error:  # each part has its own way to refuse a value
        reason = " ".join(str(error).split()) or type(error).__name__
        raise GeoLIDError(f"{where}: cannot be built with {given or 'its defaults'}: {reason}") from error


_PLAIN = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def _refuse_other_type(where: str, value: Any, parameter: inspect.Parameter) -> None:
    """Stop at a value of another type than a part takes; a word, such as "no", is not taken for a switch."""
    kinds = _kinds(parameter)
    fits = any(
        isinstance(value, (int, float) if kind is float else kind) and isinstance(value, bool) == (kind is bool)
        for kind in kinds
    )
    if kinds and not fits and not (value is None and parameter.default is None):
        expected = " or ".join(_PLAIN[kind] for kind in kinds)
        raise GeoLIDError(f"{where}: found {value!r}, expected {expected}")


def _kinds(parameter: inspect.Parameter) -> list[type]:
    """Return the plain types that a parameter takes; none if it takes others, or does not tell."""
    kind = parameter.annotation
    if kind is parameter.empty and isinstance(parameter.default, bool):
        return [bool]
    kinds = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
    kinds = [kind for kind in kinds if kind is not type(None)]
    return kinds if all(kind in _PLAIN for kind in kinds) else []
