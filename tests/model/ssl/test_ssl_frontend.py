"""The front end: frames, mixture, batches, and what learns."""

import pytest
import torch
from tiny_encoders import CONFIGS, LAYERS, WIDTH, batch, frontend, noise

from geolid.errors import GeoLIDError
from geolid.model.ssl.frontend import SSLFrontend

KINDS = ["stable", "group", "bert"]


def learning(part: torch.nn.Module) -> set[str]:
    return {name for name, parameter in part.named_parameters() if parameter.grad is not None}


def train_step(made: SSLFrontend, *inputs, **options) -> torch.Tensor:
    made.train()
    features, _ = made(*inputs, **options)
    features.square().mean().backward()
    return features


@pytest.mark.parametrize("filler", [0.0, 7.0], ids=["zeros behind", "rubbish behind"])
@pytest.mark.parametrize("kind", [*KINDS, "bert_relative", "bert_rotary"])
def test_an_utterance_gives_the_same_frames_alone_and_in_any_batch(kind, filler):
    # 0.5 s, 1.3 s, 3 s; remainders of 320 from 0 to 200; too short for a frame
    waves = noise(8000, 20800, 48000, 6401, 6479, 6480, 6600, 399, 100)
    made = frontend(kind)
    with torch.no_grad():
        together, lengths = made(*batch(*waves, filler=filler))
        assert lengths.tolist() == [-(-len(wave) // 320) for wave in waves]
        assert together.shape == (len(waves), 150, WIDTH)
        assert together.dtype == torch.float32
        for row, wave in enumerate(waves):
            alone, frames = made(*batch(wave))
            assert alone.shape[1] == frames == lengths[row]
            torch.testing.assert_close(together[row, :frames], alone[0], rtol=1e-5, atol=1e-5)
            assert not together[row, frames:].any()


def test_more_filter_bank_frames_can_be_stacked_to_one():
    config = {**CONFIGS["bert"], "feature_projection_input_dim": 320, "stride": 4}
    torch.manual_seed(0)
    made = SSLFrontend(config=config).eval()
    assert made.encoder.bands == 80
    waves = noise(48000, 30001, 640, 100)
    with torch.no_grad():
        together, lengths = made(*batch(*waves))
        assert lengths.tolist() == [75, 47, 1, 1]
        for row, wave in enumerate(waves):
            alone, _ = made(*batch(wave))
            torch.testing.assert_close(together[row, : lengths[row]], alone[0], rtol=1e-5, atol=1e-5)
    again = SSLFrontend(config=made.encoder.config_dict(), load_weights=False)
    assert again.encoder.stride == 4 and again.encoder.hop == 640
    with pytest.raises(GeoLIDError, match="feature_projection_input_dim 320 cannot be shared by 3 stacked frames"):
        SSLFrontend(config={**config, "stride": 3})


@pytest.mark.parametrize("kind", KINDS)
def test_the_mixture_is_the_weighted_sum_with_the_last_real_frame_repeated(kind):
    made = frontend(kind)
    speech, lengths = batch(*noise(8001, 5000))
    with torch.no_grad():
        features, wanted = made(speech, lengths)
        states = torch.stack(list(made.encoder.hidden_states(speech, lengths)))
    mixed = torch.einsum("s,sbfd->bfd", made.layer_weights.softmax(0).detach(), states)
    for row, real in enumerate(made.encoder.frame_lengths(lengths).tolist()):
        torch.testing.assert_close(features[row, :real], mixed[row, :real])
        assert (features[row, real : wanted[row]] == features[row, real - 1]).all()


def test_the_mixture_has_the_gradient_of_a_plain_sum():
    made = frontend("stable")
    speech, lengths = batch(*noise(6720, 4800))  # the last frame is one more than is real
    features, _ = made(speech, lengths)
    features.sum().backward()
    found = {name: parameter.grad.clone() for name, parameter in made.named_parameters() if parameter.grad is not None}
    made.zero_grad()
    weights = made.layer_weights.softmax(0)
    mixed = sum(w * state for w, state in zip(weights, made.encoder.hidden_states(speech, lengths), strict=True))
    for row, real in enumerate(made.encoder.frame_lengths(lengths).tolist()):
        (mixed[row, :real].sum() + mixed[row, real - 1].sum() * (-(-int(lengths[row]) // 320) - real)).backward(
            retain_graph=True
        )
    assert "layer_weights" in found
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, made.get_parameter(name).grad, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_each_dimension_may_have_a_mixture_of_its_own(kind):
    made = frontend(kind, layer_weights="per_dimension")
    assert made.layer_weights.shape == (LAYERS + 1, WIDTH)
    speech, lengths = batch(*noise(6720, 4800))
    features, _ = made(speech, lengths)
    states = torch.stack(list(made.encoder.hidden_states(speech, lengths)))
    mixed = torch.einsum("sd,sbfd->bfd", made.layer_weights.softmax(0), states)
    real = made.encoder.frame_lengths(lengths).tolist()
    for row, frames in enumerate(real):
        torch.testing.assert_close(features[row, :frames], mixed[row, :frames])
    with torch.no_grad():  # alone as in the batch
        alone, _ = made(*batch(*noise(6720, 4800)[1:]))
    torch.testing.assert_close(features[1:, : alone.shape[1]], alone, rtol=1e-5, atol=1e-5)

    sum(features[row, :frames].square().sum() for row, frames in enumerate(real)).backward()
    found = {name: parameter.grad.clone() for name, parameter in made.named_parameters() if parameter.grad is not None}
    made.zero_grad()
    sum(mixed[row, :frames].square().sum() for row, frames in enumerate(real)).backward()
    assert found["layer_weights"].ne(0).all()
    for name, gradient in found.items():
        expected = made.get_parameter(name).grad
        torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max() + 1))


def test_at_first_both_ways_to_weigh_are_the_plain_mean():
    found = []
    for way in ("per_layer", "per_dimension"):
        made = frontend("stable", layer_weights=way)
        torch.nn.init.zeros_(made.layer_weights)
        found.append(made(*batch(*noise(8000)))[0])
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("way", ["per_layer", "per_dimension"])
def test_in_half_precision_the_sum_is_taken_in_full(way):
    made = frontend("stable", layer_weights=way)
    inputs = batch(*noise(8000))
    exact, _ = made(*inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features, _ = made(*inputs)
    features.sum().backward()
    assert features.dtype == torch.float32
    assert made.layer_weights.grad.isfinite().all()
    torch.testing.assert_close(features, exact, rtol=0.05, atol=0.1)


@pytest.mark.parametrize("layer", [-1, 0, 1, LAYERS])
def test_one_layer_can_be_chosen_and_those_behind_it_do_not_learn(layer):
    calm = dict.fromkeys(("hidden_dropout", "activation_dropout", "attention_dropout", "mask_time_min_masks"), 0)
    made = frontend("stable", multilayer_feature=False, layer=layer, overrides={**calm, "mask_time_prob": 1e-9})
    inputs = batch(*noise(8000))
    features = train_step(made, *inputs)
    with torch.no_grad():
        states = list(made.eval().encoder.hidden_states(*inputs))
    reached = layer if layer >= 0 else LAYERS
    torch.testing.assert_close(features[:, :24], states[reached])
    names = {name for name, _ in made.encoder.model.named_parameters()}
    unused = {name for name in names if name.startswith(tuple(f"encoder.layers.{i}." for i in range(reached, LAYERS)))}
    if reached < LAYERS:
        unused |= {"encoder.layer_norm.weight", "encoder.layer_norm.bias"}
    assert {name for name, parameter in made.encoder.model.named_parameters() if not parameter.requires_grad} == unused
    assert learning(made.encoder.model) == names - unused


@pytest.mark.parametrize("kind", ["stable", "bert"])
def test_layer_drop_passes_the_input_on_and_hides_no_state(kind):
    made = frontend(kind, overrides={"layerdrop": 1.0, "hidden_dropout": 0.0, "apply_spec_augment": False})
    inputs = batch(*noise(8000, 4000))
    seen = []
    made.train()
    states = list(made.encoder.hidden_states(*inputs, after_layer=lambda i, hidden, _: seen.append(i) or hidden))
    assert seen == list(range(LAYERS))
    assert len(states) == LAYERS + 1
    for state in states[1:LAYERS]:
        assert torch.equal(state, states[0])
    made.eval()
    states = list(made.encoder.hidden_states(*inputs))
    assert not torch.allclose(states[1], states[0])


@pytest.mark.parametrize("kind", KINDS)
def test_checkpointing_gives_the_same_gradients(kind):
    inputs = batch(*noise(8000, 5000))
    gradients = []
    for checkpointing in (False, True):
        made = frontend(kind, activation_checkpointing=checkpointing, overrides={"layerdrop": 0.3})
        torch.manual_seed(3)
        train_step(made, *inputs)
        gradients.append({name: made.get_parameter(name).grad for name in learning(made)})
    plain, checkpointed = gradients
    assert plain.keys() == checkpointed.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(checkpointed[name], gradient, rtol=1e-5, atol=1e-7)


def test_checkpointing_keeps_less_for_the_backward_pass():
    kept = {}
    for checkpointing in (False, True):
        made, total = frontend("stable", activation_checkpointing=checkpointing).train(), 0

        def count(tensor):
            nonlocal total
            total += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            made(*batch(*noise(8000)))
        kept[checkpointing] = total
    assert kept[True] < kept[False] / 2


@pytest.mark.parametrize(
    ("freeze", "prefixes"),
    [
        (None, ()),
        ("front_end", ("feature_extractor.",)),
        (0, ("feature_extractor.", "feature_projection.", "encoder.pos_conv_embed.", "masked_spec_embed")),
        (
            2,
            (
                "feature_extractor.",
                "feature_projection.",
                "encoder.pos_conv_embed.",
                "masked_spec_embed",
                "encoder.layers.0.",
                "encoder.layers.1.",
            ),
        ),
        ("all", ("",)),
    ],
)
def test_freezing(freeze, prefixes):
    made = frontend("stable", freeze=freeze)
    train_step(made, *batch(*noise(16000, 9000)))
    for name, parameter in made.encoder.model.named_parameters():
        assert parameter.requires_grad == (not prefixes or not name.startswith(prefixes)), name
        assert (parameter.grad is not None) == parameter.requires_grad, name
    assert made.layer_weights.grad is not None


def test_in_the_plain_variant_the_norm_ahead_of_the_layers_freezes_with_them():
    made = frontend("group", freeze=1)
    train_step(made, *batch(*noise(8000)))
    assert {name.split(".layers.")[-1][0] for name in learning(made.encoder.model)} == {"1", "2"}


def test_what_is_frozen_has_no_chance_in_it():
    inputs = batch(*noise(8000, 5000))
    busy = {"layerdrop": 0.5, "hidden_dropout": 0.5, "mask_time_prob": 0.9}
    made = frontend("stable", freeze="all", overrides=busy).train()
    first, second = made(*inputs)[0], made(*inputs)[0]
    assert torch.equal(first, second)
    made = frontend("stable", freeze=LAYERS - 1, overrides=busy).train()
    states = [list(made.encoder.hidden_states(*inputs)) for _ in range(2)]
    for a, b in zip(*(walk[:LAYERS] for walk in states), strict=True):
        assert torch.equal(a, b)
    made = frontend("stable", overrides=busy).train()
    assert not torch.equal(made(*inputs)[0], made(*inputs)[0])


def test_a_frozen_encoder_keeps_nothing_but_lets_a_gradient_through_to_what_comes_between_layers():
    made = frontend("stable", freeze="all").train()
    inputs = batch(*noise(8000, 5000))
    assert not any(state.requires_grad for state in made.encoder.hidden_states(*inputs))
    between = torch.nn.Linear(WIDTH, WIDTH)
    train_step(made, *inputs, after_layer=lambda i, hidden, _: hidden + between(hidden) if i == 0 else hidden)
    assert between.weight.grad.abs().sum() > 0
    assert not learning(made.encoder)


@pytest.mark.parametrize("kind", KINDS)
def test_after_layer_changes_what_goes_on(kind):
    made = frontend(kind)
    speech, lengths = batch(*noise(8000, 5000))
    told = []

    def shift(layer, hidden, real):
        told.append((layer, hidden.shape, real.tolist()))
        return hidden.roll(1, dims=-1) if layer == 1 else hidden

    with torch.no_grad():
        plain = list(made.encoder.hidden_states(speech, lengths))
        shifted = list(made.encoder.hidden_states(speech, lengths, shift))
    frames = made.encoder.frame_lengths(lengths).tolist()
    assert told == [(layer, plain[0].shape, frames) for layer in range(LAYERS)]
    assert torch.equal(shifted[1], plain[1])
    torch.testing.assert_close(shifted[2], plain[2].roll(1, dims=-1))
    assert not torch.allclose(shifted[3], plain[3], atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fs": 8000}, "fs: 8000; the encoders know 16000 Hz only"),
        ({"freeze": "half"}, "freeze: half; expected front_end, all, or a number of layers from 0 to 3"),
        ({"freeze": 4}, "freeze: 4; expected"),
        ({"layer": 2}, "layer: 2 needs multilayer_feature: false"),
        ({"layer": 9, "multilayer_feature": False}, "layer: 9; expected 0 to 3, or -1"),
        ({"layer_weights": "per_frame"}, "layer_weights: per_frame; expected one of per_layer, per_dimension"),
        (
            {"layer_weights": "per_dimension", "multilayer_feature": False},
            "layer_weights: per_dimension needs multilayer_feature: true",
        ),
    ],
)
def test_options_that_cannot_be_are_told(options, message):
    with pytest.raises(GeoLIDError, match=message):
        frontend("stable", **options)
