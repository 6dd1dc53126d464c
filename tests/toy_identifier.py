"""A small identifier with random weights, sets of tones for it, and stage 6 without starting a Python for each step."""

from pathlib import Path

import numpy as np
import soundfile
import torch
import yaml

from conftest import make_data_dir
from geolid.bin import gather_inference, infer, plan_inference
from geolid.model.build import build_model

LANGUAGES = ["deu", "fra", "ita", "pol"]
CONF = {
    "frontend": "log_mel",
    "frontend_conf": {"n_mels": 20},
    "normalize": "utterance_mvn",
    "normalize_conf": {"norm_vars": False},
    "encoder": "ecapa_tdnn",
    "encoder_conf": {"model_scale": 4, "ndim": 16, "output_size": 24},
    "projector_conf": {"output_size": 12},
    "loss": "aamsoftmax_sc_topk_lang2vec",
    "loss_conf": {"lang2vec_weight": 0.2},
    "model": "espnet",
    "lang_num": len(LANGUAGES),
    "languages": LANGUAGES,
}
MODEL = "valid.accuracy.best.pth"
NO_PLACES = {"loss": "aamsoftmax", "loss_conf": {}}


def make_experiment(folder: Path, seed: int = 1, **changes) -> Path:
    """Write config.yaml and a model whose classes are of use: each points at what it makes of some tone."""
    folder.mkdir(parents=True, exist_ok=True)
    conf = {**CONF, **changes}
    torch.manual_seed(seed)
    model = build_model(conf).eval()
    (folder / "config.yaml").write_text(yaml.safe_dump(conf))
    torch.save(model.state_dict(), folder / MODEL)
    return folder


def make_set(recipe: Path, name: str, count: int = 10, shortest: float = 0.2) -> Path:
    """Write dump/raw/<name>: noisy tones of different lengths and pitches, in all languages but the last."""
    rng = np.random.default_rng(5)
    wav_dir = recipe / "wav" / name
    wav_dir.mkdir(parents=True)
    audio, samples = {}, {}
    for number in range(count):
        language = LANGUAGES[number % 3]
        utt, length = f"{language}_{number:03d}", int(16000 * (shortest + rng.random()))
        tone = np.sin(2 * np.pi * (150 + 60 * (number % 3) + 5 * number) * np.arange(length) / 16000)
        wave = 0.3 * tone + 0.02 * rng.standard_normal(length)
        soundfile.write(wav_dir / f"{utt}.wav", wave, 16000, subtype="PCM_16")
        audio[utt], samples[utt] = (language, f"wav/{name}/{utt}.wav"), str(length)
    return make_data_dir(recipe / "dump/raw" / name, audio, utt2num_samples=samples)


def infer_set(
    exp: str | Path,
    *data_dirs: str | Path,
    parts: int = 1,
    only_part: int | None = None,
    calibration: str | None = None,
    gather: tuple = (),
    batches: tuple = (),
    **plan,
) -> Path:
    """Run stage 6's steps, the way they stand in it; `only_part` is a run whose other processes were killed."""
    plan = {"save_every": 4, **plan}
    options = [word for name, value in plan.items() for word in (f"--{name}", str(value))]
    plan_inference.main([*options, str(exp), *map(str, data_dirs)])
    model = Path(plan.get("inference_model", MODEL)).stem
    folders = [str(Path(exp) / "inference" / model / Path(data_dir).name) for data_dir in data_dirs]
    for part in [only_part] if only_part else range(1, parts + 1):
        infer.main(["--part", str(part), "--parts", str(parts), *batches, *folders])
    if not only_part:
        gather_inference.main([*gather, *(["--calibration", calibration] if calibration else []), *folders])
    return Path(folders[0])


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}
