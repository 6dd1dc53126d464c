"""What training leaves in an experiment's folder: the config, the models, and the languages that their classes are."""

from pathlib import Path
from typing import Any

import humanfriendly
import yaml

from geolid.data import labels as lists
from geolid.data.data_dir import FREE_LABELS
from geolid.data.tables import read_rows
from geolid.errors import GeoLIDError
from geolid.model.parts import predicts_vectors

CONFIG = "config.yaml"
_NOT_MODELS = ("checkpoint.pth",)  # to go on training from
_RATE = 16000


def find_model_file(exp_dir: Path, model: str) -> Path:
    """Return the file that a name in an experiment's folder, or a path, stands for."""
    exp_dir = Path(exp_dir)
    for file in (exp_dir / model, Path(model)):
        if file.is_file() and file.suffix == ".pth" and file.name not in _NOT_MODELS:
            return file
    there = sorted(file.name for file in exp_dir.glob("*.pth") if file.name not in _NOT_MODELS)
    if not exp_dir.is_dir():
        remedy = "there is no such experiment; train it (stage 5), or name another (--lid_exp, --lid_tag)"
    elif there:
        remedy = f"there are {', '.join(there)}; name one of them, or the path of a .pth, by --inference_model"
    else:
        remedy = "it has no model yet; let training (stage 5) finish its first epoch"
    raise GeoLIDError(f"{exp_dir}: has no model file '{model}'; {remedy}")


def read_config(config_file: Path) -> dict[str, Any]:
    """Return the config.yaml that stands beside a model."""
    try:
        text = Path(config_file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GeoLIDError(f"{config_file}: there is no such config; training (stage 5) writes it") from None
    except UnicodeDecodeError:
        raise GeoLIDError(f"{config_file}: no text in UTF-8; take the file that training wrote") from None
    try:
        conf = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise GeoLIDError(f"{config_file}: no YAML: {error}") from None
    if not isinstance(conf, dict) or "lang_num" not in conf:
        raise GeoLIDError(f"{config_file}: expected the config of a language identifier, with a key 'lang_num'")
    return conf


def model_languages(
    conf: dict[str, Any], config_file: Path, labels: str | Path | None = None, option: str = "--lang2utt"
) -> list[str]:
    """Return the languages in the order of a model's classes.

    Our training writes them into its config. A published config lacks them, and `labels` has to name them: by the
    training set's `lang2utt`, whose languages are the classes in their order; by a file with a label a line, in the
    order of the classes; or by the name of a list of geolid.data.labels. `option` is what a user gives them by.
    """
    languages = _read_labels(labels) if labels is not None else conf.get("languages")
    if languages is None:
        raise GeoLIDError(
            f"{config_file}: does not say which languages its {conf['lang_num']} classes are; name the training "
            f"set's lang2utt, or a file with a label a line, by {option}"
            + ("" if option == "--lang2utt" else "; voxlingua107 stands for the 107 of VoxLingua107")
        )
    if len(languages) != conf["lang_num"]:
        where = labels if labels is not None else config_file
        raise GeoLIDError(
            f"{where}: has {len(languages)} languages, and the model {conf['lang_num']} classes (lang_num of "
            f"{config_file}); name the lang2utt of the set that it was trained on"
        )
    return languages


def _read_labels(labels: str | Path) -> list[str]:
    file = Path(labels)
    if not file.is_file():
        if str(labels) in lists.names() and (listed := lists.read(str(labels))):
            return sorted({entry.code for entry in listed.values()})
        known = [name for name in lists.names() if lists.read(name)]
        raise GeoLIDError(f"{labels}: there is no such file of labels, nor such a list; there are {', '.join(known)}")
    words = _lines_of_one_word(file)
    if words is None:
        return sorted({language for language, _ in read_rows(file)})
    twice = sorted({word for word in words if words.count(word) > 1})
    if twice:
        raise GeoLIDError(f"{file}: '{twice[0]}' stands there twice; expected every label once, as each is a class")
    return words


def _lines_of_one_word(file: Path) -> list[str] | None:
    """Return a file's lines if each is one word; a table is None."""
    words = []
    try:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                fields = line.split()
                if len(fields) > 1:
                    return None
                words += fields
    except UnicodeDecodeError:
        raise GeoLIDError(f"{file}: no text in UTF-8; expected a label a line, or a lang2utt") from None
    return words


def has_free_labels(conf: dict[str, Any]) -> bool:
    """Return whether a model's labels are no languages, such as speakers: they have neither names nor places."""
    return conf.get("label_kind") == FREE_LABELS


def sampling_rate(conf: dict[str, Any]) -> int:
    """Return the rate that a model was trained at, in Hz."""
    rate = (conf.get("preprocessor_conf") or {}).get("sample_rate") or _RATE
    return humanfriendly.parse_size(rate) if isinstance(rate, str) else rate


def vector_kind(conf: dict[str, Any]) -> str | None:
    """Return what the vectors tell that a model predicts: geo is where a language is spoken. None if there are none."""
    if not predicts_vectors(str(conf.get("loss"))):
        return None
    return (conf.get("loss_conf") or {}).get("lang2vec_type") or "geo"
