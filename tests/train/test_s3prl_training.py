"""s3prl's upstreams without weights, from training to an answer of the packed model, without a network."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

import geolid
from conftest import ROOT, environment, make_data_dir
from geolid.model.package import open_model
from geolid.share.pack import pack

PITCHES = {"deu": 300, "fra": 3000}
CONFIG = {
    "frontend": "s3prl",
    "normalize": "utterance_mvn",
    "encoder": "linear",
    "encoder_conf": {"output_size": 16},
    "pooling": "stats",
    "projector": "rawnet3",  # its batch norm takes features of any scale
    "projector_conf": {"output_size": 8},
    "loss": "cross_entropy",
    "batch_bins": 64000,
    "max_batch_size": 8,
    "num_iters_per_epoch": 25,
    "max_epoch": 2,
    "num_workers": 0,
    "optim": "adam",
    "optim_conf": {"lr": 0.01},
    "use_matplotlib": False,
    "use_tensorboard": False,
}
OFFLINE = """
import socket, sys
def refuse(*_, **__): raise OSError("a host was looked for")
socket.getaddrinfo = refuse
from geolid.bin.train import main
main(sys.argv[1:])
"""


def tone(language: str, samples: int, generator: np.random.Generator) -> np.ndarray:
    wave = 0.3 * np.sin(2 * np.pi * PITCHES[language] * np.arange(samples) / 16000)
    return (wave + 0.02 * generator.standard_normal(samples)).astype(np.float32)


def write_set(folder: Path, count: int, generator: np.random.Generator) -> list[str]:
    """Write a set, and give the options that name it."""
    audio, shapes = {}, ""
    for language in sorted(PITCHES):
        for number in range(count):
            utt, samples = f"{language}_{number}", int(generator.integers(6000, 12000))
            file = folder.parent / f"{folder.name}_{utt}.wav"
            soundfile.write(file, tone(language, samples, generator), 16000, subtype="PCM_16")
            audio[utt] = (language, str(file))
            shapes += f"{utt} {samples}\n"
    make_data_dir(folder, audio)
    (folder / "shape").write_text(shapes)
    mode = folder.name
    return [
        *(f"--{mode}_data_path_and_name_and_type", f"{folder}/wav.scp,speech,sound"),
        *(f"--{mode}_data_path_and_name_and_type", f"{folder}/utt2lang,lid_labels,text"),
        *(f"--{mode}_shape_file", f"{folder}/shape"),
    ]


@pytest.mark.parametrize("upstream", ["fbank", "mfcc", "spectrogram"])
def test_an_upstream_without_weights_trains_packs_and_answers(tmp_path, upstream):
    generator = np.random.default_rng(1)
    options = write_set(tmp_path / "train", 8, generator) + write_set(tmp_path / "valid", 4, generator)
    config = {**CONFIG, "frontend_conf": {"frontend_conf": {"upstream": upstream}}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    exp = tmp_path / "exp"
    words = ["--config", tmp_path / "config.yaml", "--output_dir", exp, "--lang2utt", tmp_path / "train/lang2utt"]
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, *map(str, words), *options],
        cwd=ROOT, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with open_model(exp) as files:
        archive = pack(files, tmp_path / "packed", upstream).archive
    identifier = geolid.LanguageIdentifier.from_pretrained(archive, device="cpu")
    for language in PITCHES:
        assert identifier.identify((tone(language, 16000, generator), 16000)).language == language
