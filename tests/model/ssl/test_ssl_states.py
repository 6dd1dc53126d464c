"""The hidden states against those of transformers."""

import pytest
import torch
from tiny_encoders import CONFIGS, LAYERS, WIDTH, batch, frontend, noise, their_extractor, their_model, their_states

from geolid.model.log_mel import fbank
from geolid.model.ssl.wav2vec2_bert import _along_distance, _standardize


def close(found, expected, tolerance=1e-5):
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("samples", [16000, 8247])
def test_every_state_of_an_utterance_is_that_of_transformers(kind, samples):
    (wave,) = noise(samples)
    encoder = frontend(kind).encoder
    frames = int(encoder.frame_lengths(torch.tensor([samples])))
    expected = their_states(kind, their_model(kind), [wave])
    with torch.no_grad():
        found = list(encoder.hidden_states(*batch(wave)))
    assert len(found) == len(expected) == LAYERS + 1
    # the front end of w2v-BERT is computed in float64 there, in float32 here
    tolerance = 1e-3 if kind.startswith("bert") else 1e-5
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == (1, frames, WIDTH)
        close(ours, theirs[:, :frames], tolerance)


@pytest.mark.parametrize("kind", ["stable", "bert", "bert_relative"])
def test_every_state_of_a_batch_is_that_of_transformers(kind):
    waves = noise(16000, 9000, 12345)
    encoder = frontend(kind).encoder
    expected = their_states(kind, their_model(kind), waves)
    speech, lengths = batch(*waves)
    with torch.no_grad():
        found = list(encoder.hidden_states(speech, lengths))
    for ours, theirs in zip(found, expected, strict=True):
        for row, frames in enumerate(encoder.frame_lengths(lengths).tolist()):
            close(ours[row, :frames], theirs[row, :frames], 1e-3 if kind.startswith("bert") else 1e-5)


@pytest.mark.parametrize("kind", ["bert", "bert_relative", "bert_rotary", "bert_none"])
def test_the_conformer_itself_is_that_of_transformers_closely(kind):
    """Fed with the same features, there is no float64 to differ by."""
    (wave,) = noise(16000)
    encoder = frontend(kind).encoder
    banks, lengths = fbank(*batch(wave))
    stacked = _standardize(banks, lengths).reshape(1, -1, 160)
    with torch.no_grad():
        *_, found = encoder.hidden_states(*batch(wave))
        close(found, their_model(kind)(stacked).last_hidden_state)


@pytest.mark.parametrize("samples", [16000, 12345, 560, 700])
def test_filter_banks_are_those_of_the_seamless_feature_extractor(samples):
    (wave,) = noise(samples)
    their = their_extractor("bert")(wave.numpy(), sampling_rate=16000, return_tensors="pt")
    frames = int(their["attention_mask"].sum())
    banks, lengths = fbank(*batch(wave))
    ours = _standardize(banks, lengths)[:, : 2 * frames].reshape(1, frames, 160)
    close(ours, their["input_features"][:, :frames], 1e-3)
    assert frontend("bert").encoder.frame_lengths(torch.tensor([samples])) == frames


def test_other_numbers_of_bands_work():
    encoder = frontend("bert", changes={"feature_projection_input_dim": 46}).encoder
    assert encoder.bands == 23
    assert len(list(encoder.hidden_states(*batch(*noise(8000, 5000))))) == LAYERS + 1


@pytest.mark.parametrize("frames", [1, 2, 4, 5, 10, 30])
def test_scores_of_distances_reach_the_keys_at_that_distance(frames):
    left, right = 9, 4
    scores = torch.randn(2, 3, frames, left + 1 + right)
    found = _along_distance(scores, left, right)
    for query in range(frames):
        for key in range(frames):
            place = left + max(-left, min(key - query, right))
            assert torch.equal(found[:, :, query, key], scores[:, :, query, place])


def test_without_do_normalize_waves_stay_as_they_are():
    (wave,) = noise(8000)
    model = their_model("stable")
    encoder = frontend("stable", overrides={"do_normalize": False}).encoder
    with torch.no_grad():
        *_, found = encoder.hidden_states(*batch(wave))
        close(found, model(wave[None]).last_hidden_state)
        assert not torch.allclose(found, their_states("stable", model, [wave])[-1], atol=1e-3)
