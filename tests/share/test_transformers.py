"""Models that go to transformers, and such as come from there: the same answers on either side."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from toy_stock import FREE, make_conf, make_exportable, noises, pipe, scores, write_stock
from transformers import AutoModelForAudioClassification, Wav2Vec2Config, Wav2Vec2ForCTC

from geolid.bin import from_transformers, to_transformers
from geolid.errors import GeoLIDError
from geolid.identify.identifier import LanguageIdentifier
from geolid.model.build import load_model
from geolid.model.package import open_model
from geolid.share import to_transformers as share
from geolid.share.pack import pack
from geolid.share.stock_classifier import TOLERANCE
from toy_identifier import LANGUAGES, MODEL, make_experiment

RATE = 16000


def ours(model: Path, waves: list) -> np.ndarray:
    identifier = LanguageIdentifier.from_pretrained(model, device="cpu")
    return np.array([identifier.identify((wave.numpy(), RATE)).probabilities for wave in waves])


def theirs(folder: Path, waves: list, labels: list[str] = LANGUAGES, **batches) -> np.ndarray:
    answers = pipe(folder)([wave.numpy() for wave in waves], top_k=None, **batches)
    return np.array([scores(answer, labels) for answer in answers])


def the_same(found: np.ndarray, expected: np.ndarray) -> None:
    assert len(set(expected.argmax(1))) > 1, "all noises are one class; nothing is shown"
    assert found == pytest.approx(expected, abs=TOLERANCE)
    assert (found.argmax(1) == expected.argmax(1)).all()


@pytest.mark.parametrize(
    ("kind", "options", "temperature"),
    [
        ("group", {}, 2.5),
        ("group", {"do_normalize": False}, None),
        ("group", {"multilayer_feature": False}, None),
        ("group", {"multilayer_feature": False, "layer": 2}, 0.5),
        ("stable", {"multilayer_feature": False}, None),
        ("stable", {"multilayer_feature": False, "do_normalize": False}, 3.0),
    ],
)
def test_transformers_answers_as_we_do(tmp_path, kind, options, temperature):
    exp = make_exportable(tmp_path / "exp", temperature, **make_conf(kind, **options))
    to_transformers.main([str(exp), str(tmp_path / "stock")])
    waves = noises()
    the_same(theirs(tmp_path / "stock", waves), ours(exp, waves))


def test_masks_keep_neighbours_apart(tmp_path):
    """An encoder of group norms is not made for batches, as transformers' norms see padding."""
    exp = make_exportable(tmp_path / "exp", **make_conf("stable", multilayer_feature=False))
    to_transformers.main([str(exp), str(tmp_path / "stock")])
    waves = noises()
    the_same(theirs(tmp_path / "stock", waves, batch_size=4), ours(exp, waves))


def test_a_packed_model_of_speakers_goes_there_with_its_licence(tmp_path, capsys):
    exp = make_exportable(tmp_path / "exp", languages=FREE, label_kind="free")
    conf = yaml.safe_load((exp / "config.yaml").read_text())
    conf["encoder_config"] = conf["frontend_conf"].pop("config")
    conf["frontend_conf"]["path_or_url"] = "facebook/mms-300m"
    (exp / "config.yaml").write_text(yaml.safe_dump(conf))
    with open_model(exp) as files:
        packed = pack(files, tmp_path / "packed", "speakers").folder
    to_transformers.main([str(packed), str(tmp_path / "stock")])
    assert "NOT FOR COMMERCIAL USE" in capsys.readouterr().out
    the_same(theirs(tmp_path / "stock", noises(), FREE), ours(exp, noises()))
    card = (tmp_path / "stock/README.md").read_text()
    assert yaml.safe_load(card.split("---\n")[1]) == {
        "license": "cc-by-nc-4.0",
        "library_name": "transformers",
        "pipeline_tag": "audio-classification",
    }
    assert "facebook/mms-300m" in (tmp_path / "stock/LICENSES.md").read_text()


def test_the_folder_holds_plain_files_and_no_code(tmp_path):
    to_transformers.main([str(make_exportable(tmp_path / "exp")), str(tmp_path / "stock")])
    files = sorted(file.name for file in (tmp_path / "stock").iterdir())
    assert files == ["LICENSES.md", "README.md", "config.json", "model.safetensors", "preprocessor_config.json"]
    assert len({file.stat().st_mode for file in (tmp_path / "stock").iterdir()}) == 1
    conf = json.loads((tmp_path / "stock/config.json").read_text())
    assert conf["architectures"] == ["Wav2Vec2ForSequenceClassification"]
    assert "auto_map" not in conf
    assert conf["id2label"] == {str(at): label for at, label in enumerate(LANGUAGES)}
    assert conf["label2id"] == {label: at for at, label in enumerate(LANGUAGES)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exp", "stock"]


@pytest.mark.parametrize("summed", [True, False])
def test_there_and_back_is_the_same_model(tmp_path, summed):
    exp = make_exportable(tmp_path / "exp", **make_conf(multilayer_feature=summed))
    to_transformers.main([str(exp), str(tmp_path / "stock")])
    from_transformers.main([str(tmp_path / "stock"), str(tmp_path / "back")])
    there, _ = load_model(exp / "config.yaml", exp / MODEL)
    back, conf = load_model(tmp_path / "back/config.yaml", tmp_path / "back" / MODEL)
    assert conf["languages"] == LANGUAGES
    assert "label_kind" not in conf
    before, after = there.state_dict(), back.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("group", {"use_weighted_layer_sum": True}),
        ("group", {"do_normalize": False}),
        ("stable", {}),
        ("group", {"hidden_act": "relu", "feat_extract_activation": "relu", "layer_norm_eps": 1e-3}),
    ],
)
def test_what_transformers_wrote_answers_here_as_there(tmp_path, capsys, kind, changes):
    stock = write_stock(tmp_path / "stock", kind, **changes)
    from_transformers.main([str(stock), str(tmp_path / "exp")])
    assert "exp: 4 labels that are no languages; probabilities differ by" in capsys.readouterr().out
    waves = noises()
    expected = theirs(stock, waves, FREE)
    the_same(ours(tmp_path / "exp", waves), expected)
    assert LanguageIdentifier.from_pretrained(tmp_path / "exp").languages == FREE
    with open_model(tmp_path / "exp") as files:
        packed = pack(files, tmp_path / "packed", "taken-over")
    assert packed.licence.name == "other"
    assert "stock" in packed.licence.warning
    the_same(ours(packed.archive, waves), expected)


def test_classes_are_called_by_their_numbers_in_whatever_order_they_stand(tmp_path):
    """As json sorts them, "10" stands before "2"."""
    labels = [f"speaker{number}" for number in range(12)]
    stock = write_stock(tmp_path / "stock", labels=labels)
    conf = json.loads((stock / "config.json").read_text())
    (stock / "config.json").write_text(json.dumps(conf, sort_keys=True))
    from_transformers.main([str(stock), str(tmp_path / "exp")])
    assert LanguageIdentifier.from_pretrained(tmp_path / "exp").languages == labels
    waves = noises()
    the_same(ours(tmp_path / "exp", waves), theirs(stock, waves, labels))


def test_weights_as_they_were_kept_of_old_come_in(tmp_path):
    """A pickle of tensors, where weight norm goes by its old names."""
    stock = write_stock(tmp_path / "stock")
    waves = noises()
    expected = theirs(stock, waves, FREE)
    state = AutoModelForAudioClassification.from_pretrained(stock).state_dict()
    names = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    old = {}
    for name, tensor in state.items():
        for new, was in names.items():
            name = name.replace(new, was)
        old[name] = tensor
    assert old.keys() != state.keys()
    torch.save(old, stock / "pytorch_model.bin")
    (stock / "model.safetensors").unlink()
    from_transformers.main([str(stock), str(tmp_path / "exp")])
    the_same(ours(tmp_path / "exp", waves), expected)


def test_a_sum_that_transformers_made_before_version_5_is_taken_as_it_was(tmp_path, capsys):
    """The last state was then the one behind the final norm."""
    stock = write_stock(tmp_path / "stock", "stable", use_weighted_layer_sum=True)
    config = json.loads((stock / "config.json").read_text())
    with pytest.raises(GeoLIDError, match="sums up states the last of which comes from before .* final norm"):
        from_transformers.main([str(stock), str(tmp_path / "exp")])
    (stock / "config.json").write_text(json.dumps({**config, "transformers_version": "4.51.3"}))
    from_transformers.main([str(stock), str(tmp_path / "exp")])
    assert "as transformers did before version 5" in capsys.readouterr().out

    model = AutoModelForAudioClassification.from_pretrained(stock).eval()
    expected = []
    for wave in noises():
        standard = (wave - wave.mean()) / (wave.var(correction=0) + 1e-7).sqrt()
        with torch.no_grad():
            found = model.wav2vec2(standard[None], output_hidden_states=True)
            states = torch.stack([*found.hidden_states[:-1], found.last_hidden_state])
            mixed = (states * model.layer_weights.softmax(0).view(-1, 1, 1, 1)).sum(0)
            expected.append(model.classifier(model.projector(mixed).mean(1))[0].softmax(0).numpy())
    the_same(ours(tmp_path / "exp", noises()), np.array(expected))


def test_labels_are_named_by_a_file(tmp_path):
    stock = write_stock(tmp_path / "stock", labels=["High German", "French", "it", "pl"])
    with pytest.raises(GeoLIDError, match="id2label has 'High German', which is not one word; .* by --labels"):
        from_transformers.main([str(stock), str(tmp_path / "exp")])
    (tmp_path / "labels").write_text("\n".join(LANGUAGES) + "\n")
    from_transformers.main([str(stock), str(tmp_path / "exp"), "--labels", str(tmp_path / "labels")])
    identifier = LanguageIdentifier.from_pretrained(tmp_path / "exp")
    assert identifier.languages == LANGUAGES
    assert identifier.names["deu"] == "German"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frontend": "log_mel", "frontend_conf": {}}, r"its front end is no wav2vec 2.0 \(frontend: ssl"),
        (make_conf(repeat_last_frame=True), r"repeats the last frame .* repeat_last_frame: false"),
        (make_conf(layer_weights="per_dimension"), r"weighs the dimensions of states .*layer_weights: per_layer"),
        (make_conf("stable"), "behind the final norm, where transformers 5"),
        (make_conf("stable", multilayer_feature=False, layer=1), r"state from before the final norm .*layer: -1"),
        ({"normalize": "utterance_mvn"}, r"normalises frames \(normalize: null\)"),
        ({"encoder": "identity", "encoder_conf": {}}, r"has a MaskedIdentityEncoder \(encoder: linear\)"),
        ({"pooling": "stats"}, r"has a StatsPooling \(pooling: mean\)"),
        ({"projector": "linear", "projector_conf": {}}, r"has a LinearProjector \(projector: identity\)"),
        ({"loss": "softmax"}, r"has a CosineSoftmax \(loss: cross_entropy\)"),
    ],
)
def test_a_model_that_the_class_cannot_hold_is_told(tmp_path, changes, message):
    exp = make_experiment(tmp_path / "exp", **{**make_conf(), **changes})
    with pytest.raises(GeoLIDError, match=f"Wav2Vec2ForSequenceClassification cannot hold this model: .*{message}"):
        to_transformers.main([str(exp), str(tmp_path / "stock")])
    assert [path.name for path in tmp_path.iterdir()] == ["exp"]


def test_what_does_not_answer_alike_is_not_left_there(tmp_path, monkeypatch):
    exp = make_exportable(tmp_path / "exp")
    weights = share._weights
    monkeypatch.setattr(share, "_weights", lambda *given: {name: 1.1 * of for name, of in weights(*given).items()})
    with pytest.raises(GeoLIDError, match=r"stock: tried on noise, .* differ by 0\.\d+ in a probability"):
        to_transformers.main([str(exp), str(tmp_path / "stock")])
    assert [path.name for path in tmp_path.iterdir()] == ["exp"]


@pytest.mark.parametrize("command", [to_transformers, from_transformers])
def test_a_folder_that_is_there_is_left_alone(tmp_path, command):
    source = make_exportable(tmp_path / "exp") if command is to_transformers else write_stock(tmp_path / "stock")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes").write_text("kept")
    with pytest.raises(GeoLIDError, match="out: is there already; remove it"):
        command.main([str(source), str(tmp_path / "out")])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["notes"]


def remove(name: str):
    return lambda folder: (folder / name).unlink()


def config(**changes):
    def change(folder: Path) -> None:
        conf = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**conf, **changes}))

    return change


def as_recogniser(folder: Path) -> None:
    Wav2Vec2ForCTC(Wav2Vec2Config(hidden_size=16, num_hidden_layers=1, num_attention_heads=2)).save_pretrained(folder)


def rate_8000(folder: Path) -> None:
    file = folder / "preprocessor_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "sampling_rate": 8000}))


def cut_short(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:2000])


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (remove("config.json"), r"config.json: is missing, or no JSON; expected the folder of a Wav2Vec2ForSequ"),
        (remove("preprocessor_config.json"), "does not say how waves are prepared; expected preprocessor_config.json"),
        (remove("model.safetensors"), "transformers cannot open this model: .*"),
        (cut_short, "transformers cannot open this model: "),
        (rate_8000, "hears 8000 Hz; expected 16000"),
        (as_recogniser, "is a Wav2Vec2ForCTC; expected the folder of a Wav2Vec2ForSequenceClassification"),
        (config(architectures=["HubertForSequenceClassification"]), "is a HubertForSequenceClassification; expected"),
        (config(use_weighted_layer_sum=True), "1 weights are not there, such as layer_weights"),
        (config(id2label={"0": "a", "1": "b", "2": "b", "3": "c"}), "id2label has a label twice; name a file"),
        (
            config(id2label={"1": "a", "2": "b", "3": "c", "4": "d"}),
            "id2label: found .* a label for each number from 0",
        ),
        (config(id2label=["a", "b", "c", "d"]), r"id2label: found \['a', .* expected a label for each number from 0"),
        (config(id2label={"0": "a", "1": "b"}), r"classifier.\w+ are of size \(4.* config.json they would be \(2"),
        (config(problem_type="regression"), "problem_type: found regression, expected single_label_classification"),
    ],
)
def test_a_folder_that_cannot_be_taken_over_is_told(tmp_path, harm, message):
    stock = write_stock(tmp_path / "stock")
    harm(stock)
    with pytest.raises(GeoLIDError, match=message):
        from_transformers.main([str(stock), str(tmp_path / "exp")])
    assert [path.name for path in tmp_path.iterdir()] == ["stock"]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(GeoLIDError, match="superb/sid: there is no such folder; .* 'hf download <owner>/<name>"):
        from_transformers.main(["superb/sid", str(tmp_path / "exp")])
