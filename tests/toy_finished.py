"""An experiment as it stands after stage 8, of a model with random weights; and the same model as ESPnet packs it."""

import json
import zipfile
from pathlib import Path

import numpy as np
import yaml

from geolid.data.tables import write_table
from toy_identifier import LANGUAGES, MODEL, make_experiment
from toy_inference import make_inference

TEMPERATURE = 1.25
PNG = b"\x89PNG\r\n\x1a\n a picture"


def make_finished(root: Path, **changes) -> Path:
    """Write <root>/exp/lid_toy with everything that stage 9 takes, and the tables that its config names."""
    exp = root / "exp" / "lid_toy"
    tables = root / "dump" / "raw" / "train_toy"
    tables.mkdir(parents=True)
    utts = {f"{language}_{number}": language for number in range(3) for language in LANGUAGES[:3]}
    write_table(tables / "utt2lang", utts)
    write_table(tables / "speech_shape", dict.fromkeys(utts, "57600000"))  # an hour
    training = {
        "config": "conf/mini/toy.yaml",
        "output_dir": str(exp),
        "version": "202511",
        "data_sets": ["fleurs", "mine"],
        "trained_with": {"geolid": "0.1.0", "git_revision": None, "torch": "2.12.1"},
        "optim_conf": {"lr": 0.1},
        "train_data_path_and_name_and_type": [
            [str(tables / "wav.scp"), "speech", "sound"],
            [str(tables / "utt2lang"), "lid_labels", "text"],
        ],
        "train_shape_file": [str(tables / "speech_shape")],
        "valid_data_path_and_name_and_type": [[str(root / "gone/dev_toy/utt2lang"), "lid_labels", "text"]],
        "valid_shape_file": [str(root / "gone/speech_shape")],
        "preprocessor_conf": {"noise_info": [[0.5, str(root / "noises.scp"), [1, 1], [0, 20]]]},
    }
    make_experiment(exp, **{**training, **changes})
    with (exp / "config.yaml").open("a") as out:
        out.write("seed: 7\n")
    inference_dir, _ = make_inference(root, LANGUAGES)
    for picture in (
        inference_dir / "images/map.png",
        inference_dir / "images/confusion.png",
        exp / "images/curves.png",
    ):
        picture.parent.mkdir(exist_ok=True)
        picture.write_bytes(PNG)
    write_calibration(exp)
    return exp


def write_calibration(exp: Path, temperature: object = TEMPERATURE) -> None:
    record = {"temperature": temperature, "set": "dev_toy", "utterances": 9}
    (exp / MODEL).with_suffix(".calibration.json").write_text(json.dumps(record))


def as_espnet(exp: Path, folder: Path) -> Path:
    """Write what ESPnet packs of an experiment: meta.yaml, config and weights, and no languages."""
    conf = yaml.safe_load((exp / "config.yaml").read_text())
    del conf["languages"]
    inner = folder / "exp" / "lid_published"
    inner.mkdir(parents=True)
    (inner / "config.yaml").write_text(yaml.safe_dump(conf))
    (inner / MODEL).write_bytes((exp / MODEL).read_bytes())
    names = {"files": {"model_file": MODEL}, "yaml_files": {"train_config": "config.yaml"}}
    meta = {kind: {key: f"exp/lid_published/{name}" for key, name in of.items()} for kind, of in names.items()}
    (folder / "meta.yaml").write_text(yaml.safe_dump({**meta, "espnet": "202511", "timestamp": 1.0}))
    return folder


def zip_of(folder: Path, archive: Path, **files: bytes) -> Path:
    """Write a zip of a folder by plain means."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                out.write(file, file.relative_to(folder))
        for name, content in files.items():
            out.writestr(name, content)
    return archive


def same_tensors(ours: dict, others: dict) -> bool:
    return ours.keys() == others.keys() and all(
        np.array_equal(tensor.numpy(), others[name].numpy()) for name, tensor in ours.items()
    )
