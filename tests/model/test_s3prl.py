import argparse
import os
import random
import subprocess
import sys

import pytest
import torch
import torchaudio
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

from geolid.errors import GeoLIDError
from geolid.model.s3prl import prepare, s3prl_frontend


def python(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 0.1


@pytest.fixture
def model_dir(tmp_path):
    """A wav2vec2 of 3 layers as transformers keeps it, with layers that are dropped in training."""
    torch.manual_seed(0)
    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8,) * 7,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        layerdrop=0.5,
    )
    Wav2Vec2Model(config).save_pretrained(tmp_path / "model")
    Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def offline(monkeypatch):
    """Every look for a host is refused, and noted."""
    asked = []

    def refuse(host, *_, **__):
        asked.append(host)
        raise OSError(f"no network to reach {host}")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    return asked


def wav2vec2(model_dir, **options):
    return s3prl_frontend(
        frontend_conf={"upstream": "hf_wav2vec2_custom", "path_or_url": str(model_dir)},
        **{"multilayer_feature": True, **options},
    )


def test_importing_this_module_touches_nothing():
    python(
        "import sys, torchaudio\n"
        "before = dict(vars(torchaudio))\n"
        "import geolid.model.s3prl\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 's3prl']\n"
        "assert 'torchaudio.sox_effects' not in sys.modules or 'sox_effects' in before\n"
        "now = {name: value for name, value in vars(torchaudio).items() if name in before or 'sox' in name}\n"
        "assert 'set_audio_backend' not in set(vars(torchaudio)) - set(before)\n"
        "assert all(now[name] is value for name, value in before.items())\n"
    )


def test_preparing_hides_nothing_that_torchaudio_has_and_needs_no_network():
    python(
        "import socket, sys, types, nltk, torchaudio\n"
        "def refuse(*_, **__): sys.exit('a host was looked for')\n"
        "socket.getaddrinfo = refuse\n"
        "from geolid.model.s3prl import prepare\n"
        "torchaudio.set_audio_backend = real = lambda name: None\n"
        "sox = types.ModuleType('torchaudio.sox_effects')\n"
        "sox.apply_effects_tensor = apply = lambda *_: None\n"
        "sys.modules['torchaudio.sox_effects'] = torchaudio.sox_effects = sox\n"
        "others, download = dict(vars(torchaudio)), nltk.download\n"
        "prepare()\n"
        "from s3prl.nn import S3PRLUpstream, Featurizer\n"
        "assert torchaudio.set_audio_backend is real\n"
        "assert torchaudio.sox_effects is sox and sox.apply_effects_tensor is apply\n"
        "assert all(vars(torchaudio)[name] is value for name, value in others.items())\n"
        "assert nltk.download is download\n"
    )


def test_preparing_twice_is_preparing_once():
    prepare()
    stand_ins = torchaudio.set_audio_backend, torchaudio.sox_effects
    prepare()
    assert (torchaudio.set_audio_backend, torchaudio.sox_effects) == stand_ins
    assert torchaudio.set_audio_backend("sox_io") is None


def test_a_sox_effect_that_is_called_is_told():
    prepare()
    with pytest.raises(GeoLIDError, match=r"effects 'norm -3, rate 16000', and torchaudio \S+ has no sox; apply them"):
        torchaudio.sox_effects.apply_effects_tensor(noise(1, 800), 16000, [["norm", "-3"], ["rate", "16000"]])


@pytest.mark.parametrize(
    ("upstream", "size"), [("fbank", 240), ("mfcc", 39), ("spectrogram", 257), ("mel", 80), ("linear", 201)]
)
def test_upstreams_without_weights(offline, upstream, size):
    frontend = s3prl_frontend(frontend_conf={"upstream": upstream})
    assert frontend.output_size() == size
    for training in (True, False):
        features, lengths = frontend.train(training)(noise(2, 16000), torch.tensor([16000, 8001]))
        assert features.shape == (2, 100, size)
        assert lengths.tolist() == [100, 51]
        assert features.isfinite().all()
    assert not offline


@pytest.mark.parametrize("upstream", ["fbank", "mel", "wav2vec2"])
def test_no_utterance_depends_on_its_neighbours(model_dir, upstream):
    if upstream == "wav2vec2":
        frontend = wav2vec2(model_dir).eval()
    else:
        frontend = s3prl_frontend(frontend_conf={"upstream": upstream}).eval()
    waves, lengths = noise(4, 8000), torch.tensor([4000, 8000, 4000, 7999])
    together, frames = frontend(waves, lengths)
    for row, samples in enumerate(lengths):
        alone, alone_frames = frontend(waves[row : row + 1, :samples], lengths[row : row + 1])
        assert alone_frames == frames[row] == alone.shape[1]
        torch.testing.assert_close(together[row, : frames[row]], alone[0], rtol=0, atol=1e-5)
        assert not together[row, frames[row] :].any()


@pytest.mark.parametrize("upstream", ["fbank", "mel", "linear", "wav2vec2"])
def test_audio_of_any_length_has_frames(model_dir, upstream):
    """s3prl itself ends in an assertion at some of these lengths."""
    if upstream == "wav2vec2":
        frontend = wav2vec2(model_dir).eval()
    else:
        frontend = s3prl_frontend(frontend_conf={"upstream": upstream}).eval()
    for samples in (1, 80, 160, 400, 799, 801, 880, 1000, 1039, 1040, 1041, 1600):
        features, lengths = frontend(noise(1, samples), torch.tensor([samples]))
        assert features.shape[1] == lengths == -(-samples // frontend.hop_length)
        assert features.isfinite().all()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("upstream", ["fbank", "mel", "linear"])
def test_what_is_silent_at_its_end_is_as_long_as_it_is(upstream, training):
    frontend = s3prl_frontend(frontend_conf={"upstream": upstream}).train(training)
    waves = torch.cat([noise(2, 4000), torch.zeros(2, 12000)], dim=1)
    features, lengths = frontend(waves, torch.tensor([16000, 8000]))
    assert lengths.tolist() == [100, 50]
    assert features.shape[:2] == (2, 100)
    assert features.isfinite().all()


def test_a_local_folder_gives_transformers_hidden_states(model_dir, offline):
    wave = noise(1, 8000)
    normalised = (wave - wave.mean()) / (wave.var(correction=0) + 1e-7).sqrt()
    with torch.no_grad():
        states = Wav2Vec2Model.from_pretrained(model_dir).eval()(normalised, output_hidden_states=True).hidden_states
        expected = torch.stack([torch.cat([state, state[:, -1:]], dim=1) for state in states])  # 24 of 25 frames

        for layer in range(4):
            features, lengths = wav2vec2(model_dir, multilayer_feature=False, layer=layer).eval()(
                wave, lengths_of(wave)
            )
            torch.testing.assert_close(features, expected[layer], rtol=0, atol=1e-5)
            assert lengths == 25
        features, _ = wav2vec2(model_dir).eval()(wave, lengths_of(wave))
        torch.testing.assert_close(features, expected.mean(0), rtol=0, atol=1e-5)
    assert not offline


def lengths_of(waves: torch.Tensor) -> torch.Tensor:
    return torch.full((len(waves),), waves.shape[1])


def test_training_reaches_every_layer_and_drops_none(model_dir):
    frontend = wav2vec2(model_dir).train()
    for _ in range(5):  # each of the layers would be dropped half of the time
        features, lengths = frontend(noise(2, 8000), torch.tensor([8000, 6000]))
        assert lengths.tolist() == [25, 19]
    features.square().sum().backward()
    untouched = {name.rpartition(".")[0] for name, weight in frontend.named_parameters() if weight.grad is None}
    assert untouched == {"upstream.upstream.model.encoder.layer_norm"}  # transformers' states are those before it
    layers = frontend.upstream.upstream.model.encoder.layers
    assert all(layer.attention.q_proj.weight.grad.abs().sum() > 0 for layer in layers)


def test_the_weights_of_a_sum_that_is_not_made_are_not_trained(model_dir):
    frontend = wav2vec2(model_dir, multilayer_feature=False).train()
    frozen = [name for name, weight in frontend.named_parameters() if not weight.requires_grad]
    assert frozen == ["featurizer.weights"]
    features, _ = frontend(noise(2, 8000), torch.tensor([8000, 6000]))
    features.square().sum().backward()
    assert frontend.featurizer.weights.grad is None
    assert frontend.upstream.upstream.model.encoder.layers[2].attention.q_proj.weight.grad.abs().sum() > 0


def test_the_upstream_is_kept_once_and_read_again_when_asked(model_dir):
    """ESPnet's `init` overwrites all parameters and then wants the upstream's own back."""
    frontend = wav2vec2(model_dir)
    state = {name: value.clone() for name, value in frontend.state_dict().items()}
    assert not hasattr(frontend, "pretrained_params")
    assert "upstream.upstream.model.encoder.layers.0.attention.q_proj.weight" in state
    for parameter in frontend.upstream.parameters():
        parameter.data.zero_()
    frontend.reload_pretrained_parameters()
    assert all(torch.equal(value, state[name]) for name, value in frontend.state_dict().items())


def test_building_leaves_random_numbers_and_switches_as_they_were(model_dir):
    torch.manual_seed(5)
    random.seed(5)
    expected = torch.rand(3), random.random()
    torch.manual_seed(5)
    random.seed(5)
    environment = dict(os.environ)
    wav2vec2(model_dir)
    assert torch.equal(torch.rand(3), expected[0])
    assert random.random() == expected[1]
    assert torch.initial_seed() == 5
    assert dict(os.environ) == environment


def apc_checkpoint(path, extra: object):
    """A checkpoint of s3prl's APC, with something else in it."""
    from s3prl.upstream.apc.apc import APC

    sizes = {"hidden_size": 8, "num_layers": 3, "dropout": 0.0, "residual": True}
    audio = {"feat_type": "fbank", "feat_dim": 10, "frame_length": 25, "frame_shift": 10, "cmvn": False}
    config = {"data": {"audio": audio}, "model": {"paras": {**sizes, "vq": None}}}
    torch.save({"config": config, "model": APC(10, **sizes, vq=None).state_dict(), "extra": extra}, path)
    return {"upstream": "apc_local", "path_or_url": str(path)}


class Trap:
    def __reduce__(self):
        return (print, ("code of a checkpoint was run",))


def test_checkpoints_may_hold_plain_options_but_no_code(tmp_path, capfd, monkeypatch):
    prepare()
    s3prl_frontend(frontend_conf=apc_checkpoint(tmp_path / "plain.ckpt", argparse.Namespace(lr=0.1)))
    trapped = apc_checkpoint(tmp_path / "trap.ckpt", Trap())
    with pytest.raises(GeoLIDError, match="upstream: apc_local: its checkpoint holds Python objects .*=1"):
        s3prl_frontend(frontend_conf=trapped)
    # s3prl loads those of the Mockingjay family with weights_only=False
    with pytest.raises(GeoLIDError, match="upstream: tera_local: its checkpoint holds Python objects"):
        s3prl_frontend(frontend_conf={**trapped, "upstream": "tera_local"})
    assert "was run" not in capfd.readouterr().out
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    s3prl_frontend(frontend_conf=trapped)
    assert "was run" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({"upstream": "hf_wav2vec2"}, "none that is named hf_wav2vec2; did you mean hf_wav2vec2_custom\\?"),
        ({"upstream": "wavelm_large"}, "none that is named wavelm_large; did you mean wavlm_large, "),
        ({"upstream": "zzz"}, "none that is named zzz; .*available_names"),
        ({}, "none that is named None"),
        ({"upstream": "hf_wav2vec2_custom"}, "missing .*'ckpt'; path_or_url gives its 'ckpt'"),
        ({"upstream": "wav2vec2_local", "path_or_url": "nowhere.pt"}, "no such file: nowhere.pt"),
        ({"upstream": "wav2vec2_local"}, "wav2vec2_local reads a checkpoint; name it by path_or_url"),
        (
            {"upstream": "xls_r_300m", "path_or_url": __file__},
            "xls_r_300m has weights of its own, or none, .* name wav2vec2_local as upstream, or leave path_or_url out",
        ),
        ({"upstream": "fbank", "path_or_url": __file__}, "fbank has weights of its own, or none"),
        ({"upstream": "fbank", "tile_factor": 2}, "tile_factor: .* leave it at 1"),
    ],
)
def test_what_cannot_be_built_is_told(offline, conf, message):
    with pytest.raises(GeoLIDError, match=message):
        s3prl_frontend(frontend_conf=conf)
    assert not offline


def test_a_layer_of_a_sum_is_told(model_dir):
    with pytest.raises(GeoLIDError, match="sum of all layers; leave out layer: 2"):
        wav2vec2(model_dir, layer=2)


def test_a_folder_that_does_not_say_how_waves_are_prepared_is_told(model_dir, offline):
    """s3prl would take another model's word for it, from the network."""
    (model_dir / "preprocessor_config.json").unlink()
    with pytest.raises(GeoLIDError, match="model has no preprocessor_config.json"):
        wav2vec2(model_dir)
    assert not offline


def test_weights_that_cannot_be_fetched_are_told(tmp_path, offline, monkeypatch):
    prepare()
    monkeypatch.setattr("s3prl.util.download._download_dir", None)  # ESPnet sets it for good
    with pytest.raises(
        GeoLIDError, match="upstream: wav2vec2: its checkpoint cannot be had: .*path_or_url, with wav2vec2_local"
    ):
        s3prl_frontend(frontend_conf={"upstream": "wav2vec2"}, download_dir=str(tmp_path))
    assert offline
