"""The configs of conf/ whose encoder's weights lie on the Hub: without a network, and with a folder in their place."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch
from ssl_folders import write_encoder

from conftest import ROOT, environment, make_data_dir
from geolid.errors import GeoLIDError
from geolid.model.build import build_model
from geolid.share import to_transformers
from geolid.train.config import read_config


def source_of(conf: dict) -> str | None:
    given = conf.get("frontend_conf") or {}
    return {**given, **(given.get("frontend_conf") or {})}.get("path_or_url")


ALL = {str(path.relative_to(ROOT)): read_config(path) for path in sorted((ROOT / "conf").rglob("*.yaml"))}
FROM_THE_HUB = {name: conf for name, conf in ALL.items() if source_of(conf)}


def test_configs_that_need_the_hub_are_those_that_name_an_encoder_of_somebodys():
    assert len(FROM_THE_HUB) >= 9 and not any(name.startswith("conf/mini/") for name in FROM_THE_HUB)


@pytest.mark.parametrize("config", FROM_THE_HUB)
def test_without_a_network_one_sentence_says_what_to_fetch_and_where_to_put_it(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    source = source_of(FROM_THE_HUB[config])
    with pytest.raises(GeoLIDError) as told:
        build_model({**FROM_THE_HUB[config], "lang_num": 107})
    sentence = str(told.value)
    assert f"'hf download {source} --local-dir hub/{source}' and bring that folder here" in sentence
    assert "the Hugging Face Hub cannot be reached" in sentence
    assert "\n" not in sentence and ". " not in sentence


@pytest.mark.parametrize("config", FROM_THE_HUB)
@pytest.mark.parametrize("how", ["brought", "named"])
def test_a_folder_serves_in_place_of_the_hub(config, how, tmp_path, monkeypatch):
    """As the sentence says, under its id where downloads lie; or as another path_or_url."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    conf, source = FROM_THE_HUB[config], source_of(FROM_THE_HUB[config])
    place = tmp_path / ("hub/" + source if how == "brought" else "mine")
    expected = write_encoder(place, source).state_dict()
    if how == "named":
        given = conf["frontend_conf"]
        inner = (
            {"frontend_conf": {**given["frontend_conf"], "path_or_url": "./mine"}} if "frontend_conf" in given else {}
        )
        conf = {**conf, "frontend_conf": {**given, **(inner or {"path_or_url": "./mine"})}}
    model = build_model({**conf, "lang_num": 107}).eval()
    weights = model.frontend.encoder.model.state_dict()
    assert expected.keys() == weights.keys()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in weights.items())
    with torch.no_grad():
        found = model.identify(torch.randn(1, 8000), torch.tensor([8000]))
    assert found.logits.shape == (1, 107) and found.logits.isfinite().all()


def test_of_superbs_speaker_identification_the_encoder_rests_and_all_can_go_to_transformers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    conf = FROM_THE_HUB["conf/baselines/superb_sid.yaml"]
    write_encoder(tmp_path / "hub" / source_of(conf), source_of(conf))
    model = build_model({**conf, "lang_num": 1251})
    learns = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    layers = {f"{part}.{kind}" for part in ("encoder", "loss") for kind in ("weight", "bias")}
    assert learns == {"frontend.layer_weights", *layers}
    assert list(to_transformers.other_parts(model)) == []


def test_a_training_without_a_network_ends_with_that_sentence(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, 8000)
    words = []
    for mode in ("train", "valid"):
        audio = {f"{code}_{mode}": (code, str(tmp_path / f"{mode}.wav")) for code in ("deu", "fra")}
        soundfile.write(tmp_path / f"{mode}.wav", noise, 16000, subtype="PCM_16")
        folder = make_data_dir(tmp_path / mode, audio)
        (folder / "shape").write_text("".join(f"{utt} 8000\n" for utt in audio))
        for file, kind in (("wav.scp", "speech,sound"), ("utt2lang", "lid_labels,text")):
            words += [f"--{mode}_data_path_and_name_and_type", f"{folder}/{file},{kind}"]
        words += [f"--{mode}_shape_file", f"{folder}/shape"]
    config = ROOT / "conf/voxlingua107_only/w2v_bert2_geolid.yaml"
    words += ["--config", str(config), "--lang2utt", f"{tmp_path}/train/lang2utt", "--output_dir", f"{tmp_path}/exp"]
    done = subprocess.run(
        [sys.executable, "-m", "geolid.bin.train", *words],
        cwd=tmp_path, env={**environment(), "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode not in (0, None)
    assert "Traceback" not in done.stderr
    assert "run 'hf download facebook/w2v-bert-2.0 --local-dir hub/facebook/w2v-bert-2.0'" in done.stderr
