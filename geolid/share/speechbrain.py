"""Turn a model that SpeechBrain trained into an experiment of ours.

The models are those of one shape: wav2vec 2.0, frames pooled to one vector, a classifier. SpeechBrain is not needed,
and no code of the folder is run: weights are read as tensors, hyperparameters as text. docs/speechbrain.md tells more.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from geolid.data.data_dir import FREE_LABELS
from geolid.data.languages import UnknownLanguageError, registry, resolve
from geolid.errors import GeoLIDError
from geolid.model.build import build_model
from geolid.model.published import load_weights, read_weights
from geolid.model.ssl.source import load_encoder
from geolid.share.speechbrain_parts import ENCODERS, head, read_parts, refuse_unknown_parts
from geolid.share.speechbrain_yaml import Hyperparameters
from geolid.share.whole_folder import refuse_existing, write_experiment

_LABELS = "label_encoder.txt"
_ENCODER = "wav2vec2.ckpt"
_HYPERPARAMETERS = ("hyperparams.yaml", "inference_wav2vec.yaml")
_EPSILON = 1e-5  # that of torch's layer norm, by which SpeechBrain brings waves to unit variance
_MASK = "frontend.encoder.model.masked_spec_embed"  # of training alone: some bring it, some do not
_LABELS_END = "================\n"


@dataclass(frozen=True)
class Converted:
    folder: Path
    languages: list[str]
    are_codes: bool  # whether they are ISO 639-3 codes, and not the labels as they were
    embedding_size: int


def convert(
    folder: Path, out: Path, hyperparameters: Path | None = None, encoder: str | None = None, keep_labels: bool = False
) -> Converted:
    """Write an experiment's folder, whole or not at all.

    `hyperparameters` is the file that describes the model, `encoder` the Hub id or folder that the shape of its
    wav2vec 2.0 is taken from; both are found by themselves in most folders. Labels become ISO 639-3 codes if all of
    them are languages, unless they are to be kept.
    """
    refuse_existing(out)
    if not folder.is_dir():
        raise GeoLIDError(f"{folder}: there is no such folder; expected one with {_ENCODER}, {_LABELS} and others")
    said = Hyperparameters(_find_hyperparameters(folder, hyperparameters))
    labels = read_labels(_named(folder, _LABELS))
    languages, are_codes = (labels, False) if keep_labels else _as_codes(labels)
    weights = read_weights(_named(folder, _ENCODER))
    front, width = _front(said, encoder)
    refuse_unknown_parts(said)
    behind, state = head(said, read_parts(folder), width, len(labels))
    state |= {f"frontend.encoder.{name}": tensor for name, tensor in weights.items()}
    config = {
        **front,
        **behind,
        "model": "espnet",
        "initial_weights": [folder.resolve().name],  # whose licence is to be looked up before it is given away
        "lang_num": len(languages),
        "languages": list(map(_one_word, languages)),
        **({} if all(label in registry() for label in languages) else {"label_kind": FREE_LABELS}),
    }
    model = build_model(config, load_encoder=False)
    mask = model.state_dict().get(_MASK)
    if mask is None:
        state.pop(_MASK, None)
    else:
        state.setdefault(_MASK, torch.zeros_like(mask))
    advice = f"Name what describes it: {said.file} by another --hyperparameters, its encoder by --encoder"
    load_weights(model, state, str(folder), advice)
    write_experiment(out, config, model)
    return Converted(out, config["languages"], are_codes, model.projector.output_size())


def read_labels(file: Path) -> list[str]:
    """Return the labels of a label_encoder.txt in the order of the classes: lines such as `'th: Thai' => 94`."""
    numbered: list[tuple[int, str]] = []
    try:
        for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
            if line == _LABELS_END:
                break
            label, arrow, number = line.rstrip("\n").rpartition(" => ")
            numbered.append((int(number), str(ast.literal_eval(label))))
    except (SyntaxError, ValueError, UnicodeDecodeError):
        raise GeoLIDError(f"{file}: expected lines such as \"'th' => 94\", as SpeechBrain writes them") from None
    labels = [label for _, label in sorted(numbered)]
    if sorted(number for number, _ in numbered) != list(range(len(labels))) or len(labels) < 2:
        raise GeoLIDError(f"{file}: has {len(labels)} labels, and their numbers do not go from 0 on, each once")
    words = list(map(_one_word, labels))
    for label, word in zip(labels, words, strict=True):
        if not word or words.count(word) > 1:
            raise GeoLIDError(
                f"{file}: the label '{label}' is empty, or there twice; expected a word of its own for each"
            )
    return labels


def _one_word(label: str) -> str:
    """Return a label as tables hold it, whose words are parted by blanks."""
    return "_".join(label.split())


def _as_codes(labels: Sequence[str]) -> tuple[list[str], bool]:
    """Return ISO 639-3 codes where all labels are different languages, else the labels."""
    for corpus in ("voxlingua107", None):
        try:
            codes = [resolve(label, corpus) for label in labels]
        except UnknownLanguageError:
            continue
        if len(set(codes)) == len(codes):
            return codes, True
    return list(labels), False


def _named(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        there = ", ".join(sorted(file.name for file in folder.iterdir())[:10]) or "nothing"
        raise GeoLIDError(f"{folder}: has no {name}; there is {there}")
    return folder / name


def _find_hyperparameters(folder: Path, named: Path | None) -> Path:
    if named is not None:
        if not named.is_file():
            raise GeoLIDError(f"{named}: there is no such file; expected SpeechBrain's hyperparameters")
        return named
    found = [folder / name for name in _HYPERPARAMETERS if (folder / name).is_file()]
    if len(found) != 1:
        raise GeoLIDError(
            f"{folder}: {'has both' if found else 'has neither'} {' and '.join(_HYPERPARAMETERS)}; name the file that "
            "describes the model by --hyperparameters"
        )
    return found[0]


def _front(said: Hyperparameters, encoder: str | None) -> tuple[dict[str, Any], int]:
    """Return what of a config is about everything before the pooling, and the width of its frames."""
    rate = said.get("sample_rate", 16000)
    if rate != 16000:
        raise GeoLIDError(f"{said.file}: sample_rate: found {rate!r}, expected 16000, the rate of wav2vec 2.0")
    found = said.made(*ENCODERS)
    if len(found) != 1:
        raise GeoLIDError(
            f"{said.file}: describes {len(found)} wav2vec 2.0 encoders; expected one !new:…Wav2Vec2, as only such "
            "models are converted"
        )
    source = encoder or found[0].option("source", None)
    if not isinstance(source, str):
        raise GeoLIDError(
            f"{said.file}: does not say by a plain word which wav2vec 2.0 it is (source); name its Hub id, or a folder "
            "with its config.json, by --encoder"
        )
    if found[0].option("output_all_hiddens", False):
        raise GeoLIDError(f"{said.file}: output_all_hiddens: true; only models over the last state are converted")
    # its own weights, which are other ones than the source's, follow
    shape = load_encoder(source, load_weights=False)
    place = {} if Path(source).is_dir() else {"path_or_url": source}
    config = {
        "frontend": "ssl",
        "frontend_conf": {**place, "multilayer_feature": False, "repeat_last_frame": False},
        "encoder_config": {**shape.config_dict(), "normalize_epsilon": _EPSILON},
        **_normalize(said, bool(found[0].option("output_norm", False))),
    }
    return config, shape.width


def _normalize(said: Hyperparameters, output_norm: bool) -> dict[str, Any]:
    norms = said.made("InputNormalization")
    features = said.reached((said.get("modules") or {}).get("compute_features"))
    # EncoderClassifier puts features through it; a class of one's own, as of published models, has it for nothing
    if not norms or not any(part.is_any_of(*ENCODERS) for part in features):
        return {"normalize": "utterance_layer_norm" if output_norm else None}
    if output_norm or norms[0].option("norm_type", "global") != "sentence":
        raise GeoLIDError(
            f"{said.file}: InputNormalization: expected norm_type: sentence, and no output_norm before it; other ways "
            "to normalise features are not converted"
        )
    variance = bool(norms[0].option("std_norm", True))
    return {"normalize": "utterance_mvn", "normalize_conf": {"norm_means": True, "norm_vars": variance}}
