"""The parts of a SpeechBrain model behind its encoder, told by the shapes of their weights, as parts of ours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from geolid.errors import GeoLIDError
from geolid.model.published import read_weights
from geolid.share.speechbrain_yaml import Hyperparameters

State = dict[str, Tensor]
Part = tuple[str, State]  # the name of its file, and its weights

# the files in which recipes keep parts, or lists of parts
_FILES = ("model", "embedding_model", "attentive", "pooling", "avg_pool", "projection", "output_mlp", "classifier")
ENCODERS = ("Wav2Vec2", "HuggingFaceWav2Vec2")
# what is converted beside them, and what changes nothing where a model answers
_CONVERTED = ("InputNormalization", "StatisticsPooling", "AttentiveStatisticsPooling", "Linear", "Xvector.Classifier")
_SILENT = ("ModuleList", "Sequential", "LengthsCapableSequential", "Softmax", "LogSoftmax", "Dropout", "Identity")
_ATTENTION = {"tdnn.conv.conv.": "inner.", "tdnn.norm.norm.": "norm.", "conv.conv.": "outer."}


def read_parts(folder: Path) -> list[Part]:
    """Return the parts that lie in a folder; one that stands in two files, as classifiers do, comes once."""
    parts: list[Part] = []
    for file in (folder / f"{name}.ckpt" for name in _FILES):
        for state in _split(read_weights(file)) if file.is_file() else ():
            alike = [other for where, other in parts if where != str(file) and _shapes(other) == _shapes(state)]
            if any(not torch.equal(other[name], state[name]) for other in alike for name in state):
                raise GeoLIDError(
                    f"{file}: holds a part that another file beside it holds too, with other weights; keep the file "
                    "that counts, and move the other away"
                )
            if not alike:
                parts.append((str(file), state))
    if not parts:
        raise GeoLIDError(f"{folder}: has no weights of a classifier; expected one of {', '.join(_FILES)}, each .ckpt")
    return parts


def refuse_unknown_parts(said: Hyperparameters) -> None:
    """Stop where the modules have parts that are not known here, of which some, as activations, have no weights."""
    modules = said.get("modules")
    if not isinstance(modules, dict):
        raise GeoLIDError(f"{said.file}: has no modules, by which SpeechBrain would know the parts of the model")
    known = (*ENCODERS, *_CONVERTED, *_SILENT)
    for name, value in modules.items():
        parts = list(said.reached(value))
        if name == "compute_features" and not any(part.is_any_of(*ENCODERS) for part in parts):
            continue  # of another front end, which published models name and do not use
        for part in parts:
            if not part.is_any_of(*known):
                raise GeoLIDError(
                    f"{said.file}: modules: {name}: has a {part.path}, which is not converted; expected one of "
                    f"{', '.join(known)}. If the model answers without it, take it out in a copy of the "
                    "file, and name that by --hyperparameters"
                )


def head(said: Hyperparameters, parts: Sequence[Part], width: int, classes: int) -> tuple[dict[str, Any], State]:
    """Return what of a config is about all that comes behind frames of a width, and its weights under our names."""
    attention = _kind(parts, "tdnn.conv.conv.weight", "attentive poolings")
    deep = _kind(parts, "out.w.weight", "classifiers")
    linear = [part for part in parts if "weight" in part[1] and part[1]["weight"].dim() == 2]
    for part in parts:
        if not any(part is known for known in (attention, deep, *linear)):
            raise GeoLIDError(
                f"{part[0]}: holds weights of a part that is not known here, such as {next(iter(part[1]))}; expected "
                "SpeechBrain's AttentiveStatisticsPooling, Linear or Xvector.Classifier"
            )
    config: dict[str, Any] = {"encoder": "identity", "projector": "identity"}
    state: State = {}
    classifier = deep or next((part for part in reversed(linear) if len(part[1]["weight"]) == classes), None)
    outputs = len(deep[1]["out.w.weight"]) if deep else classes
    if classifier is None or outputs != classes:
        raise GeoLIDError(
            f"{(classifier or parts[-1])[0]}: no classifier with an output for each of the {classes} labels is here or "
            f"beside it{f', but one with {outputs} outputs' if deep else ''}; the labels are another model's"
        )
    statistics = 2 if attention or _has_deviations(said) else 1
    for file, part in (part for part in linear if part is not classifier):
        outputs, inputs = part["weight"].shape
        if inputs == statistics * width and config["projector"] == "identity":
            config |= {"projector": "linear", "projector_conf": {"output_size": outputs}}
            state |= _linear(part, "projector.")
        elif inputs == width and config["encoder"] == "identity":
            config |= {"encoder": "linear", "encoder_conf": {"output_size": outputs}}
            state |= _linear(part, "encoder.")
            width = outputs
        else:
            raise GeoLIDError(
                f"{file}: has a projection of {inputs} to {outputs}; expected one of {width}, the width of frames, or "
                f"of {statistics * width}, what pooling makes of them"
            )
    for pooling, weights in (_pooling(said, attention, width), _classifier(said, classifier, deep is not None)):
        config |= pooling
        state |= weights
    return config, state


def _split(state: State) -> list[State]:
    """Return the parts of a list, whose names begin with their places in it."""
    if not all(name.partition(".")[0].isdecimal() for name in state):
        return [_alone(state)]
    by_place: dict[int, State] = {}
    for name, tensor in state.items():
        place, _, rest = name.partition(".")
        by_place.setdefault(int(place), {})[rest] = tensor
    return [part for place in sorted(by_place) for part in _split(by_place[place])]


def _alone(state: State) -> State:
    """Return a linear layer as `weight` and `bias`, whatever holds it; other parts as they are."""
    last = {name.rpartition(".")[2]: tensor for name, tensor in state.items()}
    return last if len(last) == len(state) and last.keys() <= {"weight", "bias"} else state


def _shapes(state: State) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in state.items()}


def _kind(parts: Sequence[Part], name: str, what: str) -> Part | None:
    found = [part for part in parts if name in part[1]]
    if len(found) > 1:
        raise GeoLIDError(f"{found[1][0]}: found {len(found)} {what} here and in {found[0][0]}, expected one")
    return found[0] if found else None


def _has_deviations(said: Hyperparameters) -> bool:
    """Say whether plain pooling gives deviations beside means."""
    found = said.made("StatisticsPooling")
    if len(found) != 1:
        raise GeoLIDError(
            f"{said.file}: describes {len(found)} poolings, and no file has the weights of an attentive one; expected "
            "one !new:…StatisticsPooling"
        )
    if not found[0].option("return_mean", True):
        raise GeoLIDError(f"{said.file}: return_mean: false; expected means, with deviations or without")
    return bool(found[0].option("return_std", True))


def _linear(part: State, where: str) -> State:
    bias = part.get("bias", torch.zeros(len(part["weight"])))
    return {f"{where}weight": part["weight"], f"{where}bias": bias}


def _pooling(said: Hyperparameters, attention: Part | None, width: int) -> tuple[dict[str, Any], State]:
    if attention is None:
        return {"pooling": "statistics", "pooling_conf": {"deviation": _has_deviations(said)}}, {}
    _, part = attention
    size, inputs, _ = part["tdnn.conv.conv.weight"].shape
    state = {}
    for name, tensor in part.items():
        begin = next((begin for begin in _ATTENTION if name.startswith(begin)), "")
        state["pooling." + _ATTENTION.get(begin, "") + name.removeprefix(begin)] = tensor
    conf = {"attention_size": size, "global_context": inputs != width}
    return {"pooling": "tanh_attn_stat", "pooling_conf": conf}, state


def _classifier(said: Hyperparameters, classifier: Part, is_deep: bool) -> tuple[dict[str, Any], State]:
    file, part = classifier
    if not is_deep:
        return {"loss": "cross_entropy"}, _linear(part, "loss.")
    for made in said.made("Xvector.Classifier"):
        activation = getattr(made.option("activation", None), "name", "LeakyReLU")
        if activation != "LeakyReLU":
            raise GeoLIDError(f"{said.file}: activation: found {activation}, expected LeakyReLU")
    hidden = [name for name in part if name.endswith(".linear.w.weight")]
    state = {}
    for name, tensor in part.items():
        words = name.split(".")  # norm.norm.weight, DNN.block_0.linear.w.weight, DNN.block_0.norm.norm.weight, out.w.…
        number = int(words[1].removeprefix("block_")) if words[0] == "DNN" else -1
        kinds = {"norm": f"norms.{number + 1}", "linear": f"hidden.{number}", "out": "out"}
        kind = kinds.get(words[-3]) if len(words) > 2 else None
        if kind is None:
            raise GeoLIDError(f"{file}: holds {name}, which SpeechBrain's Xvector.Classifier does not have")
        state[f"loss.{kind}.{words[-1]}"] = tensor
    conf = {"hidden_layers": len(hidden), **({"hidden_size": len(part[hidden[0]])} if hidden else {})}
    return {"loss": "deep_cross_entropy", "loss_conf": conf}, state
