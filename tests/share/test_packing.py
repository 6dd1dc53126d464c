"""Stage 9's packages: what is in them, that they are whole, and the same each time."""

import json
import re
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from huggingface_hub import ModelCard
from safetensors.torch import load_file

from conftest import ROOT
from geolid.bin import pack as command
from geolid.errors import GeoLIDError
from geolid.geo.atlas import place_of
from geolid.geo.vectors import vectors
from geolid.model.build import build_model, build_trained, encoder_config
from geolid.model.package import open_model
from geolid.share import pack as share
from geolid.share.licences import choose_licence, licences_text
from geolid.share.pack import pack
from toy_finished import PNG, TEMPERATURE, as_espnet, make_finished, same_tensors
from toy_identifier import LANGUAGES, MODEL, NO_PLACES

NAME = "lid_toy_valid.accuracy.best"
ENCODER = {
    "model_type": "wav2vec2-bert",
    "stride": 4,
    "feature_projection_input_dim": 320,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "left_max_position_embeddings": 4,
}


@pytest.fixture(scope="module")
def exp(tmp_path_factory) -> Path:
    return make_finished(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def packed(exp) -> Path:
    return pack_into(exp, exp / "packed")


def pack_into(source: Path, folder: Path, inference_model: str = MODEL, labels: object = None, **options) -> Path:
    with open_model(source, inference_model, labels) as files:
        return pack(files, folder, **options).folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def read_json(file: Path) -> dict:
    return json.loads(file.read_text(encoding="utf-8"))


def test_all_that_belongs_to_a_model_is_there(packed):
    assert packed.name == NAME
    assert sorted(contents(packed)) == [
        "LICENSES.md",
        "README.md",
        "SHA256SUMS",
        "calibration.json",
        "config.yaml",
        "geolid.json",
        "images/confusion.png",
        "images/curves.png",
        "images/map.png",
        "language_vectors.tsv",
        "languages.tsv",
        "model.safetensors",
        "scores/test_toy.json",
        "training.json",
    ]
    assert (packed / "images/map.png").read_bytes() == PNG
    assert len({(packed / name).stat().st_mode for name in contents(packed)}) == 1
    manifest = read_json(packed / "geolid.json")
    assert (manifest["format"], manifest["name"], manifest["model"]) == (1, NAME, MODEL)
    assert (manifest["vector_kind"], manifest["sampling_rate"], manifest["languages"]) == ("geo", 16000, 4)


def test_packing_twice_gives_the_same_bytes_and_the_zip_holds_the_folder(exp, packed, tmp_path):
    again = pack_into(exp, tmp_path / "again")
    assert contents(again) == contents(packed)
    archive = again.with_name(f"{NAME}.zip")
    assert archive.read_bytes() == packed.with_name(f"{NAME}.zip").read_bytes()
    with zipfile.ZipFile(archive) as file:
        assert file.namelist() == sorted(contents(packed))
        assert {name: file.read(name) for name in file.namelist()} == contents(packed)
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
    assert sorted(entry.name for entry in again.parent.iterdir()) == [NAME, f"{NAME}.zip"]


def test_sha256sum_finds_every_file_as_it_was(packed):
    checked = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=packed, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert sorted(checked) == sorted(f"{name}: OK" for name in contents(packed) if name != "SHA256SUMS")


def test_the_packed_model_is_the_one_that_was_trained(exp, packed):
    trained = torch.load(exp / MODEL, weights_only=True)
    assert same_tensors(load_file(packed / "model.safetensors"), trained)
    with open_model(packed) as files:
        model = build_trained(files.config, files.weights)
    assert same_tensors(model.state_dict(), trained)


def test_nothing_tells_where_it_was_trained(exp, packed):
    places = [str(exp.parent.parent), str(ROOT)]
    for name, content in contents(packed).items():
        for place in places:
            assert place.encode() not in content, name


def test_the_config_holds_what_builds_the_model_and_no_more(packed):
    conf = yaml.safe_load((packed / "config.yaml").read_text())
    assert conf["languages"] == LANGUAGES
    assert conf["encoder_conf"] == {"model_scale": 4, "ndim": 16, "output_size": 24}
    for key in ("output_dir", "optim_conf", "seed", "train_shape_file", "data_sets"):
        assert key not in conf
    assert conf["preprocessor_conf"] == {}


def test_languages_have_names_places_and_vectors(packed):
    rows = [line.split("\t") for line in (packed / "languages.tsv").read_text().splitlines()]
    assert rows[0] == ["class", "code", "name", "latitude", "longitude"]
    assert [row[:3] for row in rows[1:3]] == [["0", "deu", "German"], ["1", "fra", "French"]]
    assert [float(degree) for degree in rows[1][3:]] == pytest.approx(place_of("deu"), abs=1e-4)
    # as a vector file it is what it was made from
    assert np.array_equal(vectors(LANGUAGES, "geo", packed / "language_vectors.tsv"), vectors(LANGUAGES, "geo"))


def test_a_language_of_nowhere_and_a_label_that_is_none(tmp_path):
    (tmp_path / "places").write_text("zbl none\nabc 1 2\n")
    languages = ["abc", "deu", "fra", "zbl"]
    exp = make_finished(tmp_path, languages=languages, preprocessor_conf={"lang2vec_file": str(tmp_path / "places")})
    folder = pack_into(exp, tmp_path)
    assert (folder / "language_vectors.tsv").read_text().splitlines()[3] == "zbl\tnone"
    assert (folder / "languages.tsv").read_text().splitlines()[4].split("\t")[3:] == ["", ""]
    with open_model(folder) as files:
        assert files.places[0] == pytest.approx([1, 2], abs=1e-2)
        assert np.isnan(files.places[3]).all()


def test_vectors_that_are_not_to_be_had_any_more_are_left_out(tmp_path, caplog):
    gone = str(tmp_path / "gone")
    exp = make_finished(tmp_path, languages=["deu", "fra", "ita", "qqq"], preprocessor_conf={"lang2vec_file": gone})
    assert not (pack_into(exp, tmp_path) / "language_vectors.tsv").exists()
    assert "language_vectors.tsv is left out: there is no geo vector for 1 of the languages" in caplog.text


def test_what_it_was_trained_on(packed):
    record = read_json(packed / "training.json")
    assert (record["seed"], record["corpora"]) == (7, ["fleurs", "mine"])
    train = record["sets"]["train"]
    assert (train["name"], train["utterances"], train["hours"]) == ("train_toy", 9, 9.0)
    assert train["languages"]["ita"] == {"utterances": 3, "hours": 3.0}
    assert record["sets"]["valid"] == {"name": "dev_toy", "utterances": None, "hours": None, "languages": None}
    assert record["options"]["optim_conf"] == {"lr": 0.1}
    assert record["options"]["preprocessor_conf"]["noise_info"] == [[0.5, "noises.scp", [1, 1], [0, 20]]]
    assert record["trained_with"] == {"geolid": "0.1.0", "git_revision": None, "torch": "2.12.1"}


def test_a_link_tells_the_epoch_that_it_means(exp, tmp_path):
    (exp / "3epoch.pth").write_bytes((exp / MODEL).read_bytes())
    (exp / "valid.loss.best.pth").symlink_to("3epoch.pth")
    record = read_json(pack_into(exp, tmp_path, "valid.loss.best.pth") / "training.json")
    assert (record["model"], record["made_in"]) == ("valid.loss.best.pth", "3epoch.pth")


def test_a_model_without_scores_calibration_pictures_or_record(tmp_path):
    """As one that ESPnet packed."""
    exp = make_finished(tmp_path, **NO_PLACES)
    (tmp_path / "labels").write_text("\n".join(LANGUAGES))
    folder = as_espnet(exp, tmp_path / "published")
    packed = pack_into(folder, tmp_path / "packed", labels=tmp_path / "labels")
    assert packed.name == "published"
    assert sorted(contents(packed)) == [
        *("LICENSES.md", "README.md", "SHA256SUMS", "config.yaml", "geolid.json"),
        *("languages.tsv", "model.safetensors", "training.json"),
    ]
    assert "before it was scored" in (packed / "README.md").read_text()
    with open_model(packed) as files:
        assert (files.languages, files.temperature, files.vector_kind) == (LANGUAGES, None, None)


# The card


def test_the_card_is_what_the_hub_takes(packed):
    card = ModelCard.load(packed / "README.md")
    data = card.data
    assert data.language == ["de", "fr", "it", "pl"]
    assert (data.license, data.library_name, data.pipeline_tag) == ("apache-2.0", "geolid", "audio-classification")
    assert (data.model_name, data.datasets) == (NAME, ["google/fleurs"])
    assert "geolocation" in data.tags
    scores = read_json(packed / "scores/test_toy.json")
    by_name = {result.metric_name: result for result in data.eval_results}
    assert by_name["Accuracy (%)"].metric_value == pytest.approx(100 * scores["common"]["accuracy"], abs=0.006)
    assert by_name["Accuracy (%)"].dataset_name == "test_toy"
    for name in re.findall(r"\]\(([^)#]+)\)", card.text):
        if not name.startswith("http"):
            assert (packed / name).is_file(), name
    row = next(line for line in card.text.splitlines() if line.startswith("| test_toy |"))
    assert f"{100 * scores['common']['macro_accuracy']:.2f}" in row


def test_codes_without_two_letters_keep_three_and_norwegian_stays_a_word(tmp_path):
    exp = make_finished(tmp_path, languages=["ceb", "nor", "speaker", "war"], **NO_PLACES)
    data = ModelCard.load(pack_into(exp, tmp_path) / "README.md").data
    assert data.language == ["ceb", "no", "war"]
    assert "geolocation" not in data.tags


def test_a_model_of_synthesised_speech_says_so(tmp_path):
    card = (pack_into(make_finished(tmp_path, data_sets=["mini"]), tmp_path) / "README.md").read_text()
    assert "synthesised speech alone" in card


# Licences


def of_encoder(root: Path, source: str) -> Path:
    """An experiment whose encoder was once loaded from somewhere."""
    conf = {"frontend": "ssl", "frontend_conf": {"config": ENCODER}}
    exp = make_finished(root, **conf)
    file = exp / "config.yaml"
    conf = yaml.safe_load(file.read_text())
    conf["encoder_config"] = encoder_config(build_model(conf))
    conf["frontend_conf"] = {"path_or_url": source, "download_dir": str(root / "hub")}
    file.write_text(yaml.safe_dump(conf))
    return exp


@pytest.mark.parametrize("is_folder", [False, True])
def test_mms_is_not_for_commercial_use_and_that_is_said_loudly(tmp_path, capsys, is_folder):
    (tmp_path / "mms-1b").mkdir()
    exp = of_encoder(tmp_path, str(tmp_path / "mms-1b") if is_folder else "facebook/mms-1b")
    command.main([str(exp), str(tmp_path / "packed")])
    loud = "NOT FOR COMMERCIAL USE: this model is under CC-BY-NC-4.0, as it builds on facebook/mms-1b"
    assert f"*** {loud} ***" in capsys.readouterr().out
    folder = tmp_path / "packed" / NAME
    for name in ("README.md", "LICENSES.md"):
        assert f"**{loud}.**" in (folder / name).read_text()
    data = ModelCard.load(folder / "README.md").data
    assert (data.license, data.base_model) == ("cc-by-nc-4.0", ["facebook/mms-1b"])
    assert read_json(folder / "geolid.json")["licence"] == "cc-by-nc-4.0"
    assert str(tmp_path) not in (folder / "config.yaml").read_text()
    with open_model(folder) as files:  # without the Hub, and without the folder
        build_trained(files.config, files.weights)


def test_a_licence_has_to_be_allowed_by_what_the_model_builds_on(tmp_path):
    exp = of_encoder(tmp_path, "facebook/mms-1b")
    with pytest.raises(
        GeoLIDError, match="'mit' lets people use the model commercially, and facebook/mms-1b, .*-NC-4.0"
    ):
        pack_into(exp, tmp_path / "packed", licence="mit")
    assert not list((tmp_path / "packed").glob("*"))
    with pytest.raises(GeoLIDError, match="found 'My Own', expected a word as the Hub has it"):
        pack_into(exp, tmp_path / "packed", licence="My Own")
    folder = pack_into(exp, tmp_path / "packed", licence="cc-by-nc-sa-4.0")
    assert ModelCard.load(folder / "README.md").data.license == "cc-by-nc-sa-4.0"


@pytest.mark.parametrize(
    ("source", "licence", "base"),
    [
        ("facebook/wav2vec2-xls-r-300m", "apache-2.0", ["facebook/wav2vec2-xls-r-300m"]),
        ("facebook/w2v-bert-2.0", "apache-2.0", ["facebook/w2v-bert-2.0"]),
        ("somebody/encoder", "other", ["somebody/encoder"]),
        ("/models/own", "other", None),
    ],
)
def test_the_licence_follows_the_encoder(source, licence, base):
    chosen = choose_licence({"frontend_conf": {"path_or_url": source}})
    assert chosen.name == licence
    assert [each.name for each in chosen.bases if each.is_on_hub] == (base or [])
    assert (chosen.warning is None) == (licence != "other")
    text = licences_text("a", chosen, ["mini", "mine"])
    assert "espeak-ng" in text
    assert "| mine | see where it came from |" in text


def test_weights_that_training_began_with_are_named():
    chosen = choose_licence({"initial_weights": ["/models/lid/best.pth:::loss"]})
    assert (chosen.name, [base.name for base in chosen.bases]) == ("other", ["best.pth"])
    assert "LICENCE TO BE LOOKED UP: this model builds on best.pth" in chosen.warning


# What cannot be packed, and packing that was cut short


def test_what_cannot_be_packed_is_told(exp, packed, tmp_path):
    with open_model(packed) as files, pytest.raises(GeoLIDError, match="is packed already"):
        pack(files, tmp_path)
    for name in ("../up", "a/b", ".hidden", "a b"):
        with pytest.raises(GeoLIDError, match="expected letters, digits"):
            pack_into(exp, tmp_path, name=name)
    stats = make_finished(tmp_path / "other")
    conf = yaml.safe_load((stats / "config.yaml").read_text())
    with pytest.raises(GeoLIDError, match="a packed model has no such file"):
        share.config_to_build({**conf, "normalize_conf": {"stats_file": "stats.npz"}}, None, LANGUAGES)
    assert list(tmp_path.iterdir()) == [tmp_path / "other"]


@pytest.mark.parametrize("step", ["_write_weights", "write_card", "write_zip"])
def test_packing_that_fails_leaves_what_is_whole(exp, tmp_path, monkeypatch, step):
    before = contents(pack_into(exp, tmp_path, name="toy"))

    def fail(*_):
        raise OSError("no space")

    with monkeypatch.context() as broken, pytest.raises(OSError, match="no space"):
        broken.setattr(share, step, fail)
        pack_into(exp, tmp_path, name="toy")
    left = sorted(entry.name for entry in tmp_path.iterdir())
    assert left == (["toy"] if step == "write_zip" else ["toy", "toy.zip"])
    assert contents(tmp_path / "toy") == before
    (tmp_path / ".toy.tmp").mkdir()  # of a run that was killed
    (tmp_path / ".toy.tmp" / "old").touch()
    assert contents(pack_into(exp, tmp_path, name="toy")) == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["toy", "toy.zip"]


def test_the_example_of_reading_it_without_this_project_works(packed, monkeypatch):
    """docs/packaging.md."""
    text = (ROOT / "docs" / "packaging.md").read_text()
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    assert "geolid" not in re.sub(r'"geolid.json"', "", example)
    monkeypatch.chdir(packed)
    names: dict = {}
    exec(example, names)
    with open_model(packed) as files:
        model = build_trained(files.config, files.weights).eval()
    embedding = torch.nn.functional.normalize(torch.randn(1, 12, generator=torch.Generator().manual_seed(2)))
    wanted = (model.loss.logits(embedding) / TEMPERATURE).softmax(dim=1)[0]
    found = names["probabilities"](embedding[0].numpy())
    assert list(found) == LANGUAGES
    assert list(found.values()) == pytest.approx(wanted.tolist(), abs=1e-6)
