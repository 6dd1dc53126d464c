"""Poolings to statistics, the norm of whole utterances, and classifiers with layers of their own."""

import pytest
import torch
from torch.nn import functional

from conftest import ROOT
from geolid.errors import GeoLIDError
from geolid.model.build import build_model
from geolid.model.deep_softmax import DeepSoftmax
from geolid.model.stats_pooling import StatisticsPooling, TanhAttentivePooling
from geolid.model.utterance_norm import UtteranceLayerNorm
from geolid.train.config import read_config

POOLINGS = [
    lambda: StatisticsPooling(6),
    lambda: StatisticsPooling(6, deviation=False),
    lambda: StatisticsPooling(6, unbiased=False, epsilon=0.1),
    lambda: TanhAttentivePooling(6, 4),
    lambda: TanhAttentivePooling(6, 4, global_context=False),
]


def frames() -> torch.Tensor:
    torch.manual_seed(1)
    return 3 * torch.randn(4, 6, 20) + 1


@pytest.mark.parametrize("unbiased", [True, False])
def test_statistics_are_torchs(unbiased):
    x = frames()
    pooled = StatisticsPooling(6, unbiased=unbiased, epsilon=0.25)(x)
    torch.testing.assert_close(pooled[:, :6], x.mean(2))
    torch.testing.assert_close(pooled[:, 6:], x.std(2, unbiased=unbiased) + 0.25)
    torch.testing.assert_close(StatisticsPooling(6, deviation=False)(x), x.mean(2))


@pytest.mark.parametrize("make", POOLINGS)
def test_an_utterance_is_pooled_the_same_alone_and_beside_longer_ones(make):
    pool, x, lengths = make().eval(), frames(), torch.tensor([20, 1, 7, 13])
    together = pool(x, lengths)
    assert together.shape == (4, pool.output_size())
    for row, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(together[row], pool(x[row : row + 1, :, :length])[0])


@pytest.mark.parametrize("make", POOLINGS)
def test_padding_takes_no_part_in_training(make):
    pool, lengths = make().train(), torch.tensor([20, 5, 7, 13])
    x = frames().requires_grad_()
    pool(x, lengths).square().sum().backward()
    real = torch.arange(20) < lengths[:, None]
    gradient = x.grad.transpose(1, 2)
    assert gradient[real].abs().min(dim=1).values.gt(0).all() and not gradient[~real].any()


@pytest.mark.parametrize("make", POOLINGS)
def test_frames_that_are_all_alike_have_a_gradient(make):
    x = torch.ones(2, 6, 9, requires_grad=True)
    make()(x, torch.tensor([9, 1])).sum().backward()
    assert x.grad.isfinite().all()


def test_attention_is_what_its_formula_says():
    torch.manual_seed(3)
    pool, x = TanhAttentivePooling(6, 4).eval(), frames()
    pool.norm.running_mean.uniform_(), pool.norm.running_var.uniform_(0.5, 2)
    mean, deviation = x.mean(2, keepdim=True), x.std(2, unbiased=False, keepdim=True)
    seen = torch.cat((x, mean.expand_as(x), deviation.expand_as(x)), dim=1)
    weights = pool.outer(pool.norm(pool.inner(seen).relu()).tanh()).softmax(dim=2)
    wanted = (weights * x).sum(2)
    spread = ((weights * x.square()).sum(2) - wanted.square()).sqrt()
    torch.testing.assert_close(pool(x), torch.cat((wanted, spread), dim=1), rtol=1e-4, atol=1e-4)


def test_an_utterance_is_normalised_as_a_whole():
    x, lengths = frames().transpose(1, 2), torch.tensor([20, 1, 7, 13])
    normed, same = UtteranceLayerNorm(epsilon=0.01)(x, lengths)
    assert same is lengths
    for row, length in enumerate(lengths.tolist()):
        alone = x[row, :length]
        torch.testing.assert_close(normed[row, :length], functional.layer_norm(alone, alone.shape, eps=0.01))
        assert not normed[row, length:].any()
    torch.testing.assert_close(UtteranceLayerNorm(0.01)(x)[0][0], normed[0])


def test_a_deep_classifier_learns_and_answers_as_it_learnt():
    torch.manual_seed(0)
    labels = torch.arange(3).repeat(20)
    embeddings = torch.randn(3, 5)[labels] + 0.1 * torch.randn(60, 5)
    loss = DeepSoftmax(5, 3, hidden_layers=2, hidden_size=8)
    optimizer = torch.optim.Adam(loss.parameters(), lr=0.02)
    for _ in range(40):
        optimizer.zero_grad()
        loss(embeddings, labels).backward()
        optimizer.step()
    loss.eval()
    assert (loss.logits(embeddings).argmax(1) == labels).all()
    torch.testing.assert_close(loss(embeddings, labels), functional.cross_entropy(loss.logits(embeddings), labels))


CONF = {
    "frontend": "log_mel",
    "frontend_conf": {"n_mels": 20},
    "normalize": "utterance_layer_norm",
    "encoder": "identity",
    "pooling": "statistics",
    "projector": "linear",
    "projector_conf": {"output_size": 10},
    "loss": "deep_cross_entropy",
    "loss_conf": {"hidden_size": 7},
    "lang_num": 3,
}


def test_the_words_of_a_config_build_them():
    model = build_model(CONF).eval()
    found = model.identify(torch.randn(2, 8000), torch.tensor([8000, 4000]))
    assert (found.embedding.shape, found.logits.shape) == ((2, 10), (2, 3))
    assert model.pooling.epsilon == 1e-5 and model.pooling.unbiased and model.pooling.deviation
    attentive = build_model({**CONF, "pooling": "tanh_attn_stat", "pooling_conf": {"attention_size": 3}})
    assert attentive.pooling.inner.out_channels == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss_conf": {"hidden_size": 0}}, "hidden_size: found 0, expected 1 or more"),
        ({"loss_conf": {"hidden_layers": -1}}, "hidden_layers: found -1, expected 0 or more"),
        ({"lang_num": 1}, "at least 2 languages"),
        ({"pooling_conf": {"epsilon": "small"}}, "epsilon: found 'small', expected a number"),
        ({"pooling_conf": {"deviations": True}}, "unknown key 'deviations'; did you mean deviation?"),
    ],
)
def test_values_that_cannot_be_are_told(change, message):
    with pytest.raises(GeoLIDError, match=message):
        build_model({**CONF, **change})


def test_the_published_xls_r_has_embeddings_of_2048_and_one_layer_behind():
    conf = read_config(ROOT / "conf/baselines/xls_r_300m.yaml")
    with torch.device("meta"):
        model = build_model({**conf, "lang_num": 107}, load_encoder=False)
    assert (model.frontend.encoder.width, model.frontend.encoder.num_layers) == (1024, 24)
    assert model.frontend.layer_weights is None and model.projector.output_size() == 2048
    assert model.loss.weight.shape == (107, 2048)
    assert 315e6 < sum(parameter.numel() for parameter in model.parameters()) < 317e6


def test_the_small_one_has_the_same_kind_of_head():
    published, small = (read_config(ROOT / "conf" / name) for name in ("baselines/xls_r_300m.yaml", "mini/xls_r.yaml"))
    for key in ("normalize", "encoder", "pooling", "projector", "loss"):
        assert published[key] == small[key]
    assert not small["frontend_conf"]["multilayer_feature"]
