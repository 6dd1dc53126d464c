import pytest
import torch
from tiny_encoders import batch, frontend, noise

from geolid.model.ssl.spec_augment import span_mask


def spans(row: torch.Tensor) -> int:
    return int((row.int().diff(prepend=torch.zeros(1, dtype=torch.int)) == 1).sum())


def test_spans_lie_within_the_real_frames():
    lengths = torch.tensor([100, 57, 10, 9, 1])
    torch.manual_seed(0)
    for _ in range(50):
        mask = span_mask(lengths, 100, share=0.3, span=10, fewest=2)
        assert mask.shape == (5, 100)
        assert not (mask & (torch.arange(100) >= lengths[:, None])).any()
        assert mask[2].sum() == 10  # one place to start at
        assert not mask[3:].any()  # none
        assert 10 <= mask[0].sum() <= 40
        assert spans(mask[0]) >= 1


def test_the_share_that_is_masked_is_as_asked_for():
    torch.manual_seed(0)
    # short spans hardly overlap
    drawn = torch.stack([span_mask(torch.tensor([400] * 8), 400, 0.1, 2, 0) for _ in range(50)])
    assert drawn.float().mean().item() == pytest.approx(0.1 * (1 - 0.05), abs=0.01)
    assert drawn.float().mean((0, 1))[5:-5].min() > 0.04  # every place comes up


def test_the_fewest_spans_are_kept_to_and_the_same_seed_gives_the_same():
    torch.manual_seed(0)
    mask = span_mask(torch.tensor([1000] * 20), 1000, 0.0, 3, 2)
    torch.manual_seed(0)
    assert torch.equal(mask, span_mask(torch.tensor([1000] * 20), 1000, 0.0, 3, 2))
    assert set(mask.sum(1).tolist()) <= {4, 5, 6}
    assert not span_mask(torch.tensor([5, 5]), 5, 0.9, 10, 2).any()


@pytest.mark.parametrize("kind", ["stable", "bert"])
def test_training_masks_frames_of_the_encoder_and_evaluation_none(kind):
    """Masked frames of what the first layer hears are the same vector; the padding behind never is."""
    calm = dict.fromkeys(("hidden_dropout", "feat_proj_dropout", "mask_feature_prob"), 0.0)
    encoder = frontend(kind, overrides={**calm, "mask_time_prob": 0.4}).encoder
    speech, lengths = batch(*noise(32000, 9000))
    frames = encoder.frame_lengths(lengths)
    features = encoder._features(encoder._fit(speech, lengths), lengths)
    torch.manual_seed(0)
    masked = encoder.train()._spec_augment(features, frames)
    hit = (masked == encoder.model.masked_spec_embed).all(-1)
    assert 0.1 < hit[0].float().mean() < 0.5
    assert torch.equal(masked[~hit], features[~hit])
    assert hit[1, : frames[1]].any()
    assert not hit[1, frames[1] :].any()
    assert encoder.eval()._spec_augment(features, frames) is features


def test_channels_are_masked_with_zeros_and_apply_spec_augment_switches_all_off():
    speech, lengths = batch(*noise(8000))
    options = {"mask_time_prob": 0.0, "mask_feature_prob": 0.3, "mask_feature_length": 4, "feat_proj_dropout": 0.0}
    encoder = frontend("stable", overrides=options).encoder
    features = encoder._features(speech, lengths)
    masked = encoder.train()._spec_augment(features, encoder.frame_lengths(lengths))
    silent = (masked == 0).all(1)[0]
    assert 4 <= silent.sum() <= 12
    assert torch.equal(masked[..., ~silent], features[..., ~silent])
    encoder.model.config.apply_spec_augment = False
    assert encoder._spec_augment(features, encoder.frame_lengths(lengths)) is features
