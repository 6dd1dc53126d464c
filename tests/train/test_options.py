"""The options of a training: where they are read from, what they may be, and those that would do nothing."""

import ast
import dataclasses
import inspect
import re
import subprocess
import sys
import textwrap
import time

import pytest
import yaml
from espnet2.tasks.abs_task import AbsTask, optim_classes, scheduler_classes
from espnet2.train.distributed_utils import DistributedOption

from conftest import ROOT
from geolid.errors import GeoLIDError
from geolid.model.parts import PARTS
from geolid.train.options import ESPNET_ONLY, INITS, OPTIMIZERS, SCHEDULERS, make_parser, parse
from geolid.train.trainer import GeoLIDTrainerOptions


@pytest.fixture
def config(tmp_path):
    def write(text):
        (tmp_path / "a.yaml").write_text(textwrap.dedent(text))
        return parse(["--config", str(tmp_path / "a.yaml"), "--output_dir", "exp"])

    return write


def on_command_line(*words):
    return parse([*words, "--output_dir", "exp"])


# What an option cannot be, as YAML; and what is told.
WRONG = [
    ("max_epoch: 0", "max_epoch: found 0, expected a whole number from 1"),
    ("max_epoch: '3'", "max_epoch: found '3', expected a whole number"),
    ("max_epoch: 2.5", "max_epoch: found 2.5"),
    ("max_epoch: true", "max_epoch: found True"),
    ("accum_grad: 0", "accum_grad: found 0, expected a whole number from 1"),
    ("patience: 0", "patience: found 0, expected a whole number from 1, or null"),
    ("log_interval: 0", "log_interval: found 0"),
    ("num_iters_per_epoch: 0", "num_iters_per_epoch: found 0"),
    ("keep_nbest_models: 0", "keep_nbest_models: found 0"),
    ("keep_nbest_models: [1, 0]", "keep_nbest_models: found 0"),
    ("keep_nbest_models: []", "keep_nbest_models: found an empty list"),
    ("best_model_criterion: []", "best_model_criterion: found an empty list"),
    ("grad_clip: 0", "grad_clip: found 0, expected a number above 0"),
    ("grad_clip: -1", "grad_clip: found -1"),
    ("seed: -1", "seed: found -1"),
    ("upsampling_factor: 1.5", "upsampling_factor: found 1.5, expected a number from 0 to 1"),
    ("use_amp: 'no'", "use_amp: found 'no', expected true or false"),
    ("use_amp: 2", "use_amp: found 2"),
    ("batch_bins: {a: 1}", "batch_bins: found {'a': 1}"),
    ("batch_type: folded", "batch_type: found 'folded', expected one of catpow, catpow_balance_dataset"),
    ("encoder: ecapa", "encoder: found 'ecapa', expected one of ecapa_tdnn, identity"),
    ("encoder: null", "encoder: found None"),
    ("optim: lion", "optim: found 'lion', expected one of adam, "),
    ("init: zeros", "init: found 'zeros', expected one of chainer, "),
    ("optim_conf: 0.1", "optim_conf: found 0.1, expected 'key: value' pairs"),
    ("optim_conf: [lr, 0.1]", "optim_conf: found "),
    ("early_stopping_criterion: [valid, loss]", "early_stopping_criterion: found .* expected a list of 3"),
    ("best_model_criterion: [valid, accuracy, max]", "best_model_criterion: found 'valid', expected <phase>,<name>,"),
    ("best_model_criterion: [[valid, acc, max]]", "found 'acc', expected one of loss, accuracy, class_loss"),
    ("best_model_criterion: [[test, loss, min]]", "found 'test', expected one of train, valid"),
    ("best_model_criterion: [[valid, loss, least]]", "found 'least', expected one of min, max"),
    ("early_stopping_criterion: [valid, geo_loss, min]", "early_stopping_criterion: found 'geo_loss'"),
    ("val_scheduler_criterion: [valid, acc]", "val_scheduler_criterion: found 'acc'"),
    ("1: 2", "unknown key '1'"),
    ("max_epoch: 3\nmax_epoch: 4", "no YAML: the key max_epoch stands there twice.*line 2"),
    ("optim_conf: {lr: 1, lr: 2}", "the key lr stands there twice"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_a_value_that_cannot_be_is_told_with_its_file_and_key(config, text, told):
    with pytest.raises(GeoLIDError, match=rf"(?s)a\.yaml: .*{told}") as error:
        config(text)
    assert str(error.value).count("a.yaml") >= 1 and "command line" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--max_epoch", "0"), "command line: --max_epoch: found 0, expected a whole number from 1"),
        (("--max_epoch", "many"), "command line: --max_epoch: found 'many'"),
        (("--use_amp", "maybe"), "command line: --use_amp: found 'maybe', expected true or false"),
        (("--max_epoc", "3"), "command line: unknown key 'max_epoc'; did you mean max_epoch"),  # not an abbreviation
        (("--max_epoch", "3", "--max_epoch", "4"), "command line: --max_epoch: is given twice; leave one out"),
        (("--output_dir", "other"), "--output_dir: is given twice"),
        (("--max_epoch",), "command line: --max_epoch: expected one argument"),
        (("3",), "command line: '.*3' belongs to no option"),
        (("--optim_conf", "0.1"), "command line: --optim_conf: found 0.1, expected 'key: value' pairs"),
        (("--optim_conf", "lr=[1"), "command line: --optim_conf: found '.1', which is no YAML"),
        (("--optim_conf", "{lr: !!python/name:os.system }"), "no YAML"),
    ],
)
def test_the_command_line_is_checked_alike(words, told):
    with pytest.raises(GeoLIDError, match=told):
        on_command_line(*words)


def test_values_are_read_alike_in_a_config_and_on_the_command_line(config):
    ours = config("""
        use_amp: yes
        max_epoch: 3e0
        optim: Adam
        optim_conf: {lr: 1e-3, betas: [0.9, 0.98]}
        scheduler: null
        keep_nbest_models: [1, 2]
        frontend_conf: {frontend_conf: {upstream: hubert}, fs: 16k}
        patience: null
        best_model_criterion: [[valid, accuracy, max], [train, loss, min]]
        """)
    words = "--use_amp yes --max_epoch 3e0 --optim Adam --optim_conf lr=1e-3 --optim_conf betas=[0.9,0.98]"
    words += " --scheduler none --keep_nbest_models 1 2 --frontend_conf frontend_conf.upstream=hubert"
    words += " --frontend_conf {fs:\u00a016k} --patience null --best_model_criterion valid,accuracy,max train,loss,min"
    theirs = on_command_line(*(word.replace("\u00a0", " ") for word in words.split(" ")))
    assert vars(ours) | {"config": None} == vars(theirs)
    assert (ours.use_amp, ours.max_epoch, ours.optim_conf["lr"], ours.patience) == (True, 3, 0.001, None)


def test_parts_of_optim_conf_come_from_both(config, tmp_path):
    (tmp_path / "b.yaml").write_text("optim: adamw\noptim_conf: {lr: 0.5, eps: 1e-6}\n")
    args = parse(["--config", str(tmp_path / "b.yaml"), "--output_dir", "exp", "--optim_conf", "lr=0.1"])
    assert args.optim_conf == {"lr": 0.1, "eps": 1e-6}
    args = parse(["--config", str(tmp_path / "b.yaml"), "--output_dir", "exp", "--optim", "sgd"])
    assert args.optim_conf == {}  # eps is none of its options


# --- options that would do nothing ---


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("category_upsampling_factor: 0.3", "does nothing with batch_type: catpow, only with catpow_balance_dataset"),
        ("dataset_upsampling_factor: 0.3", "does nothing with batch_type: catpow"),
        ("batch_type: catpow_balance_dataset\nupsampling_factor: 0.3", "upsampling_factor: does nothing with"),
        ("specaug_conf: {apply_time_warp: true}", "specaug_conf: there is no specaug that it could be about"),
        ("scheduler_conf: {max_lr: 1}", "scheduler_conf: there is no scheduler"),
        ("exclude_weight_decay_conf: {bias_weight_decay: true}", "there is no exclude_weight_decay"),
        ("projector_condition_conf: {output_size: 3}", "does nothing with model: espnet; remove it, or set it to null"),
        ("preprocessor_conf: {lang2vec_file: a}", "lang2vec_file does nothing with loss: aamsoftmax_sc_topk"),
        (
            "loss: aamsoftmax_sc_topk_lang2vec\npreprocessor_conf: {use_lang2vec: false}",
            "use_lang2vec: False goes against loss: aamsoftmax_sc_topk_lang2vec",
        ),
        ("use_tf32: true\nuse_amp: true", "use_tf32: goes against use_amp: true"),
        (
            "iterator_type: sequence",
            "ESPnet has this option, but here all is as with iterator_type: category",
        ),
        ("num_att_plot: 3", "but here all is as with num_att_plot: 0: remove it"),
        ("batch_size: 20", "batch_size: found 20; ESPnet has this option, but here it would do nothing: remove it"),
        ("sort_in_batch: descending", "sort_in_batch: found 'descending'; ESPnet has this option"),
        ("valid_batch_type: catpow", "valid_batch_type: found 'catpow'; ESPnet has this option"),
        ("use_adapter: true", "use_adapter: found True; ESPnet has this option"),
        ("train_dtype: float16", "train_dtype: found 'float16'; ESPnet has this option"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(config, text, told):
    with pytest.raises(GeoLIDError, match=rf"(?s)a\.yaml: .*{told}"):
        config(text)


def test_espnets_options_are_taken_with_the_values_that_say_what_happens(config):
    args = config("iterator_type: category\nvalid_iterator_type: category\nnum_att_plot: 0\nmax_cache_size: 0.0")
    assert (args.iterator_type, args.num_att_plot) == ("category", 0)
    assert on_command_line("--num_att_plot", "0", "--use_deepspeed=false").max_epoch == 40
    with pytest.raises(GeoLIDError, match="command line: num_att_plot: found 3"):
        on_command_line("--num_att_plot", "3")


def test_the_older_name_of_the_factor_serves_both_ways_to_draw(config):
    assert config("language_upsampling_factor: 0.25").upsampling_factor == 0.25
    both = config("batch_type: catpow_balance_dataset\nlanguage_upsampling_factor: 0.25")
    assert both.category_upsampling_factor == 0.25


@pytest.mark.parametrize(("layers", "fits"), [("[3, 5]", True), ("[3]", False), ("5", False)])
def test_a_criterion_may_be_the_loss_of_a_layer_that_there_is(config, layers, fits):
    text = "model: upstream_condition\nloss: aamsoftmax_sc_topk_lang2vec\nloss_conf: {lang2vec_type: syntax_knn}\n"
    text += f"model_conf: {{lang2vec_conditioning_layers: {layers}}}\n"
    assert config(text).model == "upstream_condition"
    text += "best_model_criterion: [[valid, syntax_knn_loss_layer5, min]]"
    if fits:
        assert config(text).best_model_criterion == [["valid", "syntax_knn_loss_layer5", "min"]]
    else:
        with pytest.raises(GeoLIDError, match="found 'syntax_knn_loss_layer5', expected one of loss, accuracy"):
            config(text)


def test_help_has_our_choices_and_no_others():
    shown = " ".join(make_parser().format_help().split())
    assert "--batch_type VALUE one of catpow, catpow_balance_dataset (default: catpow)" in shown
    assert "folded" not in shown and not any(f"--{name} " in shown for name in ESPNET_ONLY)


# --- ESPnet, whose code is given these options ---


class Bare(AbsTask):
    num_optimizers = 1
    trainer = type("Trainer", (), {"add_arguments": classmethod(lambda *_: None)})
    add_task_arguments = classmethod(lambda *_: None)
    build_collate_fn = build_preprocess_fn = build_model = required_data_names = optional_data_names = None


def test_every_option_of_espnet_is_ours_or_told_to_be_its_own():
    theirs = {action.dest for action in Bare.get_parser()._actions} - {"help"}
    ours = make_parser().defaults.keys()
    assert theirs == theirs & (ours | ESPNET_ONLY.keys())
    assert not ours & ESPNET_ONLY.keys()
    assert ESPNET_ONLY.keys() <= theirs


def test_espnet_finds_all_options_that_it_reads():
    args = on_command_line()
    read = set()
    for function in (AbsTask.main, AbsTask.main_worker, AbsTask.build_optimizers):
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "args":
                read.add(node.attr)
    read |= {
        field.name for field in (*dataclasses.fields(GeoLIDTrainerOptions), *dataclasses.fields(DistributedOption))
    }
    assert read - vars(args).keys() == {"version", "distributed"}  # ESPnet sets these itself


def test_choices_are_espnets():
    assert set(OPTIMIZERS) == set(optim_classes) - {"lbfgs"}  # which wants a function of each batch
    assert set(SCHEDULERS) == set(scheduler_classes) - {"lambdalr"}  # which wants a function of each update
    source = inspect.getsource(inspect.getmodule(__import__("espnet2.torch_utils.initialize", fromlist=["initialize"])))
    assert set(re.findall(r'init == "(\w+)"', source)) - {"normal"} == set(INITS)
    for part in PARTS.values():
        assert part.default is None or part.default in part.choices


@pytest.mark.parametrize(
    "words",
    [
        ("--max_epoch", "0"),
        ("--config", "nowhere.yaml"),
        ("--lang2utt", "nowhere", "--train_shape_file", "nowhere", "--valid_shape_file", "nowhere"),
    ],
)
def test_a_mistake_is_told_before_anything_heavy_is_imported(words):
    code = """
import sys
from geolid.bin.train import main
from geolid.errors import GeoLIDError
try: main(sys.argv[1:])
except GeoLIDError: print("told")
print({"torch", "espnet2"} & sys.modules.keys())
"""
    start = time.monotonic()
    command = [sys.executable, "-c", code, "--output_dir", "exp", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["told", "set()"]
    assert time.monotonic() - start < 10  # half a second on a machine that has nothing else to do


def test_the_options_of_a_run_can_be_written_down():
    assert yaml.safe_load(yaml.safe_dump(vars(on_command_line())))["max_epoch"] == 40
