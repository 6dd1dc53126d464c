"""s3prl's own wav2vec 2.0 beside ours: the same weights give the same features, whichever of the two is configured."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from geolid.model.s3prl import prepare, s3prl_frontend
from geolid.model.ssl.frontend import SSLFrontend

LAYERS, WIDTH = 3, 16
LENGTHS = [8000, 8079, 8080, 8081, 1200, 16000]

# of fairseq's checkpoints, as s3prl keeps them: (theirs, ours)
NAMES = (
    ("feature_extractor.conv_layers.{}.0.", "feature_extractor.conv_layers.{}.conv."),
    ("post_extract_proj.", "feature_projection.projection."),
    ("layer_norm.", "feature_projection.layer_norm."),
    ("encoder.pos_conv.0.weight_g", "encoder.pos_conv_embed.conv.parametrizations.weight.original0"),
    ("encoder.pos_conv.0.weight_v", "encoder.pos_conv_embed.conv.parametrizations.weight.original1"),
    ("encoder.pos_conv.0.bias", "encoder.pos_conv_embed.conv.bias"),
    ("encoder.layer_norm.", "encoder.layer_norm."),
    ("encoder.layers.{}.self_attn_layer_norm.", "encoder.layers.{}.layer_norm."),
    ("encoder.layers.{}.self_attn.", "encoder.layers.{}.attention."),
    ("encoder.layers.{}.fc1.", "encoder.layers.{}.feed_forward.intermediate_dense."),
    ("encoder.layers.{}.fc2.", "encoder.layers.{}.feed_forward.output_dense."),
    ("encoder.layers.{}.final_layer_norm.", "encoder.layers.{}.final_layer_norm."),
)
NORMS = {  # of the convolutions
    "default": ("feature_extractor.conv_layers.0.2.", "feature_extractor.conv_layers.0.layer_norm."),
    "layer_norm": ("feature_extractor.conv_layers.{}.2.1.", "feature_extractor.conv_layers.{}.layer_norm."),
}
OURS = {
    "model_type": "wav2vec2",
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
STABLE = {"do_stable_layer_norm": True, "feat_extract_norm": "layer", "conv_bias": True}
KINDS = {  # wav2vec2-base and -large-lv60: s3prl's norm, our config, and what makes ours prepare waves as s3prl does
    "base": ("default", {}, {"do_normalize": False}),
    "large": ("layer_norm", STABLE, {"normalize_epsilon": 1e-5}),
}


def write_checkpoint(path: Path, kind: str) -> dict[str, Tensor]:
    """Write a small checkpoint with random weights as s3prl converts fairseq's; return its weights."""
    prepare()
    from s3prl.upstream.wav2vec2.wav2vec2_model import Wav2Vec2Config, Wav2Vec2Model

    mode, ours, _ = KINDS[kind]
    stable = ours == STABLE
    sizes = {
        "extractor_mode": mode,
        "encoder_layers": LAYERS,
        "encoder_embed_dim": WIDTH,
        "encoder_ffn_embed_dim": 24,
        "encoder_attention_heads": 2,
        "layer_norm_first": stable,
        "conv_feature_layers": "[(8, 10, 5)] + [(8, 3, 2)] * 4 + [(8, 2, 2)] * 2",
        "conv_bias": stable,
        "conv_pos": 8,
        "conv_pos_groups": 2,
    }
    torch.manual_seed(4)
    model = Wav2Vec2Model(Wav2Vec2Config(**sizes))
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    task = {"normalize": stable, "sample_rate": 16000}
    torch.save({"task_cfg": task, "model_cfg": sizes, "model_weight": model.state_dict()}, path)
    return model.state_dict()


def under_our_names(weights: dict[str, Tensor], kind: str, wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    mode, *_ = KINDS[kind]
    named = {"masked_spec_embed": weights["mask_emb"]}
    for theirs, ours in (*NAMES, NORMS[mode]):
        for number in range(7 if "{}" in theirs else 1):
            begin = theirs.format(number)
            for name, tensor in weights.items():
                if name.startswith(begin):
                    named[ours.format(number) + name.removeprefix(begin)] = tensor
    assert named.keys() == wanted.keys()
    return named


def both(tmp_path: Path, kind: str, **options) -> tuple[nn.Module, nn.Module]:
    """s3prl's front end and ours, with the same weights."""
    checkpoint = tmp_path / "small.pt"
    weights = write_checkpoint(checkpoint, kind)
    conf = {"upstream": "wav2vec2_local", "path_or_url": str(checkpoint)}
    theirs = s3prl_frontend(frontend_conf=conf, **options).eval()
    _, changes, overrides = KINDS[kind]
    ours = SSLFrontend(config={**OURS, **changes}, overrides=overrides, **options).eval()
    ours.encoder.model.load_state_dict(under_our_names(weights, kind, ours.encoder.model.state_dict()))
    return theirs, ours


def noise() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    waves = [0.1 * torch.randn(samples, generator=generator) + 0.01 for samples in LENGTHS]
    return nn.utils.rnn.pad_sequence(waves, batch_first=True), torch.tensor(LENGTHS)


def compare(theirs: nn.Module, ours: nn.Module) -> None:
    with torch.no_grad():
        expected, expected_lengths = theirs(*noise())
        found, lengths = ours(*noise())
    assert lengths.tolist() == expected_lengths.tolist()
    assert expected.std() > 0.1
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_is_the_same(tmp_path, kind):
    for layer in range(LAYERS + 1):
        compare(*both(tmp_path, kind, multilayer_feature=False, layer=layer))


@pytest.mark.parametrize("kind", KINDS)
def test_the_learnt_sum_is_the_same(tmp_path, kind):
    theirs, ours = both(tmp_path, kind, multilayer_feature=True)
    weights = torch.randn(LAYERS + 1, generator=torch.Generator().manual_seed(1))
    theirs.featurizer.weights.data.copy_(weights)
    ours.layer_weights.data.copy_(weights)
    compare(theirs, ours)
