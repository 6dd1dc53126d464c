"""Models of every kind open alike, and what is damaged or meant to do harm does not."""

import hashlib
import json
import os
import pickle
import shutil
import stat
import tempfile
import zipfile
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from geolid.errors import GeoLIDError
from geolid.geo.atlas import place_of
from geolid.model.experiment import model_languages
from geolid.model.package import check_sums, open_model
from geolid.model.published import read_weights
from geolid.share.pack import pack
from toy_finished import TEMPERATURE, as_espnet, make_finished, same_tensors, write_calibration, zip_of
from toy_identifier import LANGUAGES, MODEL, NO_PLACES

NAME = "lid_toy_valid.accuracy.best"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """exp/lid_toy, and packed/<NAME> as folder and zip."""
    root = tmp_path_factory.mktemp("made")
    with open_model(make_finished(root)) as files:
        pack(files, root / "packed")
    return root


@pytest.fixture
def packed(made, tmp_path) -> Path:
    """A package of one's own to spoil."""
    return Path(shutil.copytree(made / "packed" / NAME, tmp_path / "packed"))


def refuses(message: str, source: str | Path, **options) -> None:
    with pytest.raises(GeoLIDError, match=message), open_model(source, **options):
        pass


def write_sums(folder: Path) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != "SHA256SUMS")
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}\n" for file in files]
    (folder / "SHA256SUMS").write_text("".join(sums))


@pytest.mark.parametrize("kind", ["folder", "zip", "zip of a folder", "experiment", "weights"])
def test_a_model_opens_alike_whatever_it_comes_as(made, tmp_path, kind):
    exp = made / "exp" / "lid_toy"
    source = {
        "folder": made / "packed" / NAME,
        "zip": made / "packed" / f"{NAME}.zip",
        "zip of a folder": tmp_path / "any.zip",
        "experiment": exp,
        "weights": exp / MODEL,
    }[kind]
    if kind == "zip of a folder":
        shutil.copytree(made / "packed" / NAME, tmp_path / "outer" / "inner")
        zip_of(tmp_path / "outer", source)
    with open_model(str(source)) as files:
        assert (files.name, files.languages, files.temperature) == (NAME, LANGUAGES, TEMPERATURE)
        assert (files.vector_kind, files.sampling_rate) == ("geo", 16000)
        assert files.places == pytest.approx(np.array([place_of(code) for code in LANGUAGES]), abs=1e-4)
        assert list(files.scores()) == ["test_toy"]
        assert files.scores()["test_toy"]["set"] == "test_toy"
        assert files.calibration()["set"] == "dev_toy"
        assert same_tensors(read_weights(files.weights), torch.load(exp / MODEL, weights_only=True))
        is_package = kind not in ("experiment", "weights")
        assert files.kind == ("package" if is_package else "experiment")
        assert (files.manifest() is not None) == (files.training() is not None) == is_package
        assert (files.licences() is not None) == is_package


def test_what_was_unpacked_goes(made, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with open_model(made / "packed" / f"{NAME}.zip") as files:
        assert files.weights.is_relative_to(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(GeoLIDError), open_model(made / "packed" / f"{NAME}.zip", labels="voxlingua107"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_results_of_an_earlier_inference_do_not_count(tmp_path):
    exp = make_finished(tmp_path)
    (exp / "inference/valid.accuracy.best/test_toy/inference.json").write_text('{"model": "another"}')
    with open_model(exp) as files:
        assert files.scores() == {}


def test_a_model_without_calibration_places_or_vectors(tmp_path):
    exp = make_finished(tmp_path, languages=["deu", "fra", "speaker_1", "zxx"], **NO_PLACES)
    (exp / MODEL).with_suffix(".calibration.json").unlink()
    with open_model(exp) as files:
        assert (files.temperature, files.calibration(), files.vector_kind) == (None, None, None)
        assert np.isnan(files.places).all(axis=1).tolist() == [False, False, True, True]


def test_a_file_that_is_not_there_is_none_of_the_model(packed):
    """As in the Hub's cache, where pictures and the card are not fetched."""
    shutil.rmtree(packed / "images")
    (packed / "README.md").unlink()
    with open_model(packed) as files:
        assert files.languages == LANGUAGES
    with pytest.raises(GeoLIDError, match="README.md is missing, which SHA256SUMS lists"):
        check_sums(packed)
    refuses("README.md is missing", zip_of(packed, packed / "../x.zip"))


# What ESPnet packed


def test_what_espnet_packed_opens_when_its_languages_are_named(made, tmp_path):
    folder = as_espnet(made / "exp" / "lid_toy", tmp_path / "published")
    (tmp_path / "lang2utt").write_text("pol a\nita b c\nfra d\ndeu e\n")
    (tmp_path / "labels").write_text("pol\nita\nfra\ndeu\n")
    for source in (folder, zip_of(folder, tmp_path / "published.zip"), folder / "exp" / "lid_published"):
        with open_model(source, labels=tmp_path / "lang2utt") as files:
            assert files.languages == LANGUAGES  # sorted, as the training's classes are
            assert (files.temperature, files.scores()) == (None, {})
        with open_model(source, labels=str(tmp_path / "labels")) as files:
            assert files.languages == LANGUAGES[::-1]  # a label a line is a class a line
        refuses("does not say which languages its 4 classes are.* --labels", source)
        refuses("voxlingua107: has 107 languages, and the model 4 classes", source, labels="voxlingua107")


def test_the_107_of_voxlingua107():
    languages = model_languages({"lang_num": 107}, "config.yaml", "voxlingua107")
    assert languages == sorted(languages)
    assert {"cmn", "heb", "jav", "nor", "nno"} <= set(languages)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no such file of labels, nor such a list; there are .*voxlingua107"),
        (b"deu\nfra\ndeu\nita\n", "'deu' stands there twice"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"deu\nfra\n", "has 2 languages, and the model 4 classes"),
    ],
)
def test_labels_that_cannot_be(made, tmp_path, text, message):
    folder = as_espnet(made / "exp" / "lid_toy", tmp_path / "published")
    if text is not None:
        (tmp_path / "labels").write_bytes(text)
    refuses(message, folder, labels=tmp_path / "labels")


@pytest.mark.parametrize(
    "meta",
    [
        "{",
        "files: []\nyaml_files: []\n",
        "files: {model_file: ../../model.pth}\nyaml_files: {train_config: ../../config.yaml}\n",
        "files: {}\nyaml_files: {train_config: exp/lid_published/config.yaml}\n",
    ],
)
def test_a_meta_yaml_that_names_no_model(made, tmp_path, meta):
    folder = as_espnet(made / "exp" / "lid_toy", tmp_path / "a" / "published")
    for name in ("model.pth", "config.yaml"):
        shutil.copy(folder / "exp/lid_published" / (MODEL if name == "model.pth" else name), tmp_path / name)
    (folder / "meta.yaml").write_text(meta)
    refuses(r"meta.yaml: names \d configs and \d models that are there", folder, labels="voxlingua107")


# What does not open


def test_what_is_no_model(made, tmp_path):
    (tmp_path / "text.zip").write_text("hello")
    (tmp_path / "model.tar.gz").write_bytes(b"\x1f\x8b")
    (tmp_path / "empty").mkdir()
    whole = (made / "packed" / f"{NAME}.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    for source, message in (
        (tmp_path / "nowhere", "nowhere: there is no such model; expected a packed model"),
        (tmp_path / "text.zip", "text.zip: is no zip, or cut short"),
        (tmp_path / "half.zip", "half.zip: is no zip, or cut short"),
        (tmp_path / "model.tar.gz", "unpack it"),
        (tmp_path / "empty", "empty: holds no model; expected"),
        (made / "exp", r"exp: holds no model; there is one in .*exp/lid_toy; expected"),
        (made / "packed" / NAME / "model.safetensors", "the weights of a model alone; name the folder"),
    ):
        refuses(message, source)


def test_a_zip_that_is_damaged_in_the_middle_is_told(made, tmp_path):
    whole = bytearray((made / "packed" / f"{NAME}.zip").read_bytes())
    whole[len(whole) // 2] ^= 1
    (tmp_path / "bad.zip").write_bytes(whole)
    with (
        pytest.raises(GeoLIDError, match=r"bad.zip: cannot be unpacked \(Bad CRC-32"),
        open_model(tmp_path / "bad.zip"),
    ):
        pass


def test_a_changed_file_is_told_by_its_sum(packed):
    weights = bytearray((packed / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (packed / "model.safetensors").write_bytes(weights)
    refuses(r"packed/model.safetensors: is not what was packed \(its SHA-256 begins", packed)
    refuses(r"x.zip/model.safetensors: is not what was packed", zip_of(packed, packed / "../x.zip"))


@pytest.mark.parametrize(
    "name",
    ["../evil", "/tmp/evil", "a/../../evil", "..\\evil", "C:\\evil", "a//b", "./evil", "a/./evil", "..", "evil/.."],
)
def test_an_archive_with_a_path_that_climbs_out_is_refused_as_a_whole(packed, tmp_path, name, monkeypatch):
    inside = tmp_path / "inside" / "deeper"
    inside.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(inside))
    archive = zip_of(packed, tmp_path / "x.zip", **{name: b"evil"})
    before = sorted(tmp_path.rglob("*"))
    refuses("a name that may lead out of the folder; it may be meant to do harm", archive)
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/evil").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_an_archive_with_other_than_regular_files_is_refused(packed, tmp_path, kind):
    archive = zip_of(packed, tmp_path / "x.zip")
    info = zipfile.ZipInfo("odd")
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(archive, "a") as out:
        out.writestr(info, "/etc/passwd")
    refuses("holds 'odd', which is no regular file", archive)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_whose_names_are_in_each_others_way_is_refused(packed, tmp_path):
    for name, message in (
        ("config.yaml", "holds 'config.yaml' twice"),
        ("config.yaml/x", "below what is itself a file"),
    ):
        refuses(message, zip_of(packed, tmp_path / "x.zip", **{name: b""}))


def test_an_archive_that_needs_more_room_than_there_is(made, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1, 1, 0))
    refuses("GB to unpack, .* set TMPDIR to a larger place", made / "packed" / f"{NAME}.zip")


class Evil:
    """Makes a folder as soon as it is read carelessly."""

    def __reduce__(self):
        return os.mkdir, (f"{tempfile.gettempdir()}/evil_{os.getpid()}",)


@pytest.mark.parametrize("by", ["name", "content"])
def test_a_pickle_in_a_package_is_refused_unless_it_is_allowed(made, packed, by):
    pickled = packed / ("model.pth" if by == "name" else "model.safetensors")
    (packed / "model.safetensors").unlink()
    shutil.copy(made / "exp" / "lid_toy" / MODEL, pickled)
    write_sums(packed)
    refuses(r"pickle, .* --allow_pickle \(allow_pickle=True\) reads it", packed)
    with open_model(packed, allow_pickle=True) as files:
        assert same_tensors(
            read_weights(files.weights), torch.load(made / "exp" / "lid_toy" / MODEL, weights_only=True)
        )


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("save", [pickle.dump, torch.save], ids=["pickle", "torch"])
def test_an_allowed_pickle_lets_in_nothing_but_tensors(packed, save):
    with (packed / "model.safetensors").open("wb") as out:
        save({"weights": Evil()}, out)
    write_sums(packed)
    refuses("is a pickle", packed)
    not_let_in = pytest.raises(GeoLIDError, match="holds more than tensors, which is not let in")
    with open_model(packed, allow_pickle=True) as files, not_let_in:
        read_weights(files.weights)
    assert not Path(f"{tempfile.gettempdir()}/evil_{os.getpid()}").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("geolid.json", '{"format": 2, "geolid": "9.0"}', r"is of format 2, and this version reads 1; .*\(9.0\)"),
        ("geolid.json", "[", "geolid.json: expected an object in JSON"),
        ("model.safetensors", None, "has no model.safetensors"),
        ("model.safetensors", "any text", "damaged, or no safetensors"),
        ("config.yaml", None, "config.yaml or its sum in SHA256SUMS is missing"),
        ("config.yaml", "a: 1", "expected the config of a language identifier"),
        ("languages.tsv", "deu\nfra\n", "languages.tsv: expected a line for each class, from 0"),
        (
            "languages.tsv",
            "class\tcode\tname\tlatitude\tlongitude\n0\tdeu\tGerman\t1\t2\n",
            "1 languages, .* 4 classes",
        ),
        ("languages.tsv", "class\tcode\tname\tlatitude\tlongitude\n1\tdeu\tGerman\t1\t2\n", "from 0"),
        ("calibration.json", '{"temperature": 0}', "holds no temperature above 0"),
        ("calibration.json", '{"temperature": "hot"}', "holds no temperature above 0"),
    ],
)
def test_a_package_that_is_not_as_it_should_be(packed, name, content, message):
    """Its sums fit, so that it was made so."""
    (packed / name).unlink()
    if content is not None:
        (packed / name).write_text(content)
    write_sums(packed)
    refuses(message, packed)


def test_sums_that_are_missing_or_name_files_elsewhere(packed):
    sums = (packed / "SHA256SUMS").read_text()
    for text, message in (
        (None, "SHA256SUMS is missing"),
        (sums + f"{'0' * 64}  ../../secret\n", "found '0000.*secret', expected '<sha256>  <file>'"),
        (sums + "hello\n", "found 'hello', expected '<sha256>  <file>'"),
        ("".join(line for line in sums.splitlines(True) if "model." not in line), "model.safetensors or its sum"),
    ):
        (packed / "SHA256SUMS").unlink(missing_ok=True)
        if text is not None:
            (packed / "SHA256SUMS").write_text(text)
        refuses(message, packed)


def test_a_package_tells_its_languages_itself(made):
    refuses("tells its languages itself", made / "packed" / NAME, labels="voxlingua107")


def test_weights_cut_short_are_told_when_they_are_read(tmp_path, packed):
    (tmp_path / "cut.safetensors").write_bytes((packed / "model.safetensors").read_bytes()[:-10])
    with pytest.raises(GeoLIDError, match="cut.safetensors: cannot be read as weights"):
        read_weights(tmp_path / "cut.safetensors")


def test_an_experiment_with_a_wrong_calibration(tmp_path):
    exp = make_finished(tmp_path)
    write_calibration(exp, temperature=-1)
    refuses("holds no temperature above 0; remove it and run stage 6", exp)


def test_places_of_a_vector_file_win(tmp_path):
    (tmp_path / "places").write_text("deu 10 20\nfra none\n")
    exp = make_finished(tmp_path, preprocessor_conf={"lang2vec_file": str(tmp_path / "places")})
    with open_model(exp) as files:
        assert files.places[0] == pytest.approx([10, 20], abs=1e-3)
        assert np.isnan(files.places[1]).all()
        assert json.dumps(yaml.safe_load((exp / "config.yaml").read_text())) == json.dumps(files.config)
