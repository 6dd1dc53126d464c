"""From a config to a model: values that no part can be built from are told by the place where they stand."""

import pytest

from geolid.errors import GeoLIDError
from geolid.model.build import build_model

CONF = {"frontend": "log_mel", "normalize": "utterance_mvn", "lang_num": 3, "loss": "aamsoftmax_sc_topk"}
SMALL = {
    "ecapa_tdnn": {"model_scale": 4, "ndim": 16, "output_size": 24},
    "rawnet3": {"model_scale": 4, "ndim": 16, "output_size": 24},
    "xvector": {"ndim": 16, "output_size": 24},
}


@pytest.mark.parametrize("encoder", SMALL)
def test_each_encoder_is_built_from_its_options(encoder):
    build_model({**CONF, "encoder": encoder, "encoder_conf": SMALL[encoder]})


def test_null_takes_away_what_only_another_loss_knows():
    build_model({**CONF, "encoder_conf": SMALL["ecapa_tdnn"], "loss_conf": {"lang2vec_weight": None}})


@pytest.mark.parametrize("encoder", SMALL)
def test_an_option_that_an_encoder_does_not_know_is_told(encoder):
    """Although two of them would take any, and throw it away."""
    with pytest.raises(GeoLIDError, match=f"encoder_conf of {encoder}: unknown key 'ndims'; did you mean ndim"):
        build_model({**CONF, "encoder": encoder, "encoder_conf": {"ndims": 16}})
    with pytest.raises(GeoLIDError, match="unknown key 'input_size'"):  # follows from the front end
        build_model({**CONF, "encoder": encoder, "encoder_conf": {"input_size": 16}})


@pytest.mark.parametrize(
    ("conf", "told"),
    [
        ({"encoder_conf": {"ndim": "96"}}, "encoder_conf of ecapa_tdnn: ndim: found '96', expected a whole number"),
        ({"encoder_conf": {"ndim": True}}, "ndim: found True, expected a whole number"),
        ({"encoder_conf": {"ndim": -4}}, "encoder_conf of ecapa_tdnn: cannot be built with {'ndim': -4}: "),
        (
            {"normalize_conf": {"norm_vars": "no"}},
            "normalize_conf of utterance_mvn: norm_vars: found 'no', expected true",
        ),
        ({"frontend_conf": {"n_mels": 2.5}}, "frontend_conf of log_mel: n_mels: found 2.5, expected a whole number"),
        (
            {"frontend": "s3prl", "frontend_conf": {"multilayer_feature": "no"}},
            "multilayer_feature: found 'no', expected true or false",
        ),
        ({"specaug": "specaug", "specaug_conf": {"time_warp_mode": 3}}, "time_warp_mode: found 3, expected a word"),
        ({"loss_conf": {"scale": -30}}, "loss_conf: scale: found -30, expected a number above 0"),
        ({"loss_conf": {"scale": 0}}, "scale: found 0"),
        ({"loss_conf": {"margin": -0.5}}, "loss_conf: margin: found -0.5, expected an angle from 0"),
        ({"loss_conf": {"margin": 3}}, "margin: found 3"),
        ({"loss_conf": {"mp": -0.1}}, "mp: found -0.1"),
        ({"loss_conf": {"K": 0}}, "K: found 0, expected 1 or more"),
        ({"loss_conf": {"k_top": -1}}, "k_top: found -1"),
        ({"loss_conf": {"easy_margin": "no"}}, "easy_margin: found 'no', expected true or false"),
        ({"loss_conf": {"lang2vec_weight": 0.2}}, "unknown key 'lang2vec_weight'"),
        ({"model_conf": {"layers": 3}}, "model_conf: unknown key 'layers'"),
    ],
)
def test_values_that_no_part_takes_are_told_with_their_place(conf, told):
    with pytest.raises(GeoLIDError, match=told):
        build_model({**CONF, "encoder_conf": SMALL["ecapa_tdnn"], **conf})


@pytest.mark.parametrize(
    ("model_conf", "loss_conf", "told"),
    [
        ({}, {}, "lang2vec_conditioning_layers: found None, expected a list of layers.*say model: espnet"),
        ({"lang2vec_conditioning_layers": []}, {}, "lang2vec_conditioning_layers: found "),
        ({"lang2vec_conditioning_layers": 3}, {}, "lang2vec_conditioning_layers: found 3"),
        ({"lang2vec_conditioning_layers": ["a"]}, {}, "found .'a'."),
        ({"shared_conditioning_proj": "no"}, {}, "shared_conditioning_proj: found 'no', expected true or false"),
        (
            {"lang2vec_conditioning_layers": [1]},
            {"lang2vec_weight": 2},
            "frontend: log_mel has no layers|lang2vec_weight",
        ),
    ],
)
def test_conditioning_that_cannot_be_is_told(model_conf, loss_conf, told):
    conf = {**CONF, "encoder_conf": SMALL["ecapa_tdnn"], "loss": "aamsoftmax_sc_topk_lang2vec"}
    with pytest.raises(GeoLIDError, match=told):
        build_model({**conf, "loss_conf": loss_conf, "model": "upstream_condition", "model_conf": model_conf})


@pytest.mark.parametrize("weight", [2, "much"])
def test_a_share_of_the_loss_is_a_share(weight):
    conf = {**CONF, "encoder_conf": SMALL["ecapa_tdnn"], "loss": "aamsoftmax_sc_topk_lang2vec"}
    with pytest.raises(GeoLIDError, match="lang2vec_weight"):
        build_model({**conf, "loss_conf": {"lang2vec_weight": weight}})
