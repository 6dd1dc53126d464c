"""docs/encoders.md: what it says of encoders is so, and the configs in it build."""

import re

import pytest
import torch
import yaml

from conftest import ROOT
from geolid.errors import GeoLIDError
from geolid.model.build import build_model
from geolid.model.ssl.architectures import ARCHITECTURES
from geolid.model.ssl.source import load_encoder
from geolid.share.licences import builds_on

TEXT = (ROOT / "docs/encoders.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(facebook/\S+)` \| (\d+) M \| (\d+) × (\d+) \| (\S+) \|", TEXT, re.MULTILINE)
CONFIGS = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)]


def test_all_known_encoders_are_in_the_list():
    assert sorted(name for name, *_ in ROWS) == sorted(ARCHITECTURES)


@pytest.mark.parametrize(("name", "millions", "layers", "width", "licence"), ROWS)
def test_sizes_and_licences_are_those_of_the_encoders(name, millions, layers, width, licence):
    with torch.device("meta"):
        encoder = load_encoder(name, load_weights=False)
    parameters = sum(parameter.numel() for parameter in encoder.parameters())
    assert (int(parameters / 1e6), encoder.num_layers, encoder.width) == (int(millions), int(layers), int(width))
    assert encoder.hop == 320
    assert [base.licence for base in builds_on({"frontend_conf": {"path_or_url": name}})] == [licence.lower()]


@pytest.mark.parametrize("conf", CONFIGS, ids=str)
def test_every_config_builds(conf):
    """What needs the network is only looked up."""
    if "wavlm_large" in str(conf):
        from geolid.model.s3prl import prepare

        prepare()
        from s3prl.nn import S3PRLUpstream

        names = S3PRLUpstream.available_names()
        assert {"wavlm_large", "fbank", "mfcc", "mel", "linear", "spectrogram"} <= set(names)
        return
    small = {"encoder_conf": {"model_scale": 4, "ndim": 16, "output_size": 24}, "loss": "cross_entropy", "lang_num": 3}
    with torch.device("cpu" if conf["frontend"] == "s3prl" else "meta"):
        model = build_model({**small, **conf}, load_encoder=False)
    assert model.frontend.output_size() in (80, 192, 240, 256, 1024)


def test_layers_to_condition_are_layers_of_encoders_of_that_depth():
    listed = {48: [32, 36, 40, 44], 24: [16, 18, 20, 22], 12: [8, 9, 10, 11]}
    for depth, layers in listed.items():
        told = ", ".join(map(str, layers[:-1])) + f" and {layers[-1]}"
        assert told in " ".join(TEXT.split())
        assert layers == [layer * depth // 48 for layer in listed[48]]
        assert str(depth) in {row[2] for row in ROWS}
    config = {"model_type": "wav2vec2", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    conf = {
        "frontend": "ssl",
        "frontend_conf": {"config": config},
        "encoder": "identity",
        "pooling": "mean",
        "loss": "aamsoftmax_sc_topk_lang2vec",
        "lang_num": 3,
        "model": "upstream_condition",
    }
    build_model({**conf, "model_conf": {"lang2vec_conditioning_layers": [1]}})
    with pytest.raises(GeoLIDError, match="layer.* 2"):
        build_model({**conf, "model_conf": {"lang2vec_conditioning_layers": [2]}})


def test_freezing_the_front_end_of_w2v_bert_freezes_nothing():
    with torch.device("meta"):
        encoder = load_encoder("facebook/w2v-bert-2.0", load_weights=False)
        encoder.freeze("front_end")
    assert all(parameter.requires_grad for parameter in encoder.parameters())
