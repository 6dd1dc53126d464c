"""The convolutional network over pictures, and the configs that are built of it."""

import pytest
import torch
from torch import nn

from conftest import ROOT
from geolid.errors import GeoLIDError
from geolid.model.build import build_model
from geolid.model.picture_cnn import OnlyFrame, PictureCNN
from geolid.train.config import read_config

SMALL = {
    "frontend": "mel_picture",
    "frontend_conf": {"seconds": 0.5, "size": 16},
    "normalize": None,
    "encoder": "picture_cnn",
    "encoder_conf": {"channels": [3, 4], "dense": 8},
    "pooling": "identity",
    "projector": "identity",
    "loss": "cross_entropy",
    "lang_num": 5,
}


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(3, 12_000), torch.tensor([12_000, 3_000, 8_000])


def test_the_published_network():
    conf = read_config(ROOT / "conf/baselines/mel_cnn.yaml")
    with torch.device("meta"):
        model = build_model({**conf, "lang_num": 176})
    shapes = [tuple(p.shape) for name, p in model.named_parameters() if name.endswith("weight")]
    sizes = [1, 16, 32, 64, 128, 256]
    convolutions = [(after, before, 3, 3) for before, after in zip(sizes[:-1], sizes[1:], strict=True)]
    assert shapes == [*convolutions, (512, 256 * 6 * 6), (176, 512)]
    kinds = [type(module) for module in model.encoder.blocks.modules() if not list(module.children())]
    assert kinds == 5 * [nn.Conv2d, nn.MaxPool2d, nn.ELU]


def test_the_small_config_trains_and_answers():
    conf = read_config(ROOT / "conf/mini/mel_cnn.yaml")
    torch.manual_seed(0)
    model = build_model({**conf, "lang_num": 24})
    speech, lengths = torch.randn(4, 40_000), torch.tensor([40_000, 16_000, 30_000, 39_999])
    loss, stats, weight = model(speech, lengths, torch.tensor([0, 5, 5, 23]))
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert weight == 4 and 0 <= stats["accuracy"] <= 1
    assert model.eval().identify(speech, lengths).logits.shape == (4, 24)


def test_blocks_convolve_then_bend_then_pool():
    """Pooling may come first, as ELU only rises."""
    torch.manual_seed(0)
    encoder = PictureCNN(20, 24, [3, 4], dense=6, dropout=0.0)
    x = torch.randn(2, 24, 20)
    expected = x[:, None]
    for block in encoder.blocks:
        expected = nn.functional.max_pool2d(nn.functional.elu(block[0](expected)), 2)
    expected = nn.functional.elu(encoder.dense(expected.flatten(1)))
    assert encoder.output_size() == 6
    torch.testing.assert_close(encoder(x), expected[..., None])


@pytest.mark.parametrize("batch_norm", [False, True])
def test_no_answer_depends_on_the_others_in_the_batch(batch_norm):
    torch.manual_seed(1)
    conf = {**SMALL["encoder_conf"], "batch_norm": batch_norm}
    model = build_model({**SMALL, "encoder_conf": conf})
    speech, lengths = batch()
    model(speech, lengths, torch.tensor([0, 1, 2]))  # batch norms have seen something
    model.eval()
    together = model.identify(speech, lengths).logits
    for row, length in enumerate(lengths):
        alone = model.identify(speech[row : row + 1, :length], lengths[row : row + 1]).logits
        torch.testing.assert_close(together[row], alone[0], rtol=1e-4, atol=1e-5)


def test_batch_norm_is_torchs_over_whole_pictures_with_the_statistics_of_all_processes(monkeypatch):
    """As two processes see one batch each, whose sums are added up: here both see the same."""
    torch.manual_seed(2)
    norm = PictureCNN(16, 16, [3], batch_norm=True).blocks[0][2]
    theirs = nn.BatchNorm2d(3)
    x = 2 * torch.randn(4, 3, 6, 6) + 1
    torch.testing.assert_close(norm(x), theirs(x))
    torch.testing.assert_close(norm.running_var, theirs.running_var)
    torch.testing.assert_close(norm.eval()(x), theirs.eval()(x))
    norm.train(), theirs.train()
    monkeypatch.setattr("geolid.model.batch_norm._processes", lambda: 2)
    monkeypatch.setattr("geolid.model.batch_norm.distributed.all_reduce", lambda total: total.mul_(2))
    torch.testing.assert_close(norm(x), theirs(x.repeat(2, 1, 1, 1))[:4])
    torch.testing.assert_close(norm.running_var, theirs.running_var)


def test_dropout_is_for_training_only():
    encoder = PictureCNN(16, 16, [3], dense=400, dropout=0.5)
    x = torch.randn(1, 16, 16)
    assert 100 < (encoder(x) == 0).sum() < 300
    assert (encoder.eval()(x) == 0).sum() == 0


@pytest.mark.parametrize(
    ("encoder_conf", "told"),
    [
        ({"channels": []}, "encoder_conf: channels: expected a list with the channels of each block"),
        ({"channels": "16"}, "channels: expected a list"),
        ({"channels": [16, 0]}, "channels: expected a list"),
        ({"channels": [2] * 5}, "5 blocks halve a picture of 16 x 16 to nothing; take fewer"),
        ({"dense": "many"}, "dense: found 'many', expected a whole number"),
        ({"channel": [16]}, "unknown key 'channel'"),
        ({"columns": 16}, "unknown key 'columns'"),  # follows from the front end
    ],
)
def test_values_that_cannot_be_are_told(encoder_conf, told):
    with pytest.raises(GeoLIDError, match=told):
        build_model({**SMALL, "encoder_conf": encoder_conf})


def test_parts_that_do_not_go_together_are_told():
    with pytest.raises(GeoLIDError, match="picture_cnn: frontend: log_mel gives .*take frontend: mel_picture"):
        build_model({**SMALL, "frontend": "log_mel", "frontend_conf": {"n_mels": 16}})
    speech, lengths = batch()
    model = build_model({**SMALL, "encoder": "linear", "encoder_conf": {}})
    with pytest.raises(GeoLIDError, match="pooling: identity: found 16 frames an utterance, expected 1"):
        model.identify(speech, lengths)


def test_the_only_frame_is_the_utterance():
    x = torch.randn(2, 7, 1)
    assert torch.equal(OnlyFrame(7)(x, torch.tensor([192, 192])), x[..., 0])
