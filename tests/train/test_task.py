"""The task: its command line, and how a training is set up."""

import os
import subprocess
import sys
import time

import pytest
import yaml

from conftest import ROOT
from geolid.errors import GeoLIDError
from geolid.train.task import GeoLIDTask, _try_optimizer

CONFIGS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "conf").rglob("*.yaml"))


def parse(*words):
    return GeoLIDTask.parse([*words, "--output_dir", "exp"])


@pytest.mark.parametrize("config", CONFIGS)
def test_every_config_is_understood(config, monkeypatch):
    monkeypatch.chdir(ROOT)
    args = parse("--config", config)
    assert args.max_epoch >= 10
    assert args.loss_conf.get("K") == (3 if args.loss.startswith("aamsoftmax_sc_topk") else None)


def test_the_command_line_wins_over_the_config_and_the_config_over_defaults(tmp_path):
    config = tmp_path / "a.yaml"
    config.write_text("max_epoch: 7\nbatch_bins: 5\noptim_conf: {lr: 0.5}\n")
    args = parse("--config", str(config), "--batch_bins", "9", "--optim_conf", "weight_decay=0.1")
    assert (args.max_epoch, args.batch_bins, args.batch_grouping) == (7, 9, "length")
    assert args.optim_conf == {"lr": 0.5, "weight_decay": 0.1}


def test_the_published_name_of_the_upsampling_factor_is_understood(tmp_path):
    config = tmp_path / "a.yaml"
    config.write_text("language_upsampling_factor: 0.25\n")
    assert parse("--config", str(config)).category_upsampling_factor == 0.25


def test_an_option_that_does_not_exist_is_told_its_neighbour(tmp_path):
    with pytest.raises(GeoLIDError, match="unknown key 'max_epochs'; did you mean max_epoch?"):
        parse("--max_epochs", "3")
    config = tmp_path / "a.yaml"
    config.write_text("batch_bin: 3\n")
    with pytest.raises(GeoLIDError, match="a.yaml: unknown key 'batch_bin'; did you mean batch_bins?"):
        parse("--config", str(config))


def test_a_schedule_that_is_not_told_its_length_ends_with_the_training():
    from geolid.train.start import set_schedule_length

    args = parse("--max_epoch", "3", "--num_iters_per_epoch", "7", "--accum_grad", "2", "--scheduler", "onecyclelr")
    set_schedule_length(args)
    assert args.scheduler_conf == {"total_steps": 12}  # 4 updates an epoch, the last of half a batch
    args = parse("--config", str(ROOT / "conf/voxlingua107_only/w2v_bert2_geolid.yaml"))  # takes away that of its base
    set_schedule_length(args)
    assert args.scheduler_conf["max_steps"] == 15000
    args = parse("--scheduler", "tristagelr", "--scheduler_conf", "max_steps=30000")
    set_schedule_length(args)
    assert args.scheduler_conf == {"max_steps": 30000}
    with pytest.raises(GeoLIDError, match="needs total_steps, or num_iters_per_epoch"):
        set_schedule_length(parse("--scheduler", "onecyclelr"))


def test_help_comes_quickly_without_text_tools_or_a_network():
    """nltk would try to download when it is imported by ESPnet's text preprocessor."""
    code = (
        "import sys, socket\n"
        "def refuse(*_): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from geolid.bin.train import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print({'nltk', 'g2p_en', 's3prl.hub', 'espnet2.train.preprocessor', 'espnet2.tasks.lid'} & sys.modules.keys())"
    )
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert "--batch_grouping" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()", done.stdout.splitlines()[-1]
    assert time.monotonic() - start < 30  # 5 s on a machine that has nothing else to do


def test_parameters_to_freeze_may_go_by_published_names_and_have_to_exist():
    from geolid.model.build import build_model
    from geolid.train.config import read_config
    from geolid.train.task import _our_prefix

    model = build_model({**read_config(ROOT / "conf/mini/geolid.yaml"), "lang_num": 3})
    assert _our_prefix("frontend.upstream", model) == "frontend.encoder"
    assert _our_prefix("loss.weight", model) == "loss.weight"
    with pytest.raises(GeoLIDError, match="no parameter begins with frontend.up; there are conditioning, "):
        _our_prefix("frontend.up", model)


def test_another_run_is_not_taken_for_the_continuation(tmp_path):
    from geolid.train.same_run import refuse_other_run

    args = parse("--max_epoch", "3")
    (tmp_path / "checkpoint.pth").touch()
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({**vars(args), "encoder_config": {"a": 1}}))
    refuse_other_run(tmp_path, parse("--max_epoch", "5", "--ngpu", "1"))  # these say how a run goes
    with pytest.raises(GeoLIDError, match="(?s)another config.*seed: 0 -> 4.*--lid_tag"):
        refuse_other_run(tmp_path, parse("--seed", "4"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--optim", "adam", "--optim_conf", "le=0.1"), "optim_conf of adam: cannot be built with .*'le'"),
        (("--optim", "adam", "--optim_conf", "lr=-1"), "optim_conf of adam: .*Invalid learning rate"),
        (("--optim", "adam", "--optim_conf", "lr=fast"), "optim_conf of adam: "),
        (("--scheduler", "tristagelr", "--scheduler_conf", "max_step=3"), "scheduler_conf of tristagelr: .*'max_step'"),
        (("--scheduler", "onecyclelr", "--scheduler_conf", "total_steps=9"), "scheduler_conf of onecyclelr: .*max_lr"),
    ],
)
def test_what_optimizer_and_schedule_do_not_take_is_told_by_its_place(words, told):
    with pytest.raises(GeoLIDError, match=told):
        _try_optimizer(parse(*words))


def test_options_for_weight_decay_are_checked_and_something_has_to_learn(tmp_path):
    config = tmp_path / "a.yaml"
    config.write_text("frontend: log_mel\nencoder_conf: {model_scale: 4, ndim: 16, output_size: 24}\nlang_num: 3\n")
    words = ("--config", str(config), "--optim", "adam", "--exclude_weight_decay", "true")
    args = parse(*words, "--exclude_weight_decay_conf", "xx=1")
    model = GeoLIDTask.build_model(args)
    with pytest.raises(GeoLIDError, match="optim: adam: cannot be built with .*exclude_weight_decay_conf.*xx"):
        GeoLIDTask.build_optimizers(args, model)
    assert len(GeoLIDTask.build_optimizers(parse(*words), model)) == 1
    with pytest.raises(GeoLIDError, match="freeze_param: with encoder, pooling, projector, loss nothing is left to"):
        GeoLIDTask.build_model(parse(*words, "--freeze_param", "encoder", "pooling", "projector", "loss"))


def test_an_optimizer_that_can_be_is_none_to_be_told_of():
    _try_optimizer(parse("--optim", "sgd", "--optim_conf", "lr=0.1", "--scheduler", "warmuplr"))
