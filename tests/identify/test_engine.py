"""A model's answers to waves."""

import numpy as np
import pytest
import torch

from geolid.data.audio import AudioError
from geolid.errors import GeoLIDError
from geolid.identify.cpu import prepare_cpu
from geolid.identify.engine import Engine, layer_weights
from geolid.identify.scores import probabilities
from geolid.model.build import build_model
from toy_identifier import LANGUAGES, MODEL, NO_PLACES, make_experiment

SSL = {
    "frontend": "ssl",
    "frontend_conf": {
        "config": {
            "model_type": "wav2vec2-bert",
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 24,
            "feature_projection_input_dim": 160,
            "conv_depthwise_kernel_size": 3,
        }
    },
}


def waves() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [0.1 * rng.standard_normal(n).astype(np.float32) for n in rng.integers(2000, 40_000, 33)]


def all_logits(engine: Engine, speech: list[np.ndarray], batch_size: int, order: np.ndarray | None = None):
    order = np.arange(len(speech)) if order is None else order
    logits = np.full((len(speech), len(engine.languages)), np.nan)
    limits = engine.limits(1000, batch_size)
    for answers in engine.answer_all([len(speech[n]) for n in order], lambda n: speech[order[n]], limits):
        logits[order[answers.rows]] = answers.logits
    return logits


@pytest.fixture
def exp(tmp_path):
    return make_experiment(tmp_path / "exp")


def load(exp, **options) -> Engine:
    return Engine.load(exp / "config.yaml", exp / MODEL, **options)


def test_answers_are_the_models_own(exp):
    engine, wave = load(exp), waves()[0]
    (answers,) = engine.answer_all([len(wave)], lambda _: wave, engine.limits())
    model = build_model({**load_conf(exp)}).eval()
    model.load_state_dict(torch.load(exp / MODEL, weights_only=True))
    with torch.inference_mode():
        found = model.identify(torch.from_numpy(wave)[None], torch.tensor([len(wave)]))
    assert answers.logits == pytest.approx(found.logits.numpy(), abs=1e-4)
    assert answers.vectors == pytest.approx(found.vector.numpy(), abs=1e-4)
    embedding = found.embedding[0].numpy()
    assert answers.embeddings[0] == pytest.approx(embedding / np.linalg.norm(embedding), abs=1e-4)
    assert (engine.languages, engine.vector_kind) == (LANGUAGES, "geo")


def load_conf(exp) -> dict:
    from geolid.model.experiment import read_config

    return read_config(exp / "config.yaml")


@pytest.mark.parametrize("changes", [{}, SSL], ids=["log_mel", "ssl"])
def test_answers_depend_neither_on_batch_size_nor_on_order_nor_on_neighbours(tmp_path, changes):
    engine, speech = load(make_experiment(tmp_path / "exp", **changes)), waves()
    alone = probabilities(all_logits(engine, speech, 1))
    assert np.isfinite(alone).all()
    for batch_size in (2, 5, 32):
        assert probabilities(all_logits(engine, speech, batch_size)) == pytest.approx(alone, abs=1e-4)
    order = np.random.default_rng(1).permutation(len(speech))
    assert probabilities(all_logits(engine, speech, 5, order)) == pytest.approx(alone, abs=1e-4)


def test_candidates_are_columns_of_all(exp):
    speech = waves()[:3]
    of_all = all_logits(load(exp), speech, 1)
    engine = load(exp, candidates=["pol", "deu"])
    assert engine.languages == ["deu", "pol"]
    assert all_logits(engine, speech, 1) == pytest.approx(of_all[:, [0, 3]])
    engine = load(exp)
    engine.restrict(["deu", "ita", "pol"])
    engine.restrict(["ita", "pol"])
    assert all_logits(engine, speech, 1) == pytest.approx(of_all[:, [2, 3]])


def test_an_utterance_that_cannot_be_read_is_a_fault_and_the_others_are_answered(exp):
    engine, speech = load(exp), waves()[:3]

    def read(number: int) -> np.ndarray:
        if number == 1:
            raise AudioError("broken")
        return speech[number]

    (answers,) = engine.answer_all([len(wave) for wave in speech], read, engine.limits())
    assert sorted(answers.rows.tolist()) == [0, 2]
    assert answers.faults == {1: "broken"}


def test_an_answer_that_is_no_number_is_a_fault(exp):
    engine, speech = load(exp), waves()[:2]
    speech[1] = np.full(9000, np.inf, np.float32)
    (answers,) = engine.answer_all([len(wave) for wave in speech], speech.__getitem__, engine.limits())
    assert answers.rows.tolist() == [0]
    assert answers.faults == {1: "the model's answer is no number"}
    assert len(answers.logits) == len(answers.embeddings) == len(answers.vectors) == 1


def test_a_model_without_places_has_no_vectors(tmp_path):
    engine, wave = load(make_experiment(tmp_path / "exp", **NO_PLACES)), waves()[0]
    (answers,) = engine.answer_all([len(wave)], lambda _: wave, engine.limits())
    assert engine.vector_kind is None and answers.vectors is None


def test_layer_weights_are_shares_of_the_encoders_states(tmp_path):
    engine = load(make_experiment(tmp_path / "ssl", **SSL))
    with torch.no_grad():
        engine.model.frontend.layer_weights.copy_(torch.tensor([0.0, 0.0, np.log(2.0)]))
    assert layer_weights(engine.model) == pytest.approx([0.25, 0.25, 0.5])
    each = {**SSL, "frontend_conf": {**SSL["frontend_conf"], "layer_weights": "per_dimension"}}
    engine = load(make_experiment(tmp_path / "each", **each))
    weights = engine.model.frontend.layer_weights
    with torch.no_grad():
        weights[2, : weights.shape[1] // 2] = np.log(2.0)  # of half the dimensions
    assert layer_weights(engine.model) == pytest.approx([7 / 24, 7 / 24, 5 / 12])
    assert layer_weights(load(make_experiment(tmp_path / "log_mel")).model) is None


def test_convolutions_through_onednn_give_the_same(exp):
    engine = load(exp)
    plain = build_model(load_conf(exp)).eval()
    plain.load_state_dict(engine.model.state_dict())
    wave = torch.from_numpy(waves()[0])[None]
    length = torch.tensor([wave.shape[1]])
    with torch.inference_mode():
        before = plain.identify(wave, length).logits
        prepare_cpu(plain)
        assert torch.allclose(plain.identify(wave, length).logits, before, atol=1e-4)


def test_a_damaged_or_strange_checkpoint_is_told(exp, tmp_path):
    whole = (exp / MODEL).read_bytes()
    (exp / MODEL).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GeoLIDError, match=f"{MODEL}: cannot be read as weights .*; it is damaged"):
        load(exp)
    other = make_experiment(tmp_path / "other", encoder_conf={"model_scale": 4, "ndim": 32, "output_size": 24})
    (exp / MODEL).write_bytes((other / MODEL).read_bytes())
    with pytest.raises(GeoLIDError, match="does not fit the model: parameters .* of another size: encoder"):
        load(exp)
