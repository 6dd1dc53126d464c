"""ESPnet's log mel front end without a part for neighbours."""

import pytest
import torch
from espnet2.asr.frontend.default import DefaultFrontend

from geolid.model.stft_log_mel import StftLogMelFrontend

CONFS = [{}, {"n_fft": 512, "win_length": 400, "hop_length": 160, "n_mels": 40}, {"window": None, "normalized": True}]


@pytest.mark.parametrize("conf", CONFS)
@pytest.mark.parametrize("samples", [300, 4000, 16001])
def test_one_utterance_gives_what_it_gives_in_espnet(conf, samples):
    speech, lengths = torch.randn(1, samples), torch.tensor([samples])
    ours, theirs = StftLogMelFrontend(**conf), DefaultFrontend(**conf)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    features, frames = ours(speech, lengths)
    expected, expected_frames = theirs(speech, lengths)
    assert frames.tolist() == expected_frames.tolist()
    assert torch.allclose(features, expected, atol=1e-4)


@pytest.mark.parametrize("conf", CONFS)
def test_neighbours_and_padding_have_no_part(conf):
    frontend = StftLogMelFrontend(**conf)
    lengths = torch.tensor([9000, 400, 8999, 7000])
    speech = torch.randn(4, 9500)  # what stands behind an utterance's end is no silence
    together, frames = frontend(speech, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone, (count,) = frontend(speech[row : row + 1, :length], lengths[row : row + 1])
        assert frames[row] == count
        assert torch.allclose(together[row, :count], alone[0], atol=1e-5)
        assert not together[row, count:].any()
