"""Models that SpeechBrain wrote, turned into ours: the same answers."""

import shutil

import numpy as np
import pytest
import soundfile
import torch
from speechbrain.nnet.pooling import StatisticsPooling
from toy_speechbrain import ATTENTIVE, LABELS, PLAIN, PROJECTED, WIDTH, make_folder, open_folder

from geolid.bin import from_speechbrain
from geolid.errors import GeoLIDError
from geolid.identify.identifier import LanguageIdentifier
from geolid.model.package import open_model
from geolid.share.pack import pack

CODES = ["tha", "deu", "heb", "jav", "eng"]
PUBLISHED = {"output_norm": True, "hyperparameters": "inference_wav2vec.yaml"}
# SpeechBrain adds noise of up to 9e-5 to plain means, other from call to call
NOISE = 2e-4


def waves() -> list[np.ndarray]:
    """Tones in noise, of several lengths, loud and faint: a faint wave shows how variances are kept from 0."""
    rng = np.random.default_rng(5)
    made = []
    for samples, loudness, noise, pitch in (
        (16000, 0.3, 0.0, 200),
        (8801, 0.003, 0.3, 900),
        (23456, 0.05, 1.0, 0),
        (6400, 0.01, 0.1, 3000),
    ):
        tone = np.sin(2 * np.pi * pitch * np.arange(samples) / 16000)
        made.append((loudness * (tone + noise * rng.standard_normal(samples))).astype(np.float32))
    return made


def convert(folder, out, *options) -> LanguageIdentifier:
    from_speechbrain.main([str(folder), str(out), *options])
    return LanguageIdentifier.from_pretrained(out, device="cpu")


def assert_same_answers(theirs, ours, tolerance: float = 1e-5, least_spread: float = 0.01) -> None:
    seen = []
    for wave in map(torch.from_numpy, waves()):
        with torch.no_grad():
            out_prob, score, index, _ = theirs.classify_batch(wave[None])
            embedding = theirs.encode_batch(wave[None])
        found = ours.classify_batch(wave[None])
        torch.testing.assert_close(found[0], out_prob.reshape(1, -1), rtol=0, atol=1e-4)
        torch.testing.assert_close(found[1], score.flatten(), rtol=0, atol=1e-4)
        assert found[2].tolist() == index.flatten().tolist()
        torch.testing.assert_close(ours.encode_batch(wave[None]), embedding, rtol=0, atol=tolerance)
        seen.append(out_prob.flatten())
    assert torch.stack(seen).std(dim=0).max() > least_spread  # answers to all waves are not alike


@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_the_published_shape(tmp_path, blocks, capsys):
    """Attentive pooling and a deep classifier, in one list and the latter by itself, too."""
    saved = {"model": "model.ckpt", "classifier": "classifier.ckpt"}
    folder = make_folder(tmp_path / "sb", ATTENTIVE.format(blocks=blocks), saved, **PUBLISHED)
    ours = convert(folder, tmp_path / "exp")
    assert f"5 languages, as ISO 639-3 codes; embeddings of {2 * WIDTH}" in capsys.readouterr().out
    assert ours.languages == CODES
    assert_same_answers(open_folder(folder, custom=True, hyperparameters="inference_wav2vec.yaml"), ours)


@pytest.mark.parametrize(("std_norm", "stable"), [(False, True), (False, False), (True, True)])
def test_what_encoder_classifier_runs(tmp_path, std_norm, stable):
    """Plain statistics and one linear layer, behind features that are normalised by sentence."""
    head = PLAIN.format(pooled=2 * WIDTH, std_norm=std_norm)
    folder = make_folder(tmp_path / "sb", head, {"classifier": "classifier.ckpt"}, stable=stable)
    ours = convert(folder, tmp_path / "exp")
    # of features that are of unit variance already, statistics tell the number of frames at best
    assert_same_answers(open_folder(folder), ours, NOISE, least_spread=0 if std_norm else 0.01)


@pytest.mark.parametrize(("inputs", "deviation"), [(WIDTH, True), (WIDTH, False), (2 * WIDTH, True)])
@pytest.mark.parametrize("output_norm", [False, True])
def test_a_projection_of_frames_or_of_what_is_pooled(tmp_path, monkeypatch, inputs, deviation, output_norm):
    """Without its noise, the plain pooling is the same to the last bits of its epsilon."""
    monkeypatch.setattr(StatisticsPooling, "_get_gauss_noise", lambda self, shape, device: torch.zeros(shape))
    outputs = 24 if inputs == WIDTH and deviation else 12
    head = PROJECTED.format(inputs=inputs, outputs=outputs, deviation=deviation)
    saved = {"projection": "projection.ckpt", "classifier": "output_mlp.ckpt"}
    folder = make_folder(tmp_path / "sb", head, saved, output_norm=output_norm)
    ours = convert(folder, tmp_path / "exp")
    assert_same_answers(open_folder(folder, custom=True), ours, 5e-6)


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    root = tmp_path_factory.mktemp("converted")
    saved = {"model": "model.ckpt", "classifier": "classifier.ckpt"}
    folder = make_folder(root / "sb", ATTENTIVE.format(blocks=1), saved, **PUBLISHED)
    return folder, root, convert(folder, root / "exp")


def test_a_file_is_answered_as_speechbrain_answers_it(converted, tmp_path):
    folder, _, ours = converted
    theirs = open_folder(folder, custom=True, hyperparameters="inference_wav2vec.yaml")
    soundfile.write(tmp_path / "a.wav", waves()[2], 16000, subtype="FLOAT")
    out_prob, score, index, labels = ours.classify_file(tmp_path / "a.wav")
    with torch.no_grad():
        wanted = theirs.classify_batch(theirs.load_audio(str(tmp_path / "a.wav"))[None])
    torch.testing.assert_close(out_prob, wanted[0][:, 0], rtol=0, atol=1e-4)
    assert (out_prob.shape, score.shape, index.shape) == ((1, 5), (1,), (1,))
    assert LABELS[CODES.index(labels[0])] == wanted[3][0][0] == LABELS[int(index)]


def test_embeddings_are_raw_and_a_batch_is_as_each_alone(converted):
    ours = converted[2]
    longest = max(map(len, waves()))
    padded = torch.stack([torch.from_numpy(np.pad(wave, (0, longest - len(wave)))) for wave in waves()])
    shares = torch.tensor([len(wave) / longest for wave in waves()])
    together = ours.encode_batch(padded, shares)
    assert together.shape == (4, 1, 2 * WIDTH)
    lengths = torch.linalg.vector_norm(together, dim=2)
    assert not torch.allclose(lengths, torch.ones_like(lengths), atol=0.1)
    alone = torch.cat([ours.encode_batch(torch.from_numpy(wave)) for wave in waves()])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


def test_what_was_converted_is_packed_and_its_licence_is_not_taken_for_granted(converted, tmp_path):
    _, root, ours = converted
    with open_model(root / "exp") as files:
        packed = pack(files, tmp_path / "packed", "toy")
    assert packed.licence.name == "other"
    assert "sb" in packed.licence.warning
    again = LanguageIdentifier.from_pretrained(packed.archive, device="cpu")
    wave = torch.from_numpy(waves()[0])
    torch.testing.assert_close(again.classify_batch(wave)[0], ours.classify_batch(wave)[0])
    answer = again.identify((waves()[0], 16000))
    assert answer.language in CODES and answer.place is None


def test_the_answers_are_not_calibrated_away_and_labels_can_stay(converted, tmp_path, capsys):
    folder, _, ours = converted
    kept = convert(folder, tmp_path / "kept", "--keep_labels")
    assert "5 labels, as they were" in capsys.readouterr().out
    assert kept.languages == [label.replace(" ", "_") for label in LABELS]
    wave = torch.from_numpy(waves()[0])
    torch.testing.assert_close(kept.classify_batch(wave)[0], ours.classify_batch(wave)[0])


@pytest.mark.parametrize("labels", [["id10001", "id10002", "th"], ["no", "nb", "nob"]])
def test_labels_that_are_not_each_a_language_of_its_own_stay(tmp_path, labels):
    head = PLAIN.format(pooled=2 * WIDTH, std_norm=False)
    folder = make_folder(tmp_path / "sb", head, {"classifier": "classifier.ckpt"}, labels=labels)
    ours = convert(folder, tmp_path / "exp")
    assert ours.languages == labels
    assert ours.identify((waves()[0], 16000)).name in labels


def edit(folder, name, *changes) -> None:
    text = (folder / name).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text)


def rewrite(folder, name, change) -> None:
    state = torch.load(folder / name)
    change(state)
    torch.save(state, folder / name)


def broken(folder, how) -> None:
    """Make one thing of a folder unlike what is expected."""
    yaml = "inference_wav2vec.yaml"
    if how == "rate":
        edit(folder, yaml, ("sample_rate: 16000", "sample_rate: 8000"))
    elif how == "no encoder":
        edit(folder, yaml, ("huggingface.wav2vec2.Wav2Vec2", "huggingface.whisper.Whisper"))
    elif how == "no source":
        edit(folder, yaml, ("    source: !ref <wav2vec2_hub>\n", ""))
    elif how == "all states":
        edit(folder, yaml, ("output_norm:", "output_all_hiddens: True\n    output_norm:"))
    elif how == "activation":
        edit(folder, yaml, ("torch.nn.LeakyReLU", "torch.nn.GELU"))
    elif how == "unknown part":
        edit(
            folder,
            yaml,
            ("    mean_var_norm: !ref <mean_var_norm>\n", "    tanh: [!ref <other>]\nother: !new:torch.nn.Tanh\n"),
        )
    elif how == "no modules":
        edit(folder, yaml, ("modules:", "parts:"))
    elif how == "cosines":
        edit(folder, yaml, ("Xvector.Classifier", "ECAPA_TDNN.Classifier"))
    elif how == "two classifiers":
        rewrite(folder, "classifier.ckpt", lambda state: state["out.w.weight"].mul_(2))
    elif how == "strange part":
        rewrite(folder, "model.ckpt", lambda state: state.update({"2.rnn.weight_ih_l0": torch.ones(3, 3)}))
    elif how == "cut encoder":
        rewrite(folder, "wav2vec2.ckpt", lambda state: state.pop("model.encoder.layer_norm.weight"))
    elif how == "labels":
        edit(folder, "label_encoder.txt", ("'en: English' => 4", "'en: English' => 5"))
    elif how == "number twice":
        edit(folder, "label_encoder.txt", (" => 4\n", " => 4\n'starting_index' => 0\n"))
    elif how == "label twice":
        edit(folder, "label_encoder.txt", ("'en: English'", "'de:  German'"))
    elif how == "empty label":
        edit(folder, "label_encoder.txt", ("'en: English'", "' '"))
    elif how == "more labels":
        edit(folder, "label_encoder.txt", (" => 4\n", " => 4\n'fr' => 5\n"))
    elif how == "code":
        edit(folder, "label_encoder.txt", ("'th: Thai'", "__import__('os').getcwd()"))
    else:
        (folder / how).unlink()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("rate", "inference_wav2vec.yaml: sample_rate: found 8000, expected 16000"),
        ("no encoder", "describes 0 wav2vec 2.0 encoders; expected one"),
        ("no source", r"does not say by a plain word which wav2vec 2.0 it is \(source\); .* by --encoder"),
        ("all states", "output_all_hiddens: true; only models over the last state"),
        ("activation", "activation: found GELU, expected LeakyReLU"),
        ("unknown part", "modules: tanh: has a torch.nn.Tanh, which is not converted; expected one of Wav2Vec2, "),
        ("no modules", "inference_wav2vec.yaml: has no modules"),
        (
            "cosines",
            "modules: classifier: has a speechbrain.lobes.models.ECAPA_TDNN.Classifier, which is not converted",
        ),
        ("two classifiers", "classifier.ckpt: holds a part that another file beside it holds too, with other weights"),
        ("strange part", "model.ckpt: holds weights of a part that is not known here, such as rnn.weight_ih_l0"),
        (
            "cut encoder",
            "does not fit the model: parameters 1 missing: frontend.encoder.model.encoder.layer_norm.w.*--encoder",
        ),
        ("labels", "label_encoder.txt: has 5 labels, and their numbers do not go from 0 on, each once"),
        ("number twice", "label_encoder.txt: has 6 labels, and their numbers do not go from 0 on, each once"),
        ("label twice", "label_encoder.txt: the label 'de: German' is empty, or there twice"),
        ("empty label", "label_encoder.txt: the label ' ' is empty, or there twice"),
        ("more labels", "model.ckpt: no classifier with an output for each of the 6 labels .* but one with 5 outputs"),
        ("code", "label_encoder.txt: expected lines such as"),
        ("label_encoder.txt", "has no label_encoder.txt; there is classifier.ckpt, custom.py"),
        ("wav2vec2.ckpt", "has no wav2vec2.ckpt"),
        ("inference_wav2vec.yaml", "has neither hyperparams.yaml and inference_wav2vec.yaml; .* by --hyperparameters"),
    ],
)
def test_a_folder_that_cannot_be_converted_is_told_and_nothing_is_left(converted, tmp_path, how, message):
    folder = shutil.copytree(converted[0], tmp_path / "sb", ignore=shutil.ignore_patterns("opened", "hub"))
    broken(folder, how)
    with pytest.raises(GeoLIDError, match=message):
        convert(folder, tmp_path / "exp")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["sb"]


def test_the_encoder_and_the_hyperparameters_can_be_named(converted, tmp_path):
    folder = shutil.copytree(converted[0], tmp_path / "sb", ignore=shutil.ignore_patterns("opened", "hub"))
    broken(folder, "no source")
    (folder / "inference_wav2vec.yaml").rename(tmp_path / "other.yaml")
    encoder = converted[0].with_name("sb_encoder")
    ours = convert(folder, tmp_path / "exp", "--hyperparameters", tmp_path / "other.yaml", "--encoder", encoder)
    wave = torch.from_numpy(waves()[1])
    torch.testing.assert_close(ours.classify_batch(wave)[0], converted[2].classify_batch(wave)[0])


def test_a_folder_that_stands_is_not_written_over(converted, tmp_path):
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "mine").touch()
    with pytest.raises(GeoLIDError, match="exp: is there already"):
        convert(converted[0], tmp_path / "exp")
    assert (tmp_path / "exp" / "mine").exists()
