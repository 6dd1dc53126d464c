"""Pooling at several resolutions."""

import copy
import socket

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save_file
from test_lid import CONF
from torch import distributed, multiprocessing

import geolid
from conftest import ROOT
from geolid.errors import GeoLIDError
from geolid.model.build import build_model, build_trained, encoder_config
from geolid.model.multi_resolution import MultiResolutionPooling, _window_statistics
from geolid.model.package import open_model
from geolid.model.pooling import AttentiveStatsPooling
from geolid.share.pack import config_to_build, pack
from geolid.train.config import read_config
from toy_finished import make_finished

DIM = 6
OPTIONS = {"pooling": "multi_resolution", "pooling_conf": {"window_frames": [4, 10]}}
WITH_BOTH = {**CONF, **OPTIONS, "frontend_conf": {**CONF["frontend_conf"], "layer_weights": "per_dimension"}}


def pooling(windows=(4, 10)) -> MultiResolutionPooling:
    torch.manual_seed(1)
    made = MultiResolutionPooling(DIM, list(windows), window_attention_size=5)
    for attention in made.windows.values():
        attention.norm.running_mean.uniform_()
        attention.norm.running_var.uniform_(0.5, 2)
    return made


def frames(count: int = 25, rows: int = 5) -> torch.Tensor:
    torch.manual_seed(2)
    return 3 * torch.randn(rows, DIM, count) + 1


def test_a_window_has_the_statistics_of_its_frames():
    """Against each window by itself; the last one is not full."""
    x, scores = frames(23, 2), 2 * torch.randn(2, DIM, 23)
    means, deviations = _window_statistics(x, scores, 4)
    assert means.shape == deviations.shape == (2, DIM, 5)
    for number in range(5):
        part = slice(4 * number, 4 * number + 8)
        weights = scores[..., part].softmax(dim=2)
        mean = (weights * x[..., part]).sum(dim=2)
        spread = (weights * (x[..., part] - mean.unsqueeze(2)).square()).sum(dim=2).sqrt()
        torch.testing.assert_close(means[..., number], mean)
        torch.testing.assert_close(deviations[..., number], spread)


def test_the_first_part_is_what_the_pooling_of_the_whole_gives():
    made, x, lengths = pooling().eval(), frames(), torch.tensor([25, 1, 7, 4, 13])
    whole = AttentiveStatsPooling(DIM).eval()
    whole.load_state_dict({name: tensor for name, tensor in made.state_dict().items() if name.startswith("attention.")})
    pooled = made(x, lengths)
    assert pooled.shape == (5, made.output_size()) == (5, 3 * whole.output_size())
    torch.testing.assert_close(pooled[:, : 2 * DIM], whole(x, lengths))


def test_an_utterance_in_one_window_is_that_window():
    made, x = pooling([40]).eval(), frames()
    whole, of_windows = made(x).split(2 * DIM, dim=1)
    torch.testing.assert_close(of_windows, whole, rtol=1e-4, atol=1e-4)


def test_frames_that_change_places_are_heard_by_windows_alone():
    made, x = pooling().eval(), frames()
    mixed = made(x[..., torch.randperm(25)]).split(2 * DIM, dim=1)
    whole, *of_windows = made(x).split(2 * DIM, dim=1)
    torch.testing.assert_close(mixed[0], whole)
    assert all((a - b).abs().max() > 0.1 for a, b in zip(mixed[1:], of_windows, strict=True))


def test_a_window_that_is_told_apart_counts_more():
    made, x = pooling([4]).eval(), frames(24)
    x[..., 8:12] += 40
    attention = made.windows["4"]
    with torch.no_grad():
        for part in (attention.inner, attention.outer):
            part.weight.zero_(), part.bias.zero_()
        plain = made(x)[:, 2 * DIM : 3 * DIM]
        attention.inner.weight[0, :DIM], attention.outer.weight[:, 0] = 1.0, 1.0
        chosen = made(x)[:, 2 * DIM : 3 * DIM]
    assert (plain < 15).all() and (chosen > 35).all()


@pytest.mark.parametrize("filler", [0.0, 1e4], ids=["zeros behind", "rubbish behind"])
def test_an_utterance_is_pooled_the_same_alone_and_beside_longer_ones(filler):
    made, x, lengths = pooling().eval(), frames(), torch.tensor([25, 1, 7, 4, 13])
    x = x.masked_fill(torch.arange(25) >= lengths[:, None, None], filler)
    together = made(x, lengths)
    for row, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(together[row], made(x[row : row + 1, :, :length])[0])
    torch.testing.assert_close(made(torch.nn.functional.pad(x, (0, 31)), lengths), together)


def test_padding_takes_no_part_in_training():
    x, lengths = frames().requires_grad_(), torch.tensor([25, 1, 7, 4, 13])
    wide = torch.nn.functional.pad(x.detach(), (0, 31), value=7.0).requires_grad_()
    grads, norms = [], []
    for given in (x, wide):
        made = pooling().train()
        made(given, lengths).square().sum().backward()
        grads.append(given.grad.transpose(1, 2))
        norms.append({name: tensor for name, tensor in made.state_dict().items() if "running" in name})
        assert all(p.grad is not None and p.grad.isfinite().all() for p in made.parameters())
        assert all(attention.outer.weight.grad.any() for attention in made.windows.values())
    real = torch.arange(25) < lengths[:, None]
    assert grads[0][real].abs().amax(dim=1).gt(0).all() and not grads[0][~real].any()
    torch.testing.assert_close(grads[1][:, :25], grads[0], rtol=1e-4, atol=1e-5)
    assert not grads[1][:, 25:].any()
    torch.testing.assert_close(norms[1], norms[0])


def test_frames_that_are_all_alike_have_a_gradient():
    x = torch.ones(2, DIM, 9, requires_grad=True)
    pooling()(x, torch.tensor([9, 1])).sum().backward()
    assert x.grad.isfinite().all()


def test_the_gradient_is_that_of_finite_differences():
    made, x, lengths = pooling([4]).eval(), frames(9, 2).requires_grad_(), torch.tensor([9, 5])
    made(x, lengths).square().sum().backward()
    direction, step = torch.randn(x.shape), 3e-3
    with torch.no_grad():
        above, below = (made(x + sign * step * direction, lengths).double().square().sum() for sign in (1, -1))
    assert ((above - below) / (2 * step)).item() == pytest.approx((x.grad * direction).sum().item(), rel=1e-2)


def _one_of_two(rank, port, made, x, lengths, results):
    distributed.init_process_group("gloo", f"tcp://localhost:{port}", world_size=2, rank=rank)
    made = copy.deepcopy(made)  # what comes from the other process is shared with it
    mine, its = x[rank::2], lengths[rank::2]
    mine = mine[..., : its.max()].clone().requires_grad_()  # each process pads to the longest of its own
    pooled = made(mine, its)
    pooled.square().sum().backward()
    norms = {name: tensor for name, tensor in made.state_dict().items() if "running" in name}
    results[rank] = (pooled.detach(), mine.grad.clone(), norms)
    distributed.destroy_process_group()


def test_two_processes_pool_as_one():
    made, x, lengths = pooling().train(), frames(), torch.tensor([25, 13, 7, 4, 1])
    whole, one = x.clone().requires_grad_(), copy.deepcopy(made)
    expected = one(whole, lengths)
    expected.square().sum().backward()
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    with multiprocessing.Manager() as manager:
        results = manager.dict()
        multiprocessing.spawn(_one_of_two, (port, made, x, lengths, results), nprocs=2)
        for rank in (0, 1):
            pooled, gradient, norms = results[rank]
            torch.testing.assert_close(pooled, expected[rank::2].detach(), rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(gradient, whole.grad[rank::2, :, : gradient.shape[2]], rtol=1e-3, atol=1e-3)
            for name, tensor in norms.items():
                torch.testing.assert_close(tensor, one.state_dict()[name], rtol=1e-4, atol=1e-5)


def test_half_precision_is_for_the_attention_only():
    made, x, lengths = pooling().eval(), frames(), torch.tensor([25, 1, 7, 4, 13])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        pooled = made(x.bfloat16(), lengths)
    assert pooled.dtype == torch.float32
    torch.testing.assert_close(pooled, made(x.bfloat16().float(), lengths), rtol=0.1, atol=0.1)


@pytest.mark.parametrize("windows", [[], [5], [0], [-4], [4, 4], ["4"], [True], 4, "20", [4.0]])
def test_windows_that_cannot_be_are_told(windows):
    with pytest.raises(GeoLIDError, match="window_frames: found .*, expected a list of even numbers of frames"):
        build_model({**CONF, **OPTIONS, "pooling_conf": {"window_frames": windows}})


def test_both_options_build_from_a_config_at_layers_too_and_again_from_the_one_that_is_written(tmp_path):
    torch.manual_seed(3)
    model = build_model({**WITH_BOTH, "pooling_condition": "multi_resolution"}).eval()
    torch.nn.init.normal_(model.frontend.layer_weights)
    assert model.frontend.layer_weights.shape == (5, 16)
    assert model.pooling.window_frames == [4, 10] and model.conditioning.pooling["1"].window_frames == [20, 100]
    conf = {**WITH_BOTH, "pooling_condition": "multi_resolution"}
    languages = ["deu", "fra", "ita", "nld", "pol"]
    written = yaml.safe_load(yaml.safe_dump(config_to_build(conf, encoder_config(model), languages)))
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, tmp_path / "a.safetensors")
    again = build_trained(written, tmp_path / "a.safetensors").eval()
    speech, lengths = torch.randn(2, 16000), torch.tensor([16000, 9000])
    assert torch.equal(again.identify(speech, lengths).logits, model.identify(speech, lengths).logits)
    # and no utterance depends on its neighbours
    alone = model.identify(speech[1:, :9000], lengths[1:]).logits
    torch.testing.assert_close(model.identify(speech, lengths).logits[1:], alone, rtol=1e-4, atol=1e-4)


def test_a_step_of_training_reaches_all_of_both_options():
    torch.manual_seed(3)
    model = build_model(WITH_BOTH).train()
    speech, lengths = torch.randn(4, 32000), torch.tensor([32000, 9000, 20000, 32000])
    loss, _, _ = model(speech, lengths, torch.tensor([0, 1, 2, 1]), lang2vecs=torch.rand(4, 299))
    loss.backward()
    assert model.frontend.layer_weights.grad.ne(0).all()
    for name, parameter in model.pooling.named_parameters():
        if not name.endswith("outer.bias") and name != "attention.3.bias":  # a softmax does not mind them
            assert parameter.grad.abs().sum() > 0, name


def test_a_model_with_both_options_is_packed_and_answers_as_before(tmp_path):
    parts = {key: WITH_BOTH[key] for key in ("frontend", "frontend_conf", "pooling", "pooling_conf")}
    exp = make_finished(tmp_path, **parts)
    with open_model(exp) as files:
        archive = pack(files, tmp_path / "packed").archive
    wave = np.random.default_rng(0).uniform(-0.5, 0.5, 16000).astype(np.float32), 16000
    before, after = (
        geolid.LanguageIdentifier.from_pretrained(place, device="cpu").identify(wave) for place in (exp, archive)
    )
    assert before.probabilities == pytest.approx(after.probabilities, abs=1e-6)
    np.testing.assert_allclose(after.embedding, before.embedding, atol=1e-6)


@pytest.mark.parametrize("with_both", [False, True])
def test_the_system_on_w2v_bert_has_the_size_that_its_config_tells(with_both):
    conf = read_config(ROOT / "conf/voxlingua107_only/w2v_bert2_geolid.yaml")
    if with_both:
        conf |= {"pooling": "multi_resolution"}
        conf["frontend_conf"] |= {"layer_weights": "per_dimension"}
    with torch.device("meta"):
        model = build_model({**conf, "lang_num": 107}, load_encoder=False)
    encoder = model.frontend.encoder
    assert (encoder.num_layers, encoder.width, encoder.bands, encoder.hop) == (24, 1024, 80, 320)
    assert int(sum(parameter.numel() for parameter in encoder.parameters()) / 1e6) == 580
    assert model.conditioning.layers == [16, 18, 20, 22]
    assert model.frontend.layer_weights.shape == ((25, 1024) if with_both else (25,))
    assert model.pooling.output_size() == 3072 * (3 if with_both else 1)
    assert model.projector.output_size() == 192 and model.loss.weight.shape == (3 * 107, 192)
    assert model.vector_head.out_features == 299
