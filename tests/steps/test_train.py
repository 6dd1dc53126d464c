"""Stage 5 as a user runs it, on tones: a language is a pitch."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import yaml

from conftest import environment, make_data_dir, run
from slurm_cluster import missing_programs, slurm_cluster

STAGE = "steps/05_train.sh"
PITCHES = {"deu": 200, "fra": 400, "ita": 800}
CONFIG = """
based_on: mini/geolid.yaml
model_conf: {lang2vec_conditioning_layers: [0]}
frontend_conf:
  config: {hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 24,
           stride: 2, feature_projection_input_dim: 160, conv_depthwise_kernel_size: 3}
encoder_conf: {model_scale: 4, ndim: 16, output_size: 24}
projector_conf: {output_size: 12}
projector_condition_conf: {output_size: 12}
preprocessor_conf: {fix_duration: false, voice_apply_prob: 0.0, telephone_apply_prob: 0.0}
batch_bins: 64000
max_batch_size: 6
num_iters_per_epoch: 6
max_epoch: 3
num_workers: 0
log_interval: 2
scheduler_conf: {max_lr: 0.003}
max_collapsed_epochs: 99
"""


@pytest.fixture
def corpus(recipe) -> Path:
    """data/train and data/valid with their lengths, and conf/tiny.yaml."""
    generator = np.random.default_rng(0)
    for name, count in (("train", 6), ("valid", 3)):
        audio, shapes = {}, {}
        for language, pitch in PITCHES.items():
            for number in range(count):
                utt, samples = f"{language}_{name}_{number}", int(generator.integers(6000, 14000))
                wave = 0.3 * np.sin(2 * np.pi * pitch * np.arange(samples) / 16000)
                soundfile.write(
                    recipe / f"{utt}.wav", wave + 0.01 * generator.standard_normal(samples), 16000, subtype="PCM_16"
                )
                audio[utt], shapes[utt] = (language, f"{utt}.wav"), samples
        make_data_dir(recipe / "data" / name, audio)
        (recipe / "stats" / name).mkdir(parents=True)
        (recipe / "stats" / name / "speech_shape").write_text(
            "".join(f"{utt} {samples}\n" for utt, samples in sorted(shapes.items()))
        )
    (recipe / "tiny.yaml").write_text(CONFIG.replace("mini/", "conf/mini/"))
    return recipe


ARGUMENTS = ("data/train", "data/valid", "stats")


def train(corpus, *options, into="exp", ok=True):
    return run(STAGE, "--lid_config", "tiny.yaml", *options, *ARGUMENTS, into, cwd=corpus, ok=ok)


def losses(folder: Path) -> list[float]:
    record = torch.load(folder / "checkpoint.pth", weights_only=True)["reporter"]["stats"]
    return [record[epoch]["train"]["loss"] for epoch in sorted(record)]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "latest.pth", weights_only=True)


def test_a_model_is_trained_and_a_second_run_has_nothing_to_do(corpus):
    done = train(corpus)
    lines = done.stdout.splitlines()
    assert "training set: 18 utterances, 0.2 min, 3 languages" in lines
    assert any(line.startswith("epoch 1/3, batch 2/6: loss ") and line.endswith(" left") for line in lines), lines
    assert any(line.startswith("epoch 3/3 took ") for line in lines), lines
    exp = corpus / "exp"
    assert {"config.yaml", "checkpoint.pth", "3epoch.pth", "train.log", "images", "tensorboard"} <= {
        path.name for path in exp.iterdir()
    }
    assert (exp / "valid.accuracy.best.pth").resolve().name.endswith("epoch.pth")
    assert (exp / "images/curves.png").stat().st_size > 10_000
    config = yaml.safe_load((exp / "config.yaml").read_text())
    assert (config["languages"], config["lang_num"]) == (["deu", "fra", "ita"], 3)
    assert config["encoder_config"]["hidden_size"] == 16
    assert losses(exp)[-1] < losses(exp)[0] - 0.5

    from geolid.train.task import GeoLIDTask

    model, args = GeoLIDTask.build_model_from_file(exp / "config.yaml", exp / "latest.pth", "cpu")
    wave, _ = soundfile.read(corpus / "ita_valid_0.wav", dtype="float32")
    embeddings, languages = model(
        speech=torch.from_numpy(wave)[None],
        speech_lengths=torch.tensor([len(wave)]),
        lid_labels=None,
        extract_embd=True,
    )
    assert embeddings.shape == (1, 12) and 0 <= int(languages) < len(args.languages)

    before = {path: path.stat().st_mtime_ns for path in exp.glob("*epoch.pth")}
    again = train(corpus)
    assert "training is at its end: epoch 3 of 3" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in exp.glob("*epoch.pth")} == before
    assert (exp / "train.1.log").exists()


IN_DOUBLE_PRECISION = """import torch
torch.set_default_dtype(torch.float64)
torch.Tensor.float = torch.Tensor.double
torch.float32 = torch.float64
"""


# Twenty updates, each an epoch of one batch, so that the record holds the loss of each.
UPDATES = (
    "--max_epoch 20 --num_iters_per_epoch 1 --max_collapsed_epochs 99 --min_batch_size 4 --batch_bins 96000 "
    "--use_matplotlib false"
)


def losses_of_one_and_of_two_processes(corpus, conf: str) -> tuple[list[float], list[float]]:
    train(corpus, "--lid_args", conf, into="one")
    train(corpus, "--lid_args", conf, "--num_processes", "2", into="two")
    one, two = losses(corpus / "one"), losses(corpus / "two")
    assert len(one) == len(two) == 20
    assert max(one) - min(one) > 0.5  # something was learnt
    return one, two


def test_two_processes_train_as_one(corpus, tmp_path, monkeypatch):
    """In double precision: in single, rounding decides on which side of a ReLU's edge a value of 1e-7 falls, and so
    the course of the updates after it.
    """
    (tmp_path / "double").mkdir()
    (tmp_path / "double/sitecustomize.py").write_text(IN_DOUBLE_PRECISION)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "double"))
    one, two = losses_of_one_and_of_two_processes(corpus, UPDATES)
    assert weights(corpus / "one")["loss.weight"].dtype == torch.float64
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 1e-9


def test_in_single_precision_two_processes_train_as_one_in_small_steps(corpus):
    """In large ones what rounding makes of a first update may grow to another course, see above."""
    one, two = losses_of_one_and_of_two_processes(corpus, f"{UPDATES} --scheduler_conf max_lr=0.0001")
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 2e-4


def test_a_training_that_was_killed_twice_ends_with_the_same_weights(corpus):
    train(corpus, into="undisturbed")
    command = [STAGE, "--lid_config", "tiny.yaml", *ARGUMENTS, "killed"]
    for marker in ("epoch 1/3 took", "epoch 3/3, batch 2/6"):
        process = subprocess.Popen(
            command, cwd=corpus, env=environment(), stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        for line in process.stdout:
            if line.startswith(marker):
                break
        time.sleep(random.Random(1).random() / 10)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(2)  # the job sees that its launcher is gone, and ends
    finished = train(corpus, into="killed")
    assert "training goes on after epoch" in finished.stdout
    expected = weights(corpus / "undisturbed")
    for name, tensor in weights(corpus / "killed").items():
        torch.testing.assert_close(tensor, expected[name], rtol=0, atol=1e-6)


def test_a_signal_to_the_script_ends_the_training_and_a_second_run_beside_it_is_refused(corpus):
    command = [STAGE, "--lid_config", "tiny.yaml", "--lid_args", "--max_epoch 9999", *ARGUMENTS, "exp"]
    process = subprocess.Popen(
        command, cwd=corpus, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout:
        if line.startswith("epoch 1/9999 took"):
            break
    log = (corpus / "exp/train.log").stat()
    failed = train(corpus, ok=False)
    assert "another process is writing exp; wait until it has ended, or choose another folder" in failed.stderr
    assert (corpus / "exp/train.log").stat().st_ino == log.st_ino
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert (corpus / "exp/train.log").read_text().splitlines()[-1].startswith("# stopped (its launcher has ended)")
    assert not list((corpus / "exp").glob(".submitit.*"))


def test_what_cannot_be_trained_is_told(corpus):
    for words, told in (
        ("--max_epochs 3", "unknown key 'max_epochs'; did you mean max_epoch?"),
        ("--wandb_name 'a run'  --max_epoch 0", "--max_epoch: found 0"),  # the quoted words stay together
        ("--wandb_name 'a run", "--lid_args --wandb_name 'a run: a quote is not closed"),
        ("--output_dir other", "--output_dir: is given twice; leave one out"),
    ):
        failed = train(corpus, "--lid_args", words, ok=False)
        assert told in failed.stderr
    failed = train(corpus, "--lid_args", "--max_epoch 0", "--num_processes", "2", ok=False)
    assert "train: command line: --max_epoch: found 0, expected a whole number from 1" in failed.stderr
    assert [path.name for path in (corpus / "exp").glob("train*.log")] == ["train.log"]
    if not torch.cuda.is_available():
        failed = train(corpus, "--ngpu", "1", ok=False)
        assert "this machine shows 0" in failed.stderr
    utt2lang = (corpus / "data/valid/utt2lang").read_text().replace(" ita", " spa")
    (corpus / "data/valid/utt2lang").write_text(utt2lang)
    lang2utt = (corpus / "data/valid/lang2utt").read_text().replace("ita ", "spa ")
    (corpus / "data/valid/lang2utt").write_text("".join(sorted(lang2utt.splitlines(True))))
    failed = train(corpus, ok=False)
    assert "none of the 3 of the training set's lang2utt: spa (3)" in failed.stderr


@pytest.mark.skipif(bool(missing_programs()), reason=f"Slurm is not installed: no {', '.join(missing_programs())}")
def test_two_nodes_of_a_cluster_train_together(corpus, monkeypatch):
    with slurm_cluster(nodes=2) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        cmd = "utils/run_slurm.py --mem 2G --time 0:10:00"
        done = train(corpus, "--cmd", cmd, "--num_nodes", 2, "--lid_args", "--min_batch_size 4 --batch_bins 96000")
    assert "epoch 3/3 took " in done.stdout
    assert "2 processes share each batch" in done.stdout


def test_several_nodes_need_a_cluster(corpus):
    failed = train(corpus, "--num_nodes", 2, ok=False)
    assert "several nodes need Slurm; set cmd_backend=slurm in cmd.sh" in failed.stderr


# A published YAML as it stands, but for its size: what was changed for that is marked.
PUBLISHED = """
model: upstream_condition
model_conf:
  lang2vec_conditioning_layers: [1]    # [32, 36, 40, 44]
  apply_intermediate_lang2vec_loss: true
  apply_intermediate_lang2vec_condition: true
  inter_lang2vec_loss_weight: 0.4
  cutoff_gradient_from_backbone: false
  cutoff_gradient_before_condproj: true
  shared_conditioning_proj: true
frontend: s3prl_condition
frontend_conf:
    frontend_conf:
        upstream: hf_wav2vec2_condition
        path_or_url: encoder    # facebook/mms-1b
    download_dir: ./hub
    multilayer_feature: true
normalize: utterance_mvn
normalize_conf: {norm_vars: false}
encoder: ecapa_tdnn
encoder_conf: {model_scale: 4, ndim: 16, output_size: 24}    # 8, 512, 1536
pooling: chn_attn_stat
projector: rawnet3
projector_conf: {output_size: 192}
encoder_condition: identity
pooling_condition: chn_attn_stat
projector_condition: rawnet3
projector_condition_conf: {output_size: 192}
preprocessor: lid
preprocessor_conf:
  fix_duration: false
  sample_rate: 16000
  noise_apply_prob: 0.0
  noise_info:
  - [1.0, 'dump/raw/musan_speech.scp', [4, 7], [13, 20]]
  - [1.0, 'dump/raw/musan_noise.scp', [1, 1], [0, 15]]
  - [1.0, 'dump/raw/musan_music.scp', [1, 1], [5, 15]]
  rir_apply_prob: 0.0
  rir_scp: dump/raw/rirs.scp
  use_lang2vec: true
  lang2vec_type: geo
loss: aamsoftmax_sc_topk_lang2vec
loss_conf:
  {margin: 0.5, scale: 30, K: 3, mp: 0.06, k_top: 5, lang2vec_dim: 299, lang2vec_type: geo, lang2vec_weight: 0.2}
num_att_plot: 0
num_workers: 1    # 8
cudnn_deterministic: false
cudnn_benchmark: true
log_interval: 100
unused_parameters: true
use_amp: true
keep_nbest_models: 2
grad_clip: 9999
best_model_criterion:
- - valid
  - accuracy
  - max
iterator_type: category
valid_iterator_type: category
seed: 3702
max_epoch: 2    # 33
accum_grad: 4
num_iters_per_epoch: 4    # 2000
batch_type: catpow_balance_dataset
batch_bins: 1440000
max_batch_size: 6
language_upsampling_factor: 0.5
dataset_upsampling_factor: 0.3
dataset_scaling_factor: 1.2
drop_last_iter: false
optim: adam
optim_conf:
  lr: 0.00001
  betas: [0.9, 0.98]
scheduler: tristagelr
scheduler_conf:
  {max_steps: 12500, warmup_ratio: 0.1, hold_ratio: 0.4, decay_ratio: 0.5, init_lr_scale: 0.6, final_lr_scale: 0.1}
"""


def test_a_published_config_trains_as_it_stands(corpus):
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    config = Wav2Vec2Config(
        **sizes,
        conv_dim=[8] * 7,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
    )
    Wav2Vec2Model(config).save_pretrained(corpus / "encoder")
    (corpus / "tiny.yaml").write_text(PUBLISHED)
    utts = sorted(line.split()[0] for line in (corpus / "data/train/utt2lang").read_text().splitlines())
    datasets = {utt: f"corpus{number % 2}" for number, utt in enumerate(utts)}
    (corpus / "data/train/utt2dataset").write_text("".join(f"{utt} {name}\n" for utt, name in datasets.items()))
    done = train(corpus)
    assert "WARNING: the schedule ends after 12500 updates" in done.stdout, done.stdout
    assert "epoch 2/2 took " in done.stdout
    record = torch.load(corpus / "exp/checkpoint.pth", weights_only=True)["reporter"]["stats"]
    assert {"class_loss", "geo_loss", "geo_loss_layer1", "geo_loss_layers", "loss"} <= record[2]["train"].keys()
