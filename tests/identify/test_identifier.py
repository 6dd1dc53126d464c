"""A model as other programs use it."""

import io
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch

import geolid
from conftest import ROOT, tone
from geolid.data.audio import AudioError
from geolid.errors import GeoLIDError
from geolid.geo.places import distance_km
from geolid.geo.vectors import language_places
from geolid.identify.engine import Engine
from geolid.identify.identification import Unidentified
from geolid.identify.identifier import LanguageIdentifier, choose_device
from geolid.identify.scores import probabilities
from geolid.model.package import open_model
from geolid.share.pack import pack
from toy_identifier import LANGUAGES, MODEL, NO_PLACES, make_experiment

RATE = 16000


@pytest.fixture(scope="module")
def exp(tmp_path_factory):
    exp = make_experiment(tmp_path_factory.mktemp("exp") / "lid")
    (exp / "valid.accuracy.best.calibration.json").write_text('{"temperature": 2.0, "set": "dev"}')
    return exp


@pytest.fixture(scope="module")
def identifier(exp):
    return LanguageIdentifier.from_pretrained(exp)


def waves(count: int = 12) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    lengths = rng.integers(4000, 40_000, count)
    return [(tone(n / RATE, pitch=100 + 50 * i)[:, 0] + 0.05 * rng.standard_normal(n)) for i, n in enumerate(lengths)]


def pairs(count: int = 12) -> list[tuple[np.ndarray, int]]:
    return [(wave.astype(np.float32), RATE) for wave in waves(count)]


def test_an_answer_is_the_models_own(exp, identifier):
    (wave, rate) = pairs(1)[0]
    engine = Engine.load(exp / "config.yaml", exp / MODEL)
    (found,) = engine.answer_all([len(wave)], lambda _: wave, engine.limits())
    answer = identifier.identify((wave, rate))
    likely = probabilities(found.logits, 2.0)[0]
    assert answer.languages == identifier.languages == LANGUAGES
    assert answer.probabilities == pytest.approx(likely)
    assert answer.language == LANGUAGES[likely.argmax()]
    assert answer.embedding == pytest.approx(found.embeddings[0])
    home = language_places(LANGUAGES)[likely.argmax()]
    assert answer.place.km == pytest.approx(distance_km(*answer.place[:2], *home), abs=1)
    assert answer.seconds == pytest.approx(len(wave) / RATE)
    assert answer.unrestricted is None


def test_an_identifier_tells_what_it_is(identifier):
    assert identifier.names == {"deu": "German", "fra": "French", "ita": "Italian", "pol": "Polish"}
    assert (identifier.sampling_rate, identifier.device.type) == (RATE, choose_device(None))
    assert repr(identifier).startswith("<LanguageIdentifier lid_valid.accuracy.best: 4 languages, on ")


def test_results_depend_neither_on_batch_nor_on_order_nor_on_neighbours(identifier):
    given = pairs()
    alone = np.array([identifier.identify(pair).probabilities for pair in given])
    assert np.ptp(alone, axis=0).max() > 0.01  # they are not all alike
    together = np.array([answer.probabilities for answer in identifier.identify(given)])
    assert together == pytest.approx(alone, abs=1e-4)
    backwards = np.array([answer.probabilities for answer in identifier.identify(given[::-1])])
    assert backwards[::-1] == pytest.approx(alone, abs=1e-4)
    for batch in (1, 2, 5, 32):
        found = np.array([answer.probabilities for answer in identifier.stream(given, batch=batch)])
        assert found == pytest.approx(alone, abs=1e-4)


def test_any_format_and_rate_is_the_same_recording(identifier, tmp_path):
    mono = tone(2.0, 44100, pitch=300)
    stereo = np.concatenate([mono, 0.5 * mono], axis=1)
    formats = {"a.wav": "PCM_16", "b.wav": "PCM_24", "c.flac": "PCM_16", "d.ogg": "VORBIS", "e.mp3": "MPEG_LAYER_III"}
    for name, subtype in formats.items():
        soundfile.write(tmp_path / name, stereo, 44100, subtype=subtype)
    soundfile.write(tmp_path / "f.opus", tone(2.0, 48000, pitch=300), 48000, format="OGG", subtype="OPUS")
    soundfile.write(tmp_path / "g.wav", tone(2.0, 8000, pitch=300), 8000, subtype="ULAW")
    files = sorted(tmp_path.iterdir())
    answers = identifier.identify(files)
    for answer in answers[1:3]:  # without loss
        assert answer.probabilities == pytest.approx(answers[0].probabilities, abs=0.01)
    assert [answer.seconds for answer in answers] == pytest.approx([2.0] * len(files), abs=0.1)
    with files[0].open("rb") as file:
        assert identifier.identify(file).probabilities == pytest.approx(answers[0].probabilities, abs=1e-6)
    assert identifier.identify(str(files[0])).probabilities == pytest.approx(answers[0].probabilities, abs=1e-6)


def test_candidates_stand_beside_the_unrestricted_answer(identifier):
    given = pairs()
    free = identifier.identify(given)
    for chosen, answer in zip(identifier.identify(given, languages=["pol", "fra"]), free, strict=True):
        assert chosen.languages == ["fra", "pol"]
        of_both = answer.probabilities[[1, 3]]
        assert chosen.probabilities == pytest.approx(of_both / of_both.sum(), abs=1e-6)
        assert chosen.unrestricted.probabilities == pytest.approx(answer.probabilities, abs=1e-6)
        assert chosen.place[:2] == pytest.approx(answer.place[:2], abs=1e-3)
        home = language_places([chosen.language])[0]
        assert chosen.place.km == pytest.approx(distance_km(*chosen.place[:2], *home), abs=1)
    assert identifier.identify(given[0], languages="fra,pol").languages == ["fra", "pol"]


@pytest.mark.parametrize(
    ("languages", "message"),
    [
        (["deu", "xqzy"], r"the model knows 4 languages, and not 'xqzy' \(no ISO 639-3 code\)"),
        (["deu", "spa"], r"the model knows 4 languages, and not 'spa' \(Spanish\)"),
        (["deu"], "'deu' is the only candidate"),
    ],
)
def test_candidates_that_cannot_be(identifier, languages, message):
    with pytest.raises(GeoLIDError, match=message):
        identifier.identify(pairs(1)[0], languages=languages)
    with pytest.raises(GeoLIDError, match=message):  # at once, not when the first answer is wanted
        identifier.stream(pairs(1), languages=languages)


def test_a_recording_that_cannot_be_used_is_told(identifier, tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("this is no audio")
    with pytest.raises(AudioError, match="^zero bytes: .*empty.wav"):
        identifier.identify(tmp_path / "empty.wav")
    given = [pairs(1)[0], tmp_path / "text.wav", (tone(0.005), RATE), tmp_path / "empty.wav"]
    with pytest.raises(AudioError, match="3 of 4 recordings cannot be used; number 1: cannot be read as audio: .*; "):
        identifier.identify(given)


def test_a_stream_goes_on_behind_what_cannot_be_used(identifier, tmp_path):
    good = pairs(20)
    given = [*good[:9], tmp_path / "none.wav", *good[9:], tmp_path]
    answers = list(identifier.stream(iter(given)))
    assert [type(answer) is Unidentified for answer in answers] == [False] * 9 + [True] + [False] * 11 + [True]
    assert answers[9] == Unidentified(f"no such file: {tmp_path}/none.wav")
    assert answers[-1] == Unidentified(f"a folder: {tmp_path}")
    for answer, pair in zip(answers[10:20], good[9:19], strict=True):
        assert answer.language == identifier.identify(pair).language


def test_a_stream_takes_no_more_than_it_needs(identifier):
    taken = []

    def given():
        for pair in pairs(40):
            taken.append(pair)
            yield pair

    next(identifier.stream(given()))
    assert len(taken) <= 16


def test_what_is_no_audio_to_begin_with_is_an_error_everywhere(identifier):
    with pytest.raises(GeoLIDError, match="without its sampling rate"):
        identifier.identify(tone(1.0))
    with pytest.raises(GeoLIDError, match="without its sampling rate"):
        list(identifier.stream([tone(1.0)]))


def test_as_speechbrains_users_call_it(identifier, tmp_path):
    wave = pairs(1)[0][0]
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    answer = identifier.identify(tmp_path / "a.wav")
    out_prob, score, index, label = identifier.classify_file(str(tmp_path / "a.wav"))
    assert out_prob.shape == (1, 4) and score.shape == index.shape == (1,)
    assert out_prob.exp().numpy()[0] == pytest.approx(answer.probabilities, abs=1e-5)
    assert label == [answer.language] == [identifier.languages[int(index)]]
    assert float(score.exp()) == pytest.approx(answer.probability, abs=1e-5)


def test_batches_as_speechbrains_users_call_them(identifier):
    some = [wave for wave, _ in pairs(3)]
    longest = max(map(len, some))
    padded = torch.zeros(3, longest)
    for row, wave in enumerate(some):
        padded[row, : len(wave)] = torch.from_numpy(wave)
    shares = torch.tensor([len(wave) / longest for wave in some])
    answers = identifier.identify([(wave, RATE) for wave in some])
    out_prob, score, index, labels = identifier.classify_batch(padded, shares)
    assert (out_prob.shape, score.shape, index.shape) == ((3, 4), (3,), (3,))
    assert out_prob.exp().numpy() == pytest.approx(np.array([a.probabilities for a in answers]), abs=1e-4)
    assert labels == [answer.language for answer in answers]
    embeddings = identifier.encode_batch(padded, shares)
    assert embeddings.shape == (3, 1, 12)
    assert embeddings[:, 0].numpy() == pytest.approx(np.array([a.embedding for a in answers]), abs=1e-4)
    assert identifier.encode_batch(padded[0]).shape == (1, 1, 12)  # one wave


def test_batches_that_cannot_be(identifier):
    with pytest.raises(GeoLIDError, match=r"axes \(1, 2, 3\); expected \(batch, samples\)"):
        identifier.classify_batch(torch.ones(1, 2, 3))
    for lens in ([0.5], [0.0, 1.0], [0.5, 1.5]):
        with pytest.raises(GeoLIDError, match="wav_lens .*; expected a share from 0 to 1"):
            identifier.encode_batch(torch.ones(2, 8000), torch.tensor(lens))
    with pytest.raises(AudioError, match="wave 1 of the batch: silent"):
        identifier.encode_batch(torch.stack([torch.ones(8000), torch.zeros(8000)]))


def test_a_model_without_places_and_without_calibration(tmp_path):
    exp = make_experiment(tmp_path / "exp", **NO_PLACES)
    identifier = LanguageIdentifier.from_pretrained(exp)
    wave = pairs(1)[0]
    answer = identifier.identify(wave)
    assert answer.place is None
    logits = identifier._engine.model.identify(torch.from_numpy(wave[0])[None], torch.tensor([len(wave[0])])).logits
    assert answer.probabilities == pytest.approx(logits.softmax(1)[0].detach().numpy(), abs=1e-4)


def test_a_packed_model_answers_as_the_experiment_does(exp, identifier, tmp_path, monkeypatch):
    with open_model(exp) as files:
        packed = pack(files, tmp_path / "packed", "toy")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    given = pairs()
    for source in (packed.folder, packed.archive):
        opened = LanguageIdentifier.from_pretrained(source)
        for answer, own in zip(opened.identify(given), identifier.identify(given), strict=True):
            assert answer.probabilities == pytest.approx(own.probabilities, abs=1e-9)
            assert answer.place == pytest.approx(own.place, abs=0.1)
        assert not any((tmp_path / "temporary").iterdir())
    (packed.folder / "model.safetensors").write_bytes((exp / MODEL).read_bytes())
    with pytest.raises(GeoLIDError, match=r"is a pickle, .* \(allow_pickle=True\)"):
        LanguageIdentifier.from_pretrained(packed.folder)


@pytest.mark.parametrize("source", ["none", "a/b/c", "./exp/none"])
def test_what_is_no_model_is_told(source):
    with pytest.raises(GeoLIDError, match=f"{source}: there is no such model; expected a packed model"):
        LanguageIdentifier.from_pretrained(source)


def test_what_may_be_on_the_hub_is_looked_for_there(exp, monkeypatch):
    asked = []

    def fetch(repo, revision):
        asked.append((repo, revision))
        if repo == "exp/none":
            raise GeoLIDError("it has no such repository")
        return exp

    monkeypatch.setattr("geolid.identify.hub.fetch_model", fetch)
    assert LanguageIdentifier.from_pretrained("who/model", revision="v1").languages == LANGUAGES
    with pytest.raises(GeoLIDError, match="exp/none: is no path here, so it was looked for on the Hub. it has no such"):
        LanguageIdentifier.from_pretrained("exp/none")
    assert asked == [("who/model", "v1"), ("exp/none", None)]
    with pytest.raises(GeoLIDError, match="is here, and has no revision 'v1'"):
        LanguageIdentifier.from_pretrained(exp, revision="v1")


@pytest.mark.parametrize("device", ["gpu", "mps", "cuda:x", "meta"])
def test_a_device_that_cannot_be(exp, device):
    with pytest.raises(GeoLIDError, match=f"device: found '{device}'; expected cpu, cuda, or"):
        LanguageIdentifier.from_pretrained(exp, device=device)


def test_a_gpu_that_is_not_there(exp, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(GeoLIDError, match="device: found 'cuda:1', and torch sees 1 GPUs"):
        LanguageIdentifier.from_pretrained(exp, device="cuda:1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device(None) == choose_device("cuda") == "cuda"


def test_importing_the_package_loads_nothing_heavy():
    script = """
import sys, geolid
heavy = {"torch", "numpy", "transformers", "soundfile"} & set(sys.modules)
assert not heavy, heavy
assert "LanguageIdentifier" in dir(geolid)
assert geolid.LanguageIdentifier.__module__ == "geolid.identify.identifier"
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
    assert geolid.Unidentified is Unidentified
    with pytest.raises(AttributeError, match="'geolid' has no attribute 'Nothing'"):
        geolid.Nothing  # noqa: B018


def test_an_open_file_in_memory(identifier):
    content = io.BytesIO()
    soundfile.write(content, tone(1.0), RATE, format="WAV")
    assert identifier.identify(content).language in LANGUAGES
