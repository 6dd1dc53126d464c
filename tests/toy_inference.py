"""Folders as stages 6 and 7 write them, of made-up utterances whose likeness follows families."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from geolid.data.tables import write_table
from geolid.geo.atlas import lineages, place_of
from geolid.geo.places import distance_km
from geolid.report.domain import read_experiment
from geolid.report.predictions import read_predictions
from geolid.report.results import score, write_results

DIMS = 24


def make_inference(
    root: Path, codes: list[str], utts_per_language: int = 8, doubt: float = 1.0, seed: int = 0
) -> tuple[Path, Path]:
    """Write an inference folder and its data directory; return both. `doubt` makes utterances alike and errors many."""
    draw = np.random.default_rng(seed)
    codes = sorted(codes)
    centres = _centres(codes, draw)
    utts = [f"{code}_{number:04}" for code in codes for number in range(utts_per_language)]
    truth = np.repeat(np.arange(len(codes)), utts_per_language)
    vectors = centres[truth] + 0.22 * doubt * draw.normal(size=(len(utts), DIMS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    logits = (45 * vectors @ centres.T).astype(np.float32)

    exp_dir = root / "exp" / "lid_toy"
    folder = exp_dir / "inference" / "valid.accuracy.best" / "test_toy"
    data_dir = root / "dump" / "raw" / "test_toy"
    folder.mkdir(parents=True)
    data_dir.mkdir(parents=True)
    lids = {utt: codes[i] for utt, i in zip(utts, logits.argmax(axis=1), strict=True)}
    (folder / "languages").write_text("".join(f"{code}\n" for code in codes))
    write_table(folder / "test_toy_lids", lids)
    np.save(folder / "test_toy_logits.npy", logits)
    np.savez(folder / "test_toy_embeddings.npz", **dict(zip(utts, vectors.astype(np.float32), strict=True)))
    means = {code: vectors[truth == i].mean(axis=0) for i, code in enumerate(codes)}
    np.savez(folder / "test_toy_language_embeddings.npz", **means)
    _write_places(folder, lids, draw, doubt)
    weights = np.exp(-((np.arange(25) - 15) ** 2) / 40)
    (folder.parent / "layer_weights").write_text("".join(f"{weight}\n" for weight in weights / weights.sum()))
    (folder / "inference.json").write_text(json.dumps({"model": f"{seed}", "temperature": 1.5}))

    soundfile.write(data_dir / "any.wav", np.zeros(160), 16000)  # its rate is looked at, and nothing else
    write_table(data_dir / "wav.scp", dict.fromkeys(utts, str(data_dir / "any.wav")))
    write_table(data_dir / "utt2lang", {utt: utt[:3] for utt in utts})
    write_table(data_dir / "utt2num_samples", {utt: str(int(16000 * draw.uniform(1, 25))) for utt in utts})
    write_results(folder, score(read_predictions(folder, data_dir), data_dir, exp_dir, read_experiment(exp_dir)))
    return folder, data_dir


def _centres(codes: list[str], draw: np.random.Generator) -> np.ndarray:
    """Return a unit vector for each language, of which kin have much in common, (languages, DIMS)."""
    branches: dict[tuple[str, ...], np.ndarray] = {}
    centres = []
    for line in lineages(codes).values():
        vector = 0.8 * draw.normal(size=DIMS)
        for depth in range(1, min(len(line), 6) + 1):
            vector = vector + branches.setdefault(line[:depth], draw.normal(size=DIMS) / depth**0.5)
        centres.append(vector / np.linalg.norm(vector))
    return np.stack(centres)


def _write_places(folder: Path, lids: Mapping[str, str], draw: np.random.Generator, doubt: float) -> None:
    rows = {}
    for utt, code in lids.items():
        home = place_of(code)
        north, east = 3 * doubt * draw.normal(size=2)
        if home is None:
            rows[utt] = f"{10 * north:.4f} {30 * east:.4f} -"
            continue
        latitude = float(np.clip(home.latitude + north, -89, 89))
        longitude = (home.longitude + east + 180) % 360 - 180
        rows[utt] = f"{latitude:.4f} {longitude:.4f} {distance_km(latitude, longitude, *home):.0f}"
    write_table(folder / "test_toy_places", rows)
