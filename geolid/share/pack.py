"""A trained model as one folder, and the same as one zip: all that it takes to use it, and to know what it is.

The same model gives the same bytes. docs/packaging.md tells what the files hold.
"""

import json
import logging
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors.torch import save_file

from geolid import __version__
from geolid.data.languages import registry
from geolid.data.tables import whole_or_absent
from geolid.errors import GeoLIDError
from geolid.geo.vectors import VectorError, places_file, vectors
from geolid.model import package
from geolid.model.build import build_trained, encoder_config
from geolid.model.experiment import CONFIG
from geolid.model.lid import GeoLIDModel
from geolid.model.package import ModelFiles, open_model, sha256
from geolid.model.parts import PARTS
from geolid.share.licences import Licence, choose_licence, licences_text
from geolid.share.model_card import PICTURES, Facts, write_card
from geolid.share.training_record import training_record
from geolid.share.whole_folder import whole_folder
from geolid.share.zip_file import files_below, write_zip

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Packed:
    folder: Path
    archive: Path
    licence: Licence
    parameters: int
    scores: list[str]  # names of sets


def pack(files: ModelFiles, packed_dir: Path, name: str | None = None, licence: str | None = None) -> Packed:
    """Write `<packed_dir>/<name>/` and `<packed_dir>/<name>.zip`, each whole or not at all."""
    name = name or files.name
    if not re.fullmatch(r"\w[\w.-]*", name, re.ASCII):
        raise GeoLIDError(f"name: found '{name}', expected letters, digits, '_', '.' and '-', as the Hub takes them")
    if files.kind == "package":
        raise GeoLIDError(f"{files.folder}: is packed already; name the experiment that it was made of")
    chosen = choose_licence(files.config, licence)
    folder, archive = packed_dir / name, packed_dir / f"{name}.zip"
    with whole_folder(folder) as fresh:
        parameters = _fill(fresh, files, name, chosen)
        archive.unlink(missing_ok=True)  # no folder and zip of different models
    write_zip(folder, archive)
    return Packed(folder, archive, chosen, parameters, list(files.scores()))


def _fill(folder: Path, files: ModelFiles, name: str, licence: Licence) -> int:
    """Write a package's files; return how many parameters the model has."""
    model = build_trained(files.config, files.weights)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    config = config_to_build(files.config, encoder_config(model), files.languages)
    training, scores, calibration = training_record(files), files.scores(), files.calibration()
    pictures = _pictures(files)
    manifest = {
        "format": package.FORMAT,
        "name": name,
        "geolid": __version__,
        "model": files.weights.name,
        "languages": len(files.languages),
        "parameters": parameters,
        "sampling_rate": files.sampling_rate,
        "vector_kind": files.vector_kind,
        "scale": getattr(model.loss, "scale", None),  # makes logits of cosines; null where there are none
        "licence": licence.name,
    }
    _write_json(folder / package.MANIFEST, manifest)
    _write(folder / CONFIG, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    _write(folder / package.LANGUAGES, _languages_table(files))
    if files.vector_kind and (table := _vectors_table(files)):
        _write(folder / package.VECTORS, table)
    if calibration:
        _write_json(folder / package.CALIBRATION, calibration)
    for of_set, results in scores.items():
        _write_json(folder / package.SCORES / f"{of_set}.json", results)
    _write_json(folder / package.TRAINING, training)
    _write(folder / package.LICENCES, licences_text(name, licence, training["corpora"]))
    for what, (picture, _set) in pictures.items():
        target = folder / package.IMAGES / f"{what}.png"
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(picture, target)
    facts = Facts(
        name=name,
        languages=files.languages,
        free_labels=files.has_free_labels,
        vector_kind=files.vector_kind,
        sampling_rate=files.sampling_rate,
        parameters=parameters,
        licence=licence,
        training=training,
        scores=dict(sorted(scores.items(), key=lambda pair: (pair[1].get("domain") != "in", pair[0]))),
        calibrated_on=(calibration or {}).get("set"),
        pictures={what: of_set for what, (_picture, of_set) in pictures.items()},
    )
    _write(folder / package.CARD, write_card(facts))
    _write_weights(folder / package.WEIGHTS, model)
    del model
    sums = [f"{sha256(file)}  {file.relative_to(folder).as_posix()}\n" for file in files_below(folder)]
    _write(folder / package.SUMS, "".join(sums))
    with open_model(folder) as packed:  # what does not open here opens nowhere
        build_trained(packed.config, packed.weights)
    return parameters


def config_to_build(
    config: Mapping[str, Any], encoder: Mapping[str, Any] | None, languages: list[str]
) -> dict[str, Any]:
    """Return what of a config builds the model: neither how it was trained, nor where things lay then."""
    kept = {}
    for part in PARTS:
        kept |= {key: config[key] for key in (part, f"{part}_conf") if key in config}
    if (kept.get("normalize_conf") or {}).get("stats_file"):
        raise GeoLIDError(
            f"normalize: {kept['normalize']} reads {kept['normalize_conf']['stats_file']} whenever the model is built, "
            "and a packed model has no such file; train with normalize: utterance_mvn to pack it"
        )
    if kept.get("frontend_conf"):
        kept["frontend_conf"] = _without_places(kept["frontend_conf"])
    if "preprocessor_conf" in kept:
        rate = (kept["preprocessor_conf"] or {}).get("sample_rate")
        kept["preprocessor_conf"] = {"sample_rate": rate} if rate else {}
    kept |= {"lang_num": len(languages), "languages": languages}
    kept |= {key: config[key] for key in ("label_kind",) if key in config}
    return kept | ({"encoder_config": dict(encoder)} if encoder else {})


def _without_places(frontend_conf: Mapping[str, Any]) -> dict[str, Any]:
    """Return a front end's options without folders of the machine; an encoder_config stands in for what was there."""
    kept = {key: value for key, value in frontend_conf.items() if key != "download_dir"}
    if isinstance(kept.get("frontend_conf"), Mapping):  # as s3prl is configured
        kept["frontend_conf"] = _without_places(kept["frontend_conf"])
    source = kept.get("path_or_url")
    if isinstance(source, str) and (source.startswith((".", "/", "~")) or Path(source).exists()):
        del kept["path_or_url"]
    return kept


def _write_weights(path: Path, model: GeoLIDModel) -> None:
    own = {}  # safetensors take no tensor that is a view of another
    places = set()
    for key, tensor in model.state_dict().items():
        shared = tensor.numel() > 0 and tensor.data_ptr() in places
        own[key] = tensor.clone() if shared else tensor.contiguous()
        places.add(tensor.data_ptr())
    save_file(own, path, metadata={"format": "pt"})  # more than one entry would stand in any order
    path.chmod(path.with_name(package.MANIFEST).stat().st_mode)  # it is written for its owner alone


def _languages_table(files: ModelFiles) -> str:
    lines = ["\t".join(package.LANGUAGE_COLUMNS)]
    for number, (code, place) in enumerate(zip(files.languages, files.places.tolist(), strict=True)):
        name = registry()[code].name if code in registry() and not files.has_free_labels else ""
        degrees = ["" if np.isnan(degree) else f"{degree:.4f}" for degree in place]
        lines.append("\t".join([str(number), code, name, *degrees]))
    return "\n".join(lines) + "\n"


def _vectors_table(files: ModelFiles) -> str | None:
    """Return the languages' vectors as a vector file has them; None where they are not to be had any more."""
    file = places_file(files.config)
    try:
        rows = vectors(files.languages, files.vector_kind, file if file and file.exists() else None)
    except VectorError as error:
        LOG.warning("%s is left out: %s", package.VECTORS, error)
        return None
    lines = []
    for code, row in zip(files.languages, rows, strict=True):
        numbers = [np.format_float_positional(value, trim="-") for value in row]
        lines.append("\t".join([code, *(["none"] if np.isnan(row).any() else numbers)]))
    return "\n".join(lines) + "\n"


def _pictures(files: ModelFiles) -> dict[str, tuple[Path, str]]:
    """Return the pictures of an experiment that tell most, and the set that each shows."""
    found: dict[str, tuple[Path, str]] = {}
    folders = [(of_set, file.parent / "images") for of_set, file in files.results_files.items()]
    with_tsne = [pair for pair in folders if (pair[1] / "tsne_utterances.png").exists()]
    for of_set, folder in (with_tsne or folders)[:1]:
        found = {what: (folder / f"{what}.png", of_set) for what in PICTURES}
    found["curves"] = (files.folder / "images" / "curves.png", "")
    return {what: found[what] for what in PICTURES if what in found and found[what][0].is_file()}


def _write(path: Path, text: str) -> None:
    with whole_or_absent(path) as out:
        out.write(text)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    _write(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
