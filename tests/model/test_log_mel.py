import numpy as np
import pytest
import torch
from torchaudio.compliance import kaldi

from geolid.errors import GeoLIDError
from geolid.model.log_mel import LogMelFrontend, fbank


def noise(samples: int, seed: int = 0, offset: float = 0.0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(offset, 0.1, samples)).float()


def batch(*waves: torch.Tensor, filler: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Waves of any lengths as (batch, samples) and their lengths."""
    return (
        torch.nn.utils.rnn.pad_sequence(list(waves), batch_first=True, padding_value=filler),
        torch.tensor([len(wave) for wave in waves]),
    )


@pytest.mark.parametrize(("rate", "bands"), [(16000, 80), (16000, 40), (8000, 23), (44100, 64)])
def test_it_is_torchaudios_of_each_utterance(rate, bands):
    waves = [noise(rate), noise(rate // 3, 1, offset=0.3), noise(rate // 2 + 7, 2) * 1e-3]
    features, lengths = fbank(*batch(*waves), bands=bands, rate=rate)
    assert features.shape == (3, lengths.max(), bands)
    for i, wave in enumerate(waves):
        expected = kaldi.fbank(wave[None] * 32768, num_mel_bins=bands, sample_frequency=rate)
        assert lengths[i] == len(expected)
        torch.testing.assert_close(features[i, : lengths[i]], expected, rtol=1e-4, atol=1e-4)
        assert not features[i, lengths[i] :].any()


def test_the_limits_of_the_bands_are_kept():
    expected = kaldi.fbank(noise(8000)[None] * 32768, num_mel_bins=30, low_freq=100, high_freq=7600)
    features, _ = fbank(*batch(noise(8000)), bands=30, low=100, high=7600)
    torch.testing.assert_close(features[0], expected, rtol=1e-4, atol=1e-4)


def test_a_long_batch_is_the_same_in_blocks():
    """More windows than are computed at once."""
    wave = noise(16000 * 25)
    expected = kaldi.fbank(wave[None] * 32768, num_mel_bins=80)
    features, _ = fbank(*batch(wave, wave[:8000]))
    torch.testing.assert_close(features[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 559, 560])
def test_around_one_window(samples):
    """What is shorter than a window is filled up with zeros, whatever stands in the batch after it."""
    features, lengths = fbank(*batch(noise(samples), noise(4000, 1), filler=0.5))
    filled = torch.nn.functional.pad(noise(samples), (0, max(400 - samples, 0)))
    expected = kaldi.fbank(filled[None] * 32768, num_mel_bins=80)
    assert lengths.tolist() == [len(expected), 23]
    torch.testing.assert_close(features[0, : len(expected)], expected, rtol=1e-4, atol=1e-4)

    alone, _ = fbank(*batch(noise(samples)))
    assert alone.shape[1] == len(expected)
    torch.testing.assert_close(alone[0], features[0, : len(expected)], rtol=0, atol=1e-5)


def test_a_constant_is_silence():
    """An offset of 16-bit audio leaves nothing behind, as little as zeros do."""
    features, _ = fbank(*batch(torch.full((1600,), 9831 / 32768), torch.zeros(1600)))
    assert (features == torch.tensor(torch.finfo(torch.float32).eps).log()).all()


def test_autocast_does_not_coarsen_them():
    expected, _ = fbank(*batch(noise(8000)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features, _ = fbank(*batch(noise(8000)))
    assert features.dtype == torch.float32
    assert torch.equal(features, expected)


def test_inference_first_does_not_spoil_training():
    with torch.inference_mode():
        fbank(*batch(noise(8000)), bands=31)
    wave = noise(8000).requires_grad_()
    fbank(wave[None], torch.tensor([8000]), bands=31)[0].sum().backward()
    assert wave.grad.abs().sum() > 0


@pytest.mark.parametrize("fs", [8000, "8k"])
def test_the_frontend_takes_espnets_options(fs):
    frontend = LogMelFrontend(fs=fs, n_mels=24)
    features, lengths = frontend(*batch(noise(8000), noise(4000, 1)))
    assert features.shape == (2, 98, frontend.output_size()) == (2, 98, 24)
    assert lengths.tolist() == [98, 48]
    expected, _ = fbank(*batch(noise(8000), noise(4000, 1)), bands=24, rate=8000)
    assert torch.equal(features, expected)
    assert not list(frontend.state_dict())


def test_too_few_bands_are_told():
    with pytest.raises(GeoLIDError, match="n_mels: 3; expected 4 or more bands"):
        LogMelFrontend(n_mels=3)
