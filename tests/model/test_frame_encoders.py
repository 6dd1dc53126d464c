"""ECAPA-TDNN and pooling: ESPnet's results where there is no padding, and none of padding's where there is."""

import pytest
import torch
from espnet2.spk.encoder.ecapa_tdnn_encoder import EcapaTdnnEncoder
from espnet2.spk.pooling.chn_attn_stat_pooling import ChnAttnStatPooling
from espnet2.spk.pooling.mean_pooling import MeanPooling
from espnet2.spk.pooling.stat_pooling import StatsPooling

from geolid.model.frame_encoders import MaskedEcapaTdnnEncoder, MaskedIdentityEncoder
from geolid.model.pooling import AttentiveStatsPooling

CONF = {"model_scale": 4, "ndim": 16, "output_size": 24}


def lively(module):
    """Batch norms of a new module do nothing in evaluation; give them something to do."""
    for name, buffer in module.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.uniform_(0.5, 1.5)
    return module


@pytest.fixture
def ecapa():
    torch.manual_seed(2)
    return lively(MaskedEcapaTdnnEncoder(12, **CONF))


@pytest.mark.parametrize("training", [False, True])
def test_ecapa_is_espnets_without_padding(ecapa, training):
    theirs = EcapaTdnnEncoder(12, **CONF)
    theirs.load_state_dict(ecapa.state_dict())
    x = torch.randn(3, 40, 12)
    ecapa.train(training), theirs.train(training)
    torch.testing.assert_close(ecapa(x, torch.tensor([40, 40, 40])), theirs(x), rtol=1e-4, atol=1e-5)
    for name, buffer in theirs.named_buffers():
        torch.testing.assert_close(ecapa.get_buffer(name), buffer)


@pytest.mark.parametrize("pooling", [AttentiveStatsPooling, MeanPooling, StatsPooling])
def test_an_utterance_alone_and_in_a_batch_come_out_the_same(ecapa, pooling):
    pool = lively(pooling(CONF["output_size"])).eval()
    ecapa.eval()
    lengths = torch.tensor([40, 7, 23])
    x = torch.randn(3, 40, 12)  # what stands in padding is anything
    together = pool(ecapa(x, lengths), lengths)
    for row, length in enumerate(lengths):
        alone = pool(ecapa(x[row : row + 1, :length], lengths[row : row + 1]), lengths[row : row + 1])
        torch.testing.assert_close(together[row], alone[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_attentive_pooling_is_espnets(training):
    torch.manual_seed(3)
    ours = lively(AttentiveStatsPooling(24)).train(training)
    theirs = ChnAttnStatPooling(24).train(training)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(3, 24, 30) * 2 + 1
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-5)
    if not training:  # there padding takes part in ESPnet's batch norm
        lengths = torch.tensor([30, 11, 20])
        torch.testing.assert_close(ours(x, lengths), theirs(x, lengths), rtol=1e-4, atol=1e-4)


def test_identity_hands_frames_on():
    x = torch.randn(2, 5, 3)
    assert torch.equal(MaskedIdentityEncoder(3)(x, torch.tensor([5, 2])), x.transpose(1, 2))
