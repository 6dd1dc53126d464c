"""Published configs and checkpoints: they build, and load under every name that they were written with."""

import re

import pytest
import torch
import yaml

from geolid.errors import GeoLIDError
from geolid.model.build import build_model, load_model
from geolid.model.initial import load_initial_weights
from geolid.model.published import load_weights, our_names, read_weights

SSL = "frontend.upstream.upstream.model."
# The published YAMLs, reduced to what makes the model, and to a size for tests (with None: to the published size).
LAYERS = [32, 36, 40, 44]


def published_config(layers=(1, 3), shared=True, frozen=False, path="facebook/mms-1b") -> dict:
    return {
        "model": "upstream_condition",
        "model_conf": {
            "lang2vec_conditioning_layers": list(layers),
            "apply_intermediate_lang2vec_loss": True,
            "apply_intermediate_lang2vec_condition": True,
            "inter_lang2vec_loss_weight": 0.4,
            "cutoff_gradient_from_backbone": frozen,
            "cutoff_gradient_before_condproj": True,
            "shared_conditioning_proj": shared,
        },
        "frontend": "s3prl_condition",
        "frontend_conf": {
            "frontend_conf": {"upstream": "hf_wav2vec2_condition", "path_or_url": path},
            "download_dir": "./hub",
            "multilayer_feature": True,
        },
        "normalize": "utterance_mvn",
        "normalize_conf": {"norm_vars": False},
        "encoder": "ecapa_tdnn",
        "encoder_conf": {"model_scale": 8, "ndim": 512, "output_size": 1536},
        "pooling": "chn_attn_stat",
        "projector": "rawnet3",
        "projector_conf": {"output_size": 192},
        "encoder_condition": "identity",
        "pooling_condition": "chn_attn_stat",
        "projector_condition": "rawnet3",
        "projector_condition_conf": {"output_size": 192},
        "loss": "aamsoftmax_sc_topk_lang2vec",
        "loss_conf": {
            "margin": 0.5,
            "scale": 30,
            "K": 3,
            "mp": 0.06,
            "k_top": 5,
            "lang2vec_dim": 299,
            "lang2vec_type": "geo",
            "lang2vec_weight": 0.2,
        },
        "lang_num": 107,
    }


@pytest.fixture(scope="module")
def small_encoder(tmp_path_factory) -> str:
    """A folder with a small encoder of MMS's kind, as transformers writes it."""
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=24,
        conv_dim=[8] * 7,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="layer",
        conv_bias=True,
        do_stable_layer_norm=True,
    )
    folder = tmp_path_factory.mktemp("encoder")
    Wav2Vec2Model(config).save_pretrained(folder)
    return str(folder)


def small(small_encoder, **choice) -> dict:
    conf = published_config(path=small_encoder, **choice)
    conf["encoder_conf"] = {"model_scale": 4, "ndim": 16, "output_size": 24}
    return {**conf, "lang_num": 5}


def under_published_names(state: dict, copies: bool, old_weight_norm: bool) -> dict:
    """Write a state dict as the published system did, by the table in reference/model.md turned round."""
    published = {}
    for ours, tensor in state.items():
        name = re.sub(r"^conditioning\.(pooling|projector)\.", rf"{SSL}encoder.\1.", ours)
        name = re.sub(r"^conditioning\.head\.(\d+)\.", rf"{SSL}encoder.lang2vec_head.\1.0.", name)
        name = name.replace("conditioning.way_back.shared.", f"{SSL}encoder.lang2vec_conditioning_projs.")
        name = re.sub(r"^conditioning\.way_back\.(\d+)\.", rf"{SSL}encoder.lang2vec_conditioning_projs.\1.0.", name)
        name = name.replace("frontend.encoder.model.", SSL).replace("vector_head.", "loss.lang2vec_head.0.")
        name = name.replace("frontend.layer_weights", "frontend.featurizer.weights")
        if old_weight_norm:
            name = name.replace(".parametrizations.weight.original0", ".weight_g")
            name = name.replace(".parametrizations.weight.original1", ".weight_v")
        published[name] = tensor
        if name.startswith("loss."):
            published[f"{SSL}encoder.aamsoftmax_loss." + name.removeprefix("loss.")] = tensor.clone()
    if copies:
        inner = f"{SSL}encoder."
        published |= {
            "upstream_encoder." + name.removeprefix(inner): tensor.clone()
            for name, tensor in published.items()
            if name.startswith(inner)
        }
    return published


@pytest.mark.parametrize("old_weight_norm", [True, False])
@pytest.mark.parametrize("copies", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_a_checkpoint_loads_under_each_form_of_the_published_names(
    small_encoder, tmp_path, shared, copies, old_weight_norm
):
    conf = small(small_encoder, shared=shared)
    model = build_model(conf)
    state = under_published_names(model.state_dict(), copies, old_weight_norm)
    assert f"{SSL}feature_projection.projection.weight" in state  # the names are not ours
    torch.save(state, tmp_path / "published.pth")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(conf))
    loaded, _ = load_model(tmp_path / "config.yaml", tmp_path / "published.pth")
    waves = torch.randn(2, 8000), torch.tensor([8000, 6000])
    torch.testing.assert_close(loaded.eval().identify(*waves).logits, model.eval().identify(*waves).logits)
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


def test_two_copies_that_differ_are_refused(small_encoder):
    model = build_model(small(small_encoder))
    state = under_published_names(model.state_dict(), copies=True, old_weight_norm=False)
    state["upstream_encoder.layer_norm.weight"] += 1
    with pytest.raises(GeoLIDError, match="layer_norm.weight twice"):
        our_names(state)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda state: state.pop("loss.weight"), "1 missing: loss.weight"),
        (lambda state: state.update(extra=torch.zeros(1)), "does not have: extra"),
        (
            lambda state: state.update({"loss.weight": torch.zeros(2, 2)}),
            r"loss.weight \(2, 2\) in place of \(15, 192\)",
        ),
    ],
)
def test_what_does_not_fit_is_named(small_encoder, change, told):
    model = build_model(small(small_encoder))
    state = model.state_dict()
    change(state)
    with pytest.raises(GeoLIDError, match=told):
        load_weights(model, state, "a.pth")


def test_more_than_tensors_is_not_let_in(tmp_path):
    torch.save({"loss.weight": open}, tmp_path / "evil.pth")
    with pytest.raises(GeoLIDError, match="cannot be read as weights"):
        read_weights(tmp_path / "evil.pth")
    torch.save({"model": {"a": torch.zeros(1)}}, tmp_path / "checkpoint.pth")
    with pytest.raises(GeoLIDError, match="expected a dictionary of tensors"):
        read_weights(tmp_path / "checkpoint.pth")


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_the_published_configs_have_the_published_shapes(shared, frozen):
    """At full size, on the meta device, without a network."""
    with torch.device("meta"):
        model = build_model(published_config(LAYERS, shared, frozen), load_encoder=False)
    state = under_published_names(model.state_dict(), copies=True, old_weight_norm=False)
    shapes = {
        "frontend.featurizer.weights": (49,),
        f"{SSL}encoder.layers.47.attention.k_proj.weight": (1280, 1280),
        f"{SSL}encoder.layers.0.feed_forward.intermediate_dense.weight": (5120, 1280),
        f"{SSL}encoder.layer_norm.weight": (1280,),
        f"{SSL}encoder.pos_conv_embed.conv.parametrizations.weight.original1": (1280, 80, 128),
        f"{SSL}feature_extractor.conv_layers.0.conv.bias": (512,),
        f"{SSL}encoder.pooling.32.attention.0.weight": (128, 3840, 1),
        f"{SSL}encoder.projector.44.bn.running_mean": (2560,),
        f"{SSL}encoder.projector.44.fc.weight": (192, 2560),
        f"{SSL}encoder.lang2vec_head.40.0.weight": (299, 192),
        "upstream_encoder.lang2vec_head.40.0.weight": (299, 192),
        "encoder.conv.weight": (512, 1280, 5),
        "encoder.layer4.weight": (1536, 1536, 1),
        "pooling.attention.0.weight": (128, 4608, 1),
        "projector.fc.weight": (192, 3072),
        "loss.weight": (321, 192),
        "loss.lang2vec_head.0.bias": (299,),
        "upstream_encoder.aamsoftmax_loss.weight": (321, 192),
    }
    if shared:
        shapes[f"{SSL}encoder.lang2vec_conditioning_projs.weight"] = (1280, 299)
    else:
        shapes |= {f"{SSL}encoder.lang2vec_conditioning_projs.{layer}.0.weight": (1280, 299) for layer in LAYERS}
    assert {name: tuple(state[name].shape) for name in shapes} == shapes
    assert our_names(dict.fromkeys(state, torch.zeros(1))).keys() == model.state_dict().keys()
    assert model.conditioning.detach_projection == frozen


def test_initial_weights_are_those_of_the_named_parts(small_encoder, tmp_path):
    conf = small(small_encoder)
    source, model = build_model(conf), build_model(conf)
    file = tmp_path / "a.pth"
    torch.save(under_published_names(source.state_dict(), copies=False, old_weight_norm=True), file)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    load_initial_weights(model, f"{file}:::loss,vector_head,projector")
    for name, tensor in model.state_dict().items():
        stays = name.startswith(("loss", "vector_head", "projector"))
        assert torch.equal(tensor, (before if stays else source.state_dict())[name]), name
    load_initial_weights(model, f"{file}:projector:projector")
    assert torch.equal(model.projector.fc.weight, source.projector.fc.weight)
    with pytest.raises(GeoLIDError, match="no parameter of .* is meant"):
        load_initial_weights(model, f"{file}:decoder")


def test_initial_weights_that_do_not_fit_are_left_out_only_when_that_is_wanted(small_encoder, tmp_path):
    source = build_model({**small(small_encoder), "lang_num": 7})
    model = build_model(small(small_encoder))
    torch.save(source.state_dict(), tmp_path / "a.pth")
    with pytest.raises(GeoLIDError, match="of another size: loss.weight"):
        load_initial_weights(model, str(tmp_path / "a.pth"))
    before = model.loss.weight.clone()
    load_initial_weights(model, str(tmp_path / "a.pth"), ignore_mismatch=True)
    assert torch.equal(model.loss.weight, before)
    torch.save({"frontend.other": torch.zeros(3)}, tmp_path / "b.pth")
    with pytest.raises(GeoLIDError, match="none of its 1 parameters fits the model"):
        load_initial_weights(model, str(tmp_path / "b.pth"), ignore_mismatch=True)
    assert torch.equal(model.projector.fc.weight, source.projector.fc.weight)
