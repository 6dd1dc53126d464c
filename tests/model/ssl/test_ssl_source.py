"""Where encoders come from, and how they are rebuilt."""

import json
import logging
from types import SimpleNamespace

import pytest
import torch
import yaml
from huggingface_hub.errors import RepositoryNotFoundError
from tiny_encoders import CONFIGS, batch, frontend, noise, their_model, their_states, write
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC, Wav2Vec2Model

from geolid.errors import GeoLIDError
from geolid.model.ssl.architectures import ARCHITECTURES
from geolid.model.ssl.frontend import SSLFrontend
from geolid.model.ssl.source import load_encoder

STABLE = CONFIGS["stable"]


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_folder_of_transformers_is_read_and_rebuilt_from_its_config_alone(tmp_path, kind):
    model = write(tmp_path / "encoder", kind)
    made = SSLFrontend(path_or_url=str(tmp_path / "encoder"), overrides={"layerdrop": 0.5})
    assert made.encoder.model.config.layerdrop == 0.5
    assert made.training and made.encoder.model.training
    (wave,) = noise(8000)
    *_, found = made.eval().encoder.hidden_states(*batch(wave))
    torch.testing.assert_close(found, their_states(kind, model, [wave])[-1][:, : found.shape[1]], rtol=1e-3, atol=1e-3)

    written = yaml.safe_load(yaml.safe_dump(made.encoder.config_dict()))
    again = SSLFrontend(path_or_url="gone/away", config=written, load_weights=False)
    again.load_state_dict(made.state_dict())
    assert again.encoder.config_dict() == written
    inputs = batch(*noise(8000, 5000))
    assert torch.equal(again.eval()(*inputs)[0], made(*inputs)[0])


def test_weights_of_a_fine_tuned_model_in_a_bin_file_and_half_precision_are_read(tmp_path, monkeypatch):
    torch.manual_seed(0)
    conf = {key: value for key, value in STABLE.items() if key != "model_type"}
    model = Wav2Vec2ForCTC(Wav2Vec2Config(**conf, add_adapter=True, dtype="float16")).half()
    model.config.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    monkeypatch.setattr(logging.getLogger("transformers"), "level", logging.INFO)
    encoder = load_encoder(str(tmp_path))
    assert logging.getLogger("transformers").level == logging.INFO
    assert not [name for name in encoder.state_dict() if "adapter" in name]
    for name, tensor in encoder.model.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, model.wav2vec2.state_dict()[name].float())


@pytest.mark.parametrize("normal", [True, False])
def test_the_preprocessor_says_whether_waves_are_normalised(tmp_path, normal, caplog):
    write(tmp_path, "group")
    file = tmp_path / "preprocessor_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "do_normalize": normal}))
    encoder = load_encoder(str(tmp_path))
    assert encoder.do_normalize is normal
    assert load_encoder(config=encoder.config_dict()).do_normalize is normal
    file.unlink()
    assert load_encoder(str(tmp_path)).do_normalize
    assert "has no preprocessor_config.json; waves are prepared as most" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"preprocessor_config.json: cannot be read .* fetch it again"),
        ('{"sampling_rate": 8000}', "preprocessor_config.json: sampling_rate: found 8000, expected 16000"),
    ],
)
def test_a_preprocessor_that_does_not_fit_is_told(tmp_path, text, message):
    write(tmp_path, "group")
    (tmp_path / "preprocessor_config.json").write_text(text)
    with pytest.raises(GeoLIDError, match=message):
        load_encoder(str(tmp_path))


def test_an_encoder_from_scratch_has_random_weights(tmp_path):
    torch.manual_seed(0)
    encoder = load_encoder(config={**STABLE, "num_hidden_layers": 2})
    assert encoder.num_layers == 2
    assert encoder.model.encoder.layers[0].attention.q_proj.weight.std() > 0.01


def test_mms_1b_is_rebuilt_without_the_hub():
    with torch.device("meta"):
        encoder = load_encoder("facebook/mms-1b", load_weights=False)
        conf = Wav2Vec2Config(
            hidden_size=1280,
            num_hidden_layers=48,
            num_attention_heads=16,
            intermediate_size=5120,
            do_stable_layer_norm=True,
            feat_extract_norm="layer",
            conv_bias=True,
        )
        expected = {name: tensor.shape for name, tensor in Wav2Vec2Model(conf).state_dict().items()}
    assert (encoder.num_layers, encoder.width, encoder.hop) == (48, 1280, 320)
    assert encoder.do_normalize
    assert {name: tensor.shape for name, tensor in encoder.model.state_dict().items()} == expected
    assert 960e6 < sum(parameter.numel() for parameter in encoder.parameters()) < 970e6


# published sizes, in millions of parameters
@pytest.mark.parametrize(
    ("name", "layers", "width", "millions"),
    [
        ("facebook/mms-300m", 24, 1024, 315),
        ("facebook/wav2vec2-xls-r-300m", 24, 1024, 315),
        ("facebook/wav2vec2-xls-r-1b", 48, 1280, 962),
        ("facebook/wav2vec2-xls-r-2b", 48, 1920, 2159),
        ("facebook/wav2vec2-large-xlsr-53", 24, 1024, 315),
        ("facebook/wav2vec2-base", 12, 768, 94),
        ("facebook/wav2vec2-large", 24, 1024, 315),
        ("facebook/wav2vec2-large-lv60", 24, 1024, 315),
        ("facebook/w2v-bert-2.0", 24, 1024, 580),
    ],
)
def test_known_encoders_have_their_published_sizes(name, layers, width, millions):
    with torch.device("meta"):
        encoder = load_encoder(name, load_weights=False)
    assert (encoder.num_layers, encoder.width) == (layers, width)
    assert int(sum(parameter.numel() for parameter in encoder.parameters()) / 1e6) == millions


def test_all_known_encoders_are_tested():
    assert len(ARCHITECTURES) == 10


def test_what_is_neither_here_nor_in_the_cache_is_told_with_a_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for load_weights, name in ((True, "facebook/mms-1b"), (False, "someone/unknown")):
        for place, then in ((None, "name it as path_or_url"), (str(tmp_path), "where it is found by its name")):
            with pytest.raises(GeoLIDError) as told:
                load_encoder(name, download_dir=place, load_weights=load_weights)
            fetched = f"hf download {name} --local-dir {place or 'hub'}/{name}' and "
            for word in (name, "the Hugging Face Hub cannot be reached", fetched, then):
                assert word in str(told.value)
            assert "\n" not in str(told.value) and ". " not in str(told.value)  # one sentence


def test_what_the_hub_refuses_is_told_as_it_says_it(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        answer = SimpleNamespace(headers={}, request=None)
        raise OSError("someone/tiny is not a valid model identifier") from RepositoryNotFoundError(
            "no", response=answer
        )

    monkeypatch.setattr("transformers.PreTrainedConfig.get_config_dict", refuse)
    with pytest.raises(GeoLIDError, match="the Hugging Face Hub does not give it.*says: someone/tiny is not a valid"):
        load_encoder("someone/tiny", download_dir=str(tmp_path))


def test_a_folder_brought_to_the_place_of_downloads_is_found_by_its_id(tmp_path):
    expected = write(tmp_path / "someone/tiny", "stable", num_hidden_layers=2).state_dict()
    encoder = load_encoder("someone/tiny", download_dir=str(tmp_path))
    assert all(torch.equal(tensor, expected[name]) for name, tensor in encoder.model.state_dict().items())
    # its config, too, counts before what is known of an id
    write(tmp_path / "facebook/mms-1b", "stable", num_hidden_layers=2)
    assert load_encoder("facebook/mms-1b", download_dir=str(tmp_path), load_weights=False).num_layers == 2


def test_what_is_in_the_cache_is_read_without_asking_the_network(tmp_path, monkeypatch):
    asked = []

    def refuse(host, *_args, **_options):
        asked.append(host)
        raise AssertionError("there is no network in tests")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    repository = tmp_path / "models--someone--tiny"
    write(repository / "snapshots" / "abc", "stable")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    encoder = load_encoder("someone/tiny", download_dir=str(tmp_path))
    assert not asked
    expected = their_model("stable").state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in encoder.model.state_dict().items())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "neither path_or_url nor config is given; name an encoder"),
        (
            {"path_or_url": "/no/where"},
            "path_or_url: /no/where: there is no such folder; name one that holds an encoder",
        ),
        ({"path_or_url": "./nowhere"}, "path_or_url: ./nowhere: there is no such folder; name one"),
        ({"path_or_url": "no/such/folder"}, "path_or_url: no/such/folder: there is no such folder; name one"),
        ({"config": {"hidden_size": 32}}, "model_type None; expected wav2vec2 or wav2vec2-bert"),
        ({"config": {"model_type": "hubert"}}, "model_type hubert; .*frontend: s3prl"),
        ({"config": {**STABLE, "hiden_size": 3}}, "wav2vec2: unknown key 'hiden_size'; did you mean hidden_size?"),
        ({"config": STABLE, "overrides": {"layer_drop": 0.1}}, "unknown key 'layer_drop'; did you mean layerdrop?"),
        ({"config": {**STABLE, "hidden_size": "wide"}}, "transformers refuses this config of a wav2vec2"),
        ({"config": {**STABLE, "conv_dim": [16]}}, "transformers refuses this config of a wav2vec2"),
        ({"config": {**STABLE, "num_attention_heads": 5}}, "transformers refuses this config of a wav2vec2"),
    ],
)
def test_configs_that_cannot_be_are_told(options, message):
    with pytest.raises(GeoLIDError, match=message):
        load_encoder(**options)


def test_a_folder_that_is_not_whole_is_told(tmp_path):
    with pytest.raises(GeoLIDError, match=r"no encoder can be read from this folder: .*Expected config.json and model"):
        load_encoder(str(tmp_path))
    write(tmp_path, "stable")
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GeoLIDError, match="weights are damaged, or do not fit"):
        load_encoder(str(tmp_path))
    weights.unlink()
    with pytest.raises(GeoLIDError, match="no encoder can be read from this folder"):
        load_encoder(str(tmp_path))
    weights.write_bytes(whole)
    with pytest.raises(GeoLIDError, match="weights are damaged, or do not fit"):
        load_encoder(str(tmp_path), overrides={"intermediate_size": 64})
    with pytest.raises(GeoLIDError, match="weights of the encoder are not there, such as encoder.layers.3"):
        load_encoder(str(tmp_path), overrides={"num_hidden_layers": 4})


def test_spec_augment_may_be_switched_on_for_weights_that_know_none(tmp_path):
    write(tmp_path, "stable", mask_time_prob=0.0)
    assert "masked_spec_embed" not in load_encoder(str(tmp_path)).model.state_dict()
    encoder = load_encoder(str(tmp_path), overrides={"mask_time_prob": 0.1})
    assert encoder.model.masked_spec_embed.isfinite().all()


def test_output_size_is_the_encoders_width():
    assert frontend("stable").output_size() == 32
