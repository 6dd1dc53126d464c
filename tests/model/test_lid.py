"""The whole model: what a gradient reaches, that an utterance's neighbours do not matter, and how losses add up."""

import pytest
import torch
from torch.nn import functional

from geolid.errors import GeoLIDError
from geolid.model.build import build_model

ENCODER = {
    "model_type": "wav2vec2-bert",
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "feature_projection_input_dim": 160,
    "conv_depthwise_kernel_size": 5,
    "layerdrop": 0.0,
    "mask_time_prob": 0.0,
}
DROPOUTS = ("hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout", "conformer_conv_dropout")
CONF = {
    "model": "upstream_condition",
    "model_conf": {
        "lang2vec_conditioning_layers": [1, 2],
        "apply_intermediate_lang2vec_loss": True,
        "inter_lang2vec_loss_weight": 0.4,
        "cutoff_gradient_from_backbone": False,
        "cutoff_gradient_before_condproj": True,
        "shared_conditioning_proj": True,
    },
    "frontend": "ssl",
    "frontend_conf": {"config": {**ENCODER, **dict.fromkeys(DROPOUTS, 0.0)}},
    "normalize": "utterance_mvn",
    "encoder": "ecapa_tdnn",
    "encoder_conf": {"model_scale": 4, "ndim": 16, "output_size": 24},
    "projector_conf": {"output_size": 12},
    "projector_condition_conf": {"output_size": 12},
    "loss": "aamsoftmax_sc_topk_lang2vec",
    "loss_conf": {"lang2vec_weight": 0.2},
    "lang_num": 5,
}


def build(**model_conf):
    torch.manual_seed(6)
    return build_model({**CONF, "model_conf": {**CONF["model_conf"], **model_conf}})


@pytest.fixture
def batch():
    torch.manual_seed(7)
    lengths = torch.tensor([16000, 9000, 5000, 12345])
    speech = torch.randn(4, 16000) * (torch.arange(16000) < lengths[:, None])
    labels = torch.tensor([0, 1, 2, 1])
    return {"speech": speech, "speech_lengths": lengths, "lid_labels": labels, "lang2vecs": torch.rand(4, 299)}


def reached(model, loss) -> set[str]:
    """Return the names of the parameters that a loss sends a gradient to."""
    model.zero_grad()
    loss.backward(retain_graph=True)
    return {name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}


HEAD_1 = "conditioning.head.1.weight"
HEAD_2 = "conditioning.head.2.weight"
WAY_BACK = "conditioning.way_back.shared.weight"


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("backbone", [True, False])
def test_each_cutoff_stops_what_it_says_and_nothing_else(batch, before, backbone):
    model = build(cutoff_gradient_before_condproj=before, cutoff_gradient_from_backbone=backbone)
    found = model.identify(batch["speech"], batch["speech_lengths"])
    class_loss = model.loss(found.embedding, batch["lid_labels"])
    by_class = reached(model, class_loss)
    # through the way back the class loss reaches the way back itself, and, unless that is cut off, the heads
    assert (WAY_BACK in by_class) == (not backbone)
    assert ({HEAD_1, HEAD_2} <= by_class) == (not backbone and not before)
    assert (HEAD_1 in by_class) == (HEAD_2 in by_class)
    # the encoder, the sum of its layers and the main branch are always reached
    assert {"frontend.layer_weights", "loss.weight", "projector.fc.weight"} <= by_class
    assert any(name.startswith("frontend.encoder.model.encoder.layers.0.") for name in by_class)
    # a layer's own geo loss always reaches its head, and the encoder below
    by_layer = reached(model, found.layer_vectors[1].square().mean())
    assert HEAD_1 in by_layer and HEAD_2 not in by_layer
    assert any(name.startswith("frontend.encoder.model.encoder.layers.0.") for name in by_layer)
    assert not any(name.startswith("frontend.encoder.model.encoder.layers.2.") for name in by_layer)
    # layer 2 hears of the way back of layer 1, as far as the switches let it
    by_next = reached(model, found.layer_vectors[2].square().mean())
    assert (WAY_BACK in by_next) == (not backbone)
    assert (HEAD_1 in by_next) == (not backbone and not before)


def test_with_the_intermediate_loss_off_the_layers_do_not_count(batch):
    with_layers, _, _ = build()(**batch)
    without, stats, _ = build(apply_intermediate_lang2vec_loss=False)(**batch)
    expected = 0.8 * stats["class_loss"] + 0.2 * stats["geo_loss"]
    torch.testing.assert_close(without, expected)
    assert not torch.isclose(without, with_layers)


def test_without_feeding_back_the_frames_are_those_of_the_plain_encoder(batch):
    fed = build(apply_intermediate_lang2vec_condition=True)
    silent = build(apply_intermediate_lang2vec_condition=False)
    silent.load_state_dict({k: v for k, v in fed.state_dict().items() if k in silent.state_dict()})
    waves = batch["speech"], batch["speech_lengths"]
    plain, _ = silent.frontend(*waves)
    frames, _, vectors = silent._frames(*waves)
    told, _, _ = fed._frames(*waves)
    mean = plain.sum(1, keepdim=True) / 50  # 50 frames of the longest utterance
    torch.testing.assert_close(frames[0], (plain - mean)[0], rtol=1e-4, atol=1e-5)
    assert vectors.keys() == {1, 2}
    assert not torch.allclose(told[0], frames[0], atol=1e-3)


@pytest.mark.parametrize("origin", [0, 1])
def test_layers_are_counted_from_the_origin(batch, origin):
    """What layer 1 does when counted from 0, layer 2 does when counted from 1."""
    model = build(lang2vec_conditioning_layers=[1 + origin], conditioning_layer_origin=origin)
    reference = build(lang2vec_conditioning_layers=[1])
    state = {name.replace(f".{1 + origin}.", ".1."): t for name, t in model.conditioning.state_dict().items()}
    reference.load_state_dict(
        {**model.state_dict(), **{f"conditioning.{k}": v for k, v in state.items()}}, strict=False
    )
    model.eval(), reference.eval()
    waves = batch["speech"], batch["speech_lengths"]
    torch.testing.assert_close(model.identify(*waves).logits, reference.identify(*waves).logits)


@pytest.mark.parametrize("layers", [[4], [-1], [1, 1]])
def test_layers_that_are_not_there_are_refused(layers):
    with pytest.raises(GeoLIDError, match="numbered 0 to 3"):
        build(lang2vec_conditioning_layers=layers)


def test_an_utterance_alone_and_in_a_batch_come_out_the_same(batch):
    model = build()
    for name, buffer in model.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.uniform_(0.5, 1.5)
    model.eval()
    together = model.identify(batch["speech"], batch["speech_lengths"])
    for row, length in enumerate(batch["speech_lengths"]):
        alone = model.identify(batch["speech"][row : row + 1, :length], length[None])
        assert (alone.embedding - together.embedding[row]).abs().max() < 1e-4
        assert (alone.layer_vectors[2] - together.layer_vectors[2][row]).abs().max() < 1e-4


@pytest.mark.parametrize(("mixing", "shares"), [("formula", (0.8, 0.12, 0.08)), ("released", (0.64, 0.28, 0.08))])
def test_the_two_mixings_have_the_known_shares(batch, mixing, shares):
    torch.manual_seed(8)
    model = build_model({**CONF, "loss_conf": {"lang2vec_weight": 0.2, "loss_mixing": mixing}})
    loss, stats, weight = model(**batch)
    terms = stats["class_loss"], stats["geo_loss"], stats["geo_loss_layers"]
    torch.testing.assert_close(loss, sum(share * term for share, term in zip(shares, terms, strict=True)))
    assert stats["geo_loss_layer1"] + stats["geo_loss_layer2"] == pytest.approx(2 * stats["geo_loss_layers"].item())
    assert weight.item() == 4


def test_a_language_without_a_place_costs_nothing(batch):
    model = build().eval()
    found = model.identify(batch["speech"], batch["speech_lengths"])
    vectors = batch["lang2vecs"].clone()
    vectors[2] = float("nan")
    _, stats = model.losses(found, batch["lid_labels"], vectors)
    rows = functional.mse_loss(found.vector, batch["lang2vecs"], reduction="none").mean(1)
    torch.testing.assert_close(stats["geo_loss"], rows[[0, 1, 3]].sum() / 4)


@pytest.mark.parametrize("kind", ["phonology_knn", "syntax_knn", "inventory_knn"])
def test_typology_is_a_matter_of_yes_and_no(batch, kind):
    model = build_model({**CONF, "loss_conf": {"lang2vec_type": kind}}).eval()
    found = model.identify(batch["speech"], batch["speech_lengths"])
    wanted = torch.randint(0, 2, found.vector.shape).float()
    _, stats = model.losses(found, batch["lid_labels"], wanted)
    expected = functional.binary_cross_entropy_with_logits(found.vector, wanted)
    torch.testing.assert_close(stats[f"{kind}_loss"], expected)


def test_espnets_users_get_embeddings_and_indices(batch):
    model = build().eval()
    embeddings, languages = model(
        speech=batch["speech"], speech_lengths=batch["speech_lengths"], lid_labels=None, extract_embd=True
    )
    assert embeddings.shape == (4, 12)
    assert torch.equal(languages, model.loss.logits(embeddings).argmax(1))
    stats, judged = model.judge(**batch)
    assert torch.equal(judged, languages)
    assert stats["accuracy"] == pytest.approx((languages == batch["lid_labels"]).float().mean().item())


def test_a_plain_classifier_of_means_does_not_depend_on_neighbours():
    """As of SUPERB's speaker identification: a linear layer over each frame, their mean, a linear layer."""
    plain = {"encoder": "linear", "encoder_conf": {"output_size": 12}, "pooling": "mean", "projector": "identity"}
    conf = {"frontend": "ssl", "frontend_conf": CONF["frontend_conf"], "loss": "cross_entropy", "lang_num": 3}
    torch.manual_seed(0)
    model = build_model({**conf, **plain}).eval()
    speech, lengths = torch.randn(2, 16000), torch.tensor([9000, 16000])
    together = model.identify(speech, lengths)
    alone = model.identify(speech[:1, :9000], lengths[:1])
    assert together.embedding.shape == (2, 12)
    torch.testing.assert_close(together.logits[:1], alone.logits, rtol=1e-4, atol=1e-5)
    assert torch.equal(together.logits, model.loss.logits(together.embedding))
