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
    ],
)
def test_what_is_no_config_is_told(write, text, told):
    with pytest.raises(GeoLIDError, match=told):
        read_config(write("a.yaml", text))
