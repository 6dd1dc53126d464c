"""Configs: what they are based on, their numbers, and options that do not exist."""

import pytest

from geolid.errors import GeoLIDError
from geolid.train.config import read_config


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def test_a_config_changes_what_it_is_based_on_key_by_key(write):
    write("base.yaml", "max_epoch: 3\noptim_conf: {lr: 0.1, betas: [0.9, 0.98]}\nloss_conf: {K: 3}\n")
    config = read_config(write("variant.yaml", "based_on: base.yaml\noptim_conf:\n  lr: 0.2\nmax_epoch: 5\n"))
    assert config == {"max_epoch": 5, "optim_conf": {"lr": 0.2, "betas": [0.9, 0.98]}, "loss_conf": {"K": 3}}


def test_numbers_with_an_exponent_are_numbers(write):
    config = read_config(write("a.yaml", "optim_conf: {lr: 1e-5, eps: 2.5E-8}\nlid_tag: 1e5x\nlist: [1e-3]\n"))
    assert config == {"optim_conf": {"lr": 1e-5, "eps": 2.5e-8}, "lid_tag": "1e5x", "list": [1e-3]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("based_on: a.yaml", "based on itself"),
        ("based_on: missing.yaml", "missing.yaml: there is no such config"),
        ("- 1", "expected 'key: value' lines"),
        ("a: [1", "no YAML"),
        ("", "expected 'key: value' lines"),
        ("a: 1\nb: {c: 1, c: 2}", "(?s)no YAML: the key c stands there twice; remove one.*line 2"),
        ("based_on: [a]", "based_on: found \\['a'\\], expected the name of a config"),
    ],
)
def test_what_is_no_config_is_told(write, text, told):
    with pytest.raises(GeoLIDError, match=told):
        read_config(write("a.yaml", text))


def test_a_folder_is_no_config(tmp_path):
    with pytest.raises(GeoLIDError, match="a folder; expected a config, such as conf/mini/geolid.yaml"):
        read_config(tmp_path)


def test_another_part_does_not_take_the_options_of_the_one_before(write):
    write("base.yaml", "encoder: ecapa_tdnn\nencoder_conf: {ndim: 96}\noptim: adam\noptim_conf: {betas: [0.9, 0.9]}\n")
    config = read_config(write("a.yaml", "based_on: base.yaml\nencoder: xvector\nencoder_conf: {output_size: 5}\n"))
    assert config["encoder_conf"] == {"output_size": 5}
    assert config["optim_conf"] == {"betas": [0.9, 0.9]}
    config = read_config(write("b.yaml", "based_on: base.yaml\nencoder: ecapa_tdnn\noptim: sgd\n"))
    assert config["encoder_conf"] == {"ndim": 96}
    assert "optim_conf" not in config


def test_another_word_for_the_same_part_does(write):
    """The loss that is also about places is the same class loss; the default need not be named."""
    write("base.yaml", "loss: aamsoftmax_sc_topk\nloss_conf: {K: 3}\nprojector_conf: {output_size: 5}\n")
    config = read_config(
        write("a.yaml", "based_on: base.yaml\nloss: aamsoftmax_sc_topk_lang2vec\nprojector: rawnet3\n")
    )
    assert (config["loss_conf"], config["projector_conf"]) == ({"K": 3}, {"output_size": 5})
    config = read_config(write("b.yaml", "based_on: base.yaml\nprojector: xvector\n"))
    assert "projector_conf" not in config


def test_another_way_to_draw_does_not_take_the_factors_of_the_one_before(write):
    write("base.yaml", "batch_type: catpow\nupsampling_factor: 0.3\n")
    config = read_config(write("a.yaml", "based_on: base.yaml\nbatch_type: catpow_balance_dataset\n"))
    assert config == {"batch_type": "catpow_balance_dataset"}
