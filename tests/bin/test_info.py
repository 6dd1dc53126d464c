"""The command `geolid info`."""

import hashlib
import json
import re

import pytest
import yaml

from geolid.bin import info
from geolid.errors import GeoLIDError
from geolid.model.package import open_model
from geolid.share.pack import pack
from toy_identifier import MODEL, NO_PLACES, make_experiment


def told(capsys, *words: object) -> str:
    info.main([str(word) for word in words])
    return capsys.readouterr().out


def test_a_model_is_told_of(tmp_path, capsys):
    exp = make_experiment(tmp_path / "lid_toy")
    (exp / "valid.accuracy.best.calibration.json").write_text(json.dumps({"temperature": 1.5, "set": "dev_toy"}))
    scored = exp / "inference/valid.accuracy.best/test_toy"
    scored.mkdir(parents=True)
    common = {"accuracy": 0.8125, "macro_accuracy": 0.75, "accuracy_interval": [0.7, 0.9], "utterances": 16}
    (scored / "inference.json").write_text("{}")
    inference = hashlib.sha256(b"{}").hexdigest()
    results = {"common": {**common, "languages": 3}, "unknown_languages": ["spa"], "inference": inference}
    (scored / "results.json").write_text(json.dumps(results))
    text = told(capsys, exp)
    assert text.startswith(f"lid_toy_valid.accuracy.best: an experiment's model, {exp}\n")
    for words in (
        "16000 Hz",
        "log_mel, ecapa_tdnn",
        "predicts where a language is spoken",
        "calibrated on dev_toy, temperature 1.500",
        f"{MODEL}, ",
        "4 languages   deu German, fra French, ita Italian, pol Polish",
    ):
        assert words in text
    assert text.splitlines()[-1].split() == (
        ["test_toy", "16", "3", "81.2", "[70.0,", "90.0]", "75.0"]
        + ["and", "1", "languages", "that", "it", "does", "not", "know"]
    )


def test_what_a_model_does_not_have_is_told(tmp_path, capsys, monkeypatch):
    exp = make_experiment(tmp_path / "lid_toy", **NO_PLACES)
    monkeypatch.setenv("GEOLID_MODEL", str(exp))
    text = told(capsys)
    assert "not calibrated" in text and "It comes without scores." in text and "places        none" in text


def test_the_licence_of_what_a_model_builds_on_is_told_loudly(tmp_path, capsys):
    exp = make_experiment(tmp_path / "lid_toy")
    assert "licence       apache-2.0, if it is packed" in told(capsys, exp)
    conf = yaml.safe_load((exp / "config.yaml").read_text())
    conf["initial_weights"] = ["elsewhere/theirs.pth"]
    (exp / "config.yaml").write_text(yaml.safe_dump(conf))
    assert "*** LICENCE TO BE LOOKED UP: this model builds on theirs.pth" in told(capsys, exp)
    conf["frontend_conf"] = {**conf["frontend_conf"], "path_or_url": "facebook/mms-1b"}
    (exp / "config.yaml").write_text(yaml.safe_dump(conf))
    assert "*** NOT FOR COMMERCIAL USE: this model is under CC-BY-NC-4.0" in told(capsys, exp)


def test_a_packed_model_tells_how_it_was_trained(tmp_path, capsys):
    exp = make_experiment(tmp_path / "lid_toy", data_sets=["mini"])
    (tmp_path / "train").mkdir()
    (tmp_path / "train/utt2lang").write_text("a deu\nb fra\n")
    (tmp_path / "speech_shape").write_text("a 16000\nb 14400000\n")
    conf = yaml.safe_load((exp / "config.yaml").read_text())
    conf["train_data_path_and_name_and_type"] = [[str(tmp_path / "train/utt2lang"), "lid_labels", "text"]]
    conf["train_shape_file"] = [str(tmp_path / "speech_shape")]
    (exp / "config.yaml").write_text(yaml.safe_dump(conf))
    with open_model(exp) as files:
        packed = pack(files, tmp_path / "packed", "toy")
    (tmp_path / "train/utt2lang").unlink()
    for source in (packed.folder, packed.archive):
        text = told(capsys, source)
        assert text.startswith(f"toy: a packed model, {source}\n")
        assert "trained on    train of mini: 2 utterances, 0.25 h" in text
        assert re.search(r"weights       model.safetensors, 0\.\d MB, 0\.\d million parameters\n", text)
        assert "licence       apache-2.0\n" in text


def test_what_is_no_model_is_told(tmp_path):
    with pytest.raises(GeoLIDError, match="none: there is no such model"):
        info.main(["none"])
    with pytest.raises(GeoLIDError, match="holds no model"):
        info.main([str(tmp_path)])
