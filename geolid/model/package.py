"""Trained models as files: our packages, experiments, and what ESPnet packed, all opened alike.

A package is a folder, or the same as one zip; docs/packaging.md tells what is in it. Of weights nothing but tensors is
let in; in a package they are safetensors, which cannot hold anything else.
"""

import contextlib
import csv
import functools
import hashlib
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from geolid.errors import GeoLIDError
from geolid.geo.atlas import places_of
from geolid.geo.vectors import places_file
from geolid.model.archive import is_safe, unpack
from geolid.model.experiment import (
    CONFIG,
    find_model_file,
    has_free_labels,
    model_languages,
    read_config,
    sampling_rate,
    vector_kind,
)

FORMAT = 1

MANIFEST = "geolid.json"
WEIGHTS = "model.safetensors"
LANGUAGES = "languages.tsv"  # class, code, name, latitude, longitude
VECTORS = "language_vectors.tsv"  # as geolid.geo.vectors reads it
CALIBRATION = "calibration.json"
SCORES = "scores"  # <set>.json of each scored set
TRAINING = "training.json"
LICENCES = "LICENSES.md"
CARD = "README.md"
IMAGES = "images"
SUMS = "SHA256SUMS"
# CONFIG, too

_NEEDED = (MANIFEST, CONFIG, LANGUAGES)  # and weights
_ESPNET = "meta.yaml"
_PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".pkl")
DEFAULT_MODEL = "valid.accuracy.best.pth"

LANGUAGE_COLUMNS = ("class", "code", "name", "latitude", "longitude")


@dataclass(frozen=True)
class ModelFiles:
    """Where a model's parts lie, whatever it came from; good only as long as it is open."""

    kind: str  # package, experiment or espnet
    name: str
    folder: Path
    config: dict[str, Any]  # what builds it
    weights: Path  # .safetensors or .pth
    languages: list[str]  # in the order of its classes
    temperature: float | None  # what logits are divided by; None: it is not calibrated
    results_files: dict[str, Path] = field(default_factory=dict, repr=False)  # by set
    calibration_file: Path | None = field(default=None, repr=False)

    @property
    def sampling_rate(self) -> int:
        return sampling_rate(self.config)

    @property
    def has_free_labels(self) -> bool:
        """Whether its labels are no languages, such as speakers: they have neither names nor places."""
        return has_free_labels(self.config)

    @property
    def vector_kind(self) -> str | None:
        """What the vectors tell that it predicts: geo is where a language is spoken. None if there are none."""
        return vector_kind(self.config)

    @functools.cached_property
    def places(self) -> np.ndarray:
        """Latitude and longitude of its languages in degrees, (languages, 2); NaN where there is none."""
        if self.kind == "package":
            rows = _read_languages(self.folder / LANGUAGES)
            found = [(row["latitude"] or "nan", row["longitude"] or "nan") for row in rows]
        elif self.has_free_labels and places_file(self.config) is None:
            found = [(np.nan, np.nan)] * len(self.languages)
        else:
            found = [
                place or (np.nan, np.nan) for place in places_of(self.languages, places_file(self.config)).values()
            ]
        return np.array(found, dtype=np.float64).reshape(-1, 2)

    def manifest(self) -> dict[str, Any] | None:
        """Return what a package says of itself first; None of others."""
        return _read_json(self.folder / MANIFEST) if self.kind == "package" else None

    def calibration(self) -> dict[str, Any] | None:
        """Return the temperature, and what it was fitted on."""
        file = self.calibration_file
        return _read_json(file) if file is not None and file.exists() else None

    def scores(self) -> dict[str, dict[str, Any]]:
        """Return the results of each set that it was scored on, as stage 7 wrote them."""
        results = {name: _read_json(file) for name, file in self.results_files.items()}
        if self.kind == "experiment":  # where a later inference may have come
            records = {name: file.with_name("inference.json") for name, file in self.results_files.items()}
            current = {
                name
                for name, file in records.items()
                if file.exists() and sha256(file) == results[name].get("inference")
            }
            results = {name: of_set for name, of_set in results.items() if name in current}
        return results

    def training(self) -> dict[str, Any] | None:
        """Return what a package tells of the training; None where there is no such record."""
        file = self.folder / TRAINING
        return _read_json(file) if self.kind == "package" and file.exists() else None

    def licences(self) -> str | None:
        """Return what a package says of licences; None where there is nothing."""
        file = self.folder / LICENCES
        return file.read_text(encoding="utf-8") if self.kind == "package" and file.exists() else None


@contextlib.contextmanager
def open_model(
    source: str | os.PathLike,
    inference_model: str = DEFAULT_MODEL,
    labels: str | os.PathLike | None = None,
    allow_pickle: bool = False,
) -> Iterator[ModelFiles]:
    """Open a folder or a zip that holds a model; what had to be unpacked goes at the end.

    inference_model: which .pth of an experiment's folder. labels: see geolid.model.experiment.model_languages.
    allow_pickle: whether weights of a package may be a .pth.
    """
    path = Path(source)
    if path.is_file() and path.suffix == ".pth":  # of an experiment
        path, inference_model = path.parent, path.name
    if path.is_dir():
        yield _open_folder(path, path.resolve().name, inference_model, labels, allow_pickle)
        return
    _refuse_no_zip(path)
    with tempfile.TemporaryDirectory(prefix="geolid_") as temporary:
        folder = unpack(path, Path(temporary))
        with _named(folder, path):
            files = _open_folder(folder, path.stem, inference_model, labels, allow_pickle, whole=True)
        yield files


def _refuse_no_zip(path: Path) -> None:
    expected = "expected a packed model (a folder or a zip), an experiment's folder, or what ESPnet packed"
    if not path.exists():
        raise GeoLIDError(f"{path}: there is no such model; {expected}")
    if path.name == WEIGHTS:
        raise GeoLIDError(f"{path}: is the weights of a model alone; name the folder that it lies in")
    if path.suffix in (".tar", ".tgz", ".gz", ".bz2", ".xz", ".tbz2", ".txz"):
        raise GeoLIDError(f"{path}: unpack it (tar -xf), and name the folder; {expected}")
    if not zipfile.is_zipfile(path):
        raise GeoLIDError(f"{path}: is no zip, or cut short: fetch or pack it again; {expected}")


@contextlib.contextmanager
def _named(folder: Path, archive: Path) -> Iterator[None]:
    """Let messages speak of the archive, not of where it was unpacked."""
    try:
        yield
    except GeoLIDError as error:
        raise type(error)(str(error).replace(str(folder), str(archive))) from None


def _open_folder(
    folder: Path,
    name: str,
    inference_model: str,
    labels: str | os.PathLike | None,
    allow_pickle: bool,
    whole: bool = False,
) -> ModelFiles:
    if (folder / MANIFEST).is_file():
        return _open_package(folder, labels, allow_pickle, whole)
    if (folder / _ESPNET).is_file():
        return _open_espnet(folder, name, inference_model, labels)
    if (folder / CONFIG).is_file() or any(folder.glob("*.pth")):
        return _open_experiment(folder, name, inference_model, labels)
    deeper = sorted(file.parent for file in [*folder.glob("*/config.yaml"), *folder.glob("*/*/config.yaml")])
    hint = f"; there is one in {deeper[0]}" if deeper else ""
    raise GeoLIDError(
        f"{folder}: holds no model{hint}; expected a packed one ({MANIFEST}), an experiment ({CONFIG} and a .pth) or "
        f"what ESPnet packed ({_ESPNET})"
    )


def _open_package(folder: Path, labels: str | os.PathLike | None, allow_pickle: bool, whole: bool) -> ModelFiles:
    manifest = _read_json(folder / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise GeoLIDError(
            f"{folder / MANIFEST}: is of format {manifest.get('format')}, and this version reads {FORMAT}; install the "
            f"version of geolid that made it ({manifest.get('geolid', 'not told')}), or a newer one"
        )
    if labels is not None:
        raise GeoLIDError(f"{folder}: tells its languages itself, in {LANGUAGES}; leave the labels out")
    weights = _weights_of_package(folder, allow_pickle)
    check_sums(folder, whole=whole)
    sums = read_sums(folder)
    for needed in (*_NEEDED, weights.name):
        if not (folder / needed).is_file() or needed not in sums:
            raise GeoLIDError(f"{folder}: {needed} or its sum in {SUMS} is missing; fetch or pack the model again")
    config = read_config(folder / CONFIG)
    languages = [row["code"] for row in _read_languages(folder / LANGUAGES)]
    if len(languages) != config["lang_num"]:
        raise GeoLIDError(
            f"{folder / LANGUAGES}: has {len(languages)} languages, and the model {config['lang_num']} classes; pack "
            "it again"
        )
    return ModelFiles(
        kind="package",
        name=str(manifest.get("name") or folder.name),
        folder=folder,
        config=config,
        weights=weights,
        languages=languages,
        temperature=_temperature(folder / CALIBRATION),
        results_files={file.stem: file for file in sorted((folder / SCORES).glob("*.json"))},
        calibration_file=folder / CALIBRATION,
    )


def _weights_of_package(folder: Path, allow_pickle: bool) -> Path:
    """Return a package's weights; a pickle, which may run code where it is read carelessly, only if it is allowed."""
    file = folder / WEIGHTS
    if file.is_file() and is_safetensors(file):
        return file
    pickles = sorted(other for other in folder.iterdir() if other.suffix in _PICKLES and other.is_file())
    if file.is_file():
        if not _is_pickle(file):
            raise GeoLIDError(f"{file}: is damaged, or no safetensors; fetch or pack the model again")
        found = f"{file}: is a pickle, as PyTorch writes it, and no safetensors"
    elif len(pickles) == 1:
        file = pickles[0]
        found = f"{folder}: has a pickle, {file.name}, in place of {WEIGHTS}"
    else:
        raise GeoLIDError(f"{folder}: has no {WEIGHTS}; fetch or pack the model again")
    if not allow_pickle:
        raise GeoLIDError(
            f"{found}; a pickle can hold code, and a packed model has none. If you know where it comes from, "
            "--allow_pickle (allow_pickle=True) reads it, and lets nothing but tensors in"
        )
    return file


def is_safetensors(file: Path) -> bool:
    """Whether a file begins as safetensors do: the length of a header in JSON, and the header."""
    with Path(file).open("rb") as content:
        head = content.read(9)
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < 100 << 20


def _is_pickle(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(1) == b"\x80" or zipfile.is_zipfile(file)


def _open_experiment(folder: Path, name: str, inference_model: str, labels: str | os.PathLike | None) -> ModelFiles:
    weights = find_model_file(folder, inference_model)
    config = read_config(folder / CONFIG)
    model = weights.stem
    results = sorted((folder / "inference" / model).glob("*/results.json"))
    calibration = folder / f"{model}.calibration.json"
    return ModelFiles(
        kind="experiment",
        name=f"{name}_{model}",
        folder=folder,
        config=config,
        weights=weights,
        languages=model_languages(config, folder / CONFIG, labels, "--labels"),
        temperature=_temperature(calibration),
        results_files={file.parent.name: file for file in results},
        calibration_file=calibration,
    )


def _open_espnet(folder: Path, name: str, inference_model: str, labels: str | os.PathLike | None) -> ModelFiles:
    """Open what ESPnet packed: meta.yaml names the config and the weights."""
    meta_file = folder / _ESPNET
    try:
        meta = yaml.safe_load(meta_file.read_text(encoding="utf-8"))
        configs = _named_files(folder, meta["yaml_files"].values(), (".yaml", ".yml"))
        models = _named_files(folder, meta["files"].values(), (".pth",))
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        configs = models = []
    chosen = [file for file in models if file.name == Path(inference_model).name] or models
    if len(configs) != 1 or len(chosen) != 1:
        raise GeoLIDError(
            f"{meta_file}: names {len(configs)} configs and {len(models)} models that are there; expected one each, as "
            "ESPnet packs a language identifier (yaml_files: train_config, files: model_file)"
        )
    config = read_config(configs[0])
    return ModelFiles(
        kind="espnet",
        name=name,
        folder=folder,
        config=config,
        weights=chosen[0],
        languages=model_languages(config, configs[0], labels, "--labels"),
        temperature=None,
    )


def _named_files(folder: Path, names: Any, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the files that a meta.yaml names, those of a kind, below the folder only."""
    files = [folder / name for name in names if isinstance(name, str) and is_safe(name)]
    return [file for file in files if file.suffix in suffixes and file.is_file()]


def _read_languages(file: Path) -> list[dict[str, str]]:
    """Return the rows of a package's languages, in the order of the classes."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
        in_order = [row["class"] for row in rows] == [str(number) for number in range(len(rows))]
        if in_order and all(row[column] is not None for row in rows for column in LANGUAGE_COLUMNS):
            return rows
    except (KeyError, UnicodeDecodeError, csv.Error):
        pass
    raise GeoLIDError(
        f"{file}: expected a line for each class, from 0, with the columns {', '.join(LANGUAGE_COLUMNS)}, between "
        "tabs; fetch or pack the model again"
    )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return content
    except ValueError:  # no JSON, or no UTF-8
        pass
    raise GeoLIDError(f"{file}: expected an object in JSON; the file is damaged, make or fetch it again")


def _temperature(file: Path) -> float | None:
    if not file.exists():
        return None
    temperature = _read_json(file).get("temperature")
    if not isinstance(temperature, int | float) or not 0 < temperature < float("inf"):
        raise GeoLIDError(f"{file}: holds no temperature above 0; remove it and run stage 6, which fits one")
    return float(temperature)


def read_sums(folder: Path) -> dict[str, str]:
    """Return the sum of each file of a package, by name, all of which lie below the folder."""
    file = Path(folder) / SUMS
    if not file.is_file():
        raise GeoLIDError(f"{folder}: {SUMS} is missing, which a packed model has; fetch or pack it again")
    sums = {}
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        match = re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line)
        if match is None or not is_safe(match[2]):
            raise GeoLIDError(f"{file}: found '{line}', expected '<sha256>  <file>', as sha256sum writes it")
        sums[match[2]] = match[1]
    return sums


def check_sums(folder: Path, whole: bool = True) -> None:
    """Stop unless the files of a package are those that it was packed with.

    Without `whole` files may be missing, as of a model on the Hub the pictures are not fetched.
    """
    for name, wanted in read_sums(folder).items():
        file = Path(folder) / name
        if not file.is_file():
            if whole:
                raise GeoLIDError(f"{folder}: {name} is missing, which {SUMS} lists; fetch or pack the model again")
            continue
        found = sha256(file)
        if found != wanted:
            raise GeoLIDError(
                f"{file}: is not what was packed (its SHA-256 begins {found[:12]}, expected {wanted[:12]}); it was "
                "changed, or damaged on its way: fetch or pack the model again"
            )


def sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with Path(file).open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
