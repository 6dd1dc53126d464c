"""A model that looks at pictures, at work: it hears files as they come, packs, and sees 10 s of long ones."""

import numpy as np
import pytest
import soundfile
import torch

import geolid
from geolid.model.package import open_model
from geolid.share.pack import pack
from toy_finished import make_finished
from toy_identifier import MODEL, make_experiment

PARTS = {
    "frontend": "mel_picture",
    "frontend_conf": {"seconds": 1.0, "size": 16},
    "normalize": None,
    "encoder": "picture_cnn",
    "encoder_conf": {"channels": [3, 4], "dense": 8},
    "pooling": "identity",
    "projector": "identity",
    "projector_conf": {},
    "loss": "cross_entropy",
    "loss_conf": {},
}


def wave(seconds: float, rate: int) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return 0.3 * np.sin(2 * np.pi * (300 + 200 * times) * times)


@pytest.fixture(scope="module")
def identifier(tmp_path_factory):
    return geolid.LanguageIdentifier.from_pretrained(make_experiment(tmp_path_factory.mktemp("exp"), **PARTS))


def test_an_mp3_of_44100_hz_in_stereo_is_heard(identifier, tmp_path):
    loud = wave(1.4, 44100)
    soundfile.write(tmp_path / "clip.mp3", np.stack([loud, loud], axis=1), 44100)
    soundfile.write(tmp_path / "clip.wav", wave(1.4, 16000), 16000)
    mp3, plain = identifier.identify([tmp_path / "clip.mp3", tmp_path / "clip.wav"])
    assert mp3.language == plain.language
    np.testing.assert_allclose(mp3.embedding, plain.embedding, atol=0.1)


def test_of_a_long_recording_its_middle_counts(identifier):
    whole = wave(5.0, 16000)
    np.testing.assert_allclose(
        identifier.identify((whole, 16000)).probabilities,
        identifier.identify((whole[32000:48000], 16000)).probabilities,
        atol=1e-5,
    )


def test_what_is_packed_answers_the_same(identifier, tmp_path):
    exp = make_finished(tmp_path, **PARTS)
    with open_model(exp, MODEL) as files:
        packed = pack(files, exp / "packed")
    speech = (wave(0.7, 16000), 16000)
    before, after = (geolid.LanguageIdentifier.from_pretrained(path) for path in (exp, packed.archive))
    torch.testing.assert_close(before.identify(speech).probabilities, after.identify(speech).probabilities)
    assert before.identify(speech).place is None
