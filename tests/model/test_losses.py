"""The class losses against ESPnet's, which the published models were trained with."""

import logging

import pytest
import torch
from espnet2.spk.loss.aamsoftmax import AAMSoftmax as EspnetAAMSoftmax
from espnet2.spk.loss.aamsoftmax_subcenter_intertopk import ArcMarginProduct_intertopk_subcenter
from espnet2.spk.loss.softmax import Softmax as EspnetSoftmax

from geolid.errors import GeoLIDError
from geolid.model.losses import AAMSoftmax, CosineSoftmax, LinearSoftmax, SubCenterAAMSoftmax


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.randn(64, 16), torch.randint(0, 10, (64,))


def same(ours, theirs, batch):
    ours.load_state_dict(theirs.state_dict())
    embedding, labels = batch
    expected, _, predicted = theirs(embedding, labels)
    torch.testing.assert_close(ours(embedding, labels), expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(ours.logits(embedding).argmax(1), predicted)


@pytest.mark.parametrize("easy_margin", [False, True])
@pytest.mark.parametrize("margin", [0.2, 0.5, 1.5])
def test_aam_softmax_is_espnets(batch, margin, easy_margin):
    conf = {"margin": margin, "scale": 15, "easy_margin": easy_margin}
    same(AAMSoftmax(16, 10, **conf), EspnetAAMSoftmax(16, 10, **conf), batch)


def test_softmax_is_espnets(batch):
    same(CosineSoftmax(16, 10), EspnetSoftmax(16, 10), batch)


def test_cross_entropy_is_that_of_a_linear_layer(batch):
    embedding, labels = batch
    torch.manual_seed(2)
    ours = LinearSoftmax(16, 10)
    logits = embedding @ ours.weight.T + ours.bias
    torch.testing.assert_close(ours.logits(embedding), logits)
    torch.testing.assert_close(ours(embedding, labels), -logits.log_softmax(1)[range(64), labels].mean())


@pytest.mark.parametrize("margin", [0.2, 0.5, 1.5])
def test_released_sub_center_loss_is_espnets_whose_penalty_is_never_switched_on(batch, margin):
    conf = {"margin": margin, "scale": 30.0, "K": 3, "mp": 0.06, "k_top": 5}
    theirs = ArcMarginProduct_intertopk_subcenter(16, 10, **conf)
    same(SubCenterAAMSoftmax(16, 10, **conf, loss_mixing="released"), theirs, batch)


def test_penalty_of_the_formula_is_espnets_once_switched_on(batch):
    conf = {"margin": 0.2, "scale": 30.0, "K": 3, "mp": 0.06, "k_top": 5}
    theirs = ArcMarginProduct_intertopk_subcenter(16, 10, **conf)
    theirs.update(0.2)
    ours = SubCenterAAMSoftmax(16, 10, **conf)
    same(ours, theirs, batch)
    ours.penalty = 0.0
    assert ours(*batch) < theirs(*batch)[0]  # it does make a difference


def test_two_languages_are_enough_and_the_cut_of_k_top_is_said(caplog):
    with caplog.at_level(logging.WARNING):
        loss = SubCenterAAMSoftmax(16, 2, k_top=5)
    assert "k_top 5 is more than the 1 other" in caplog.text
    embedding = torch.randn(8, 16, requires_grad=True)
    loss(embedding, torch.randint(0, 2, (8,))).backward()
    assert embedding.grad.isfinite().all()


def test_one_language_is_refused():
    with pytest.raises(GeoLIDError, match="at least 2 languages"):
        SubCenterAAMSoftmax(16, 1)


def test_gradient_is_finite_where_an_embedding_lies_on_its_language():
    loss = SubCenterAAMSoftmax(4, 3)
    embedding = loss.weight[:3].detach().clone().requires_grad_()
    loss(embedding, torch.tensor([0, 0, 0])).backward()
    assert embedding.grad.isfinite().all() and loss.weight.grad.isfinite().all()
