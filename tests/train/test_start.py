"""What is checked before a training starts, and when a folder is taken for another run's."""

import logging
from argparse import Namespace
from pathlib import Path

import pytest
import torch
import yaml

import geolid
from conftest import make_data_dir
from geolid.data.tables import write_table
from geolid.errors import GeoLIDError
from geolid.train import same_run
from geolid.train.options import parse
from geolid.train.start import prepare, utterances


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Ask for a training on data/train, four utterances of two languages, validated with itself; into exp."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("geolid.train.start.start_log", lambda _: None)
    audio = {utt: (utt[:3], f"{utt}.wav") for utt in ("deu_1", "deu_2", "fra_1", "fra_2")}
    make_data_dir(Path("data/train"), audio, utt2dataset=dict.fromkeys(audio, "fleurs"))
    write_table(Path("speech_shape"), dict.fromkeys(audio, "16000"))
    write_table(Path("noises"), {"n1": "n1.wav"})
    write_table(Path("places"), {"deu": "51 10", "fra": "47 2"})

    def ask(*words: str) -> Namespace:
        given = ["--output_dir", "exp", "--lang2utt", "data/train/lang2utt", *words]
        for mode in ("train", "valid"):
            for table in ("wav.scp,speech,sound", "utt2lang,lid_labels,text"):
                given += [f"--{mode}_data_path_and_name_and_type", f"data/train/{table}"]
            given += [f"--{mode}_shape_file", "speech_shape"]
        args = parse(given)
        prepare(args)
        return args

    return ask


def begun(args: Namespace) -> Namespace:
    """Leave in exp what a training with these options leaves."""
    Path("exp").mkdir()
    Path("exp/checkpoint.pth").touch()
    Path("exp/config.yaml").write_text(yaml.safe_dump(vars(args) | {"init_param": []}))
    return args


def test_what_follows_from_the_data_is_added(asked):
    args = asked()
    assert (args.languages, args.lang_num, len(utterances(args, "train"))) == (["deu", "fra"], 2, 4)
    assert utterances(args, "train") is utterances(args, "train")  # read once
    assert args.data_sets == ["fleurs"]
    assert args.trained_with["geolid"] == geolid.__version__ and torch.__version__.startswith(
        args.trained_with["torch"]
    )
    assert args.trained_with["git_revision"] is None or len(args.trained_with["git_revision"]) >= 40
    Path("data/train/utt2dataset").unlink()
    assert asked().data_sets == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--lang_num", "3"), "lang_num 3, but data/train/lang2utt has 2 languages"),
        (("--min_batch_size", "9", "--max_batch_size", "3"), "max_batch_size: found 3, expected 9 or more"),
        (("--init_param", "a.pth:b:c"), "--init_param a.pth:b:c: there is no such file"),
        (("--scheduler", "onecyclelr"), "needs total_steps, or num_iters_per_epoch"),
        (("--preprocessor_conf", "target_duration=long"), "target_duration: found 'long'"),
        (("--preprocessor_conf", "{rir_scp: rirs}"), "rirs: no such list of audio files"),
        (
            ("--preprocessor_conf", "noise_info=[[1, none.scp, [1, 1], [0, 5]]]"),
            "none.scp: no such list of audio files",
        ),
        (("--train_shape_file", "speech_shape"), "--train_shape_file: found 2, expected one"),
        (("--valid_data_path_and_name_and_type", "a,b,c"), "found b, speech, lid_labels; expected it twice"),
        (
            ("--loss", "aamsoftmax_sc_topk_lang2vec", "--preprocessor_conf", "lang2vec_file=nowhere"),
            "nowhere: there is no such file",
        ),
        (
            ("--loss", "aamsoftmax_sc_topk_lang2vec", "--preprocessor_conf", "lang2vec_file=3"),
            "lang2vec_file: found 3, expected the path of a vector file",
        ),
    ],
)
def test_what_cannot_be_trained_is_told_without_a_model(asked, words, told):
    with pytest.raises(GeoLIDError, match=told):
        asked(*words)


def test_utterances_without_a_length_and_languages_without_utterances_are_told(asked, caplog):
    write_table(Path("speech_shape"), {"deu_1": "16000"})
    with caplog.at_level(logging.WARNING):
        asked()
    assert "wav.scp: 3 of its 4 utterances are not in speech_shape and take no part" in caplog.text
    assert "1 of the 2 languages of data/train/lang2utt have no utterance to train on: fra" in caplog.text
    caplog.clear()
    write_table(Path("speech_shape"), dict.fromkeys(("deu_1", "deu_2", "fra_1", "fra_2"), "16000"))
    asked()
    assert not caplog.text


def test_a_package_that_is_not_there_is_told(asked, monkeypatch):
    monkeypatch.setattr("geolid.train.start.find_spec", lambda _: None)
    with pytest.raises(GeoLIDError, match="use_wandb: there is no wandb here"):
        asked("--use_wandb", "true")


# --- the same run ---


def test_the_same_run_goes_on(asked):
    begun(asked())
    config = yaml.safe_load(Path("exp/config.yaml").read_text())
    config |= {"batch_size": 20, "trained_with": {"torch": "1.0"}}  # ESPnet's, which says nothing here; an older one
    Path("exp/config.yaml").write_text(yaml.safe_dump(config))
    asked("--keep_nbest_models", "4", "--log_interval", "3", "--max_epoch", "7")


def test_a_run_that_may_not_be_taken_up_keeps_its_config(asked):
    begun(asked())
    before = Path("exp/config.yaml").read_text()
    with pytest.raises(GeoLIDError, match="checkpoint.pth: a training stands here already; go on with it by --resume"):
        asked("--resume", "false")
    assert Path("exp/config.yaml").read_text() == before


def test_only_what_differs_is_told_with_both_values(asked):
    begun(asked("--optim_conf", "{lr: 0.1, eps: 1}"))
    with pytest.raises(GeoLIDError) as told:
        asked("--optim_conf", "{lr: 0.2, eps: 1}", "--seed", "3")
    assert "\n  optim_conf.lr: 0.1 -> 0.2\n  seed: 0 -> 3\n" in str(told.value)
    assert "eps" not in str(told.value)


def test_a_schedule_over_the_whole_training_cannot_be_stretched(asked):
    schedule = ("--scheduler", "onecyclelr", "--scheduler_conf", "max_lr=1", "--num_iters_per_epoch", "5")
    begun(asked(*schedule, "--max_epoch", "3"))
    asked(*schedule, "--max_epoch", "3")
    with pytest.raises(GeoLIDError, match=r"(?s)computed for max_epoch 3 and.*max_epoch 4.*15 -> 20.*--max_epoch 3"):
        asked(*schedule, "--max_epoch", "4")


def test_weights_to_begin_with_are_part_of_a_run(asked):
    begun(asked())
    Path("a.pth").touch()
    with pytest.raises(GeoLIDError, match=r"initial_weights: \[\] -> \['a.pth'\]"):
        asked("--init_param", "a.pth")


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (("--preprocessor_conf", "noise_info=[[1, noises, [1, 1], [0, 5]]]"), "noises"),
        (("--preprocessor_conf", "rir_scp=noises"), "noises"),
        (("--loss", "aamsoftmax_sc_topk_lang2vec", "--preprocessor_conf", "lang2vec_file=places"), "places"),
        (("--batch_type", "catpow_balance_dataset"), "data/train/utt2dataset"),
        ((), "speech_shape"),
    ],
)
def test_a_file_that_training_reads_may_not_change(asked, words, file):
    begun(asked(*words))
    content = Path(file).read_text()
    Path(file).write_text(content[:-2] + "3\n")
    with pytest.raises(GeoLIDError, match="data_digest: "):
        asked(*words)
    Path(file).write_text(content)
    asked(*words)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "config.yaml: is missing beside checkpoint.pth"),
        ("", "config.yaml: empty, or no 'key: value' lines"),
        ("a: [", "config.yaml: no YAML, though a training wrote it"),
    ],
)
def test_a_checkpoint_without_its_config_is_not_taken_up(asked, content, told):
    begun(asked())
    Path("exp/config.yaml").unlink()
    if content is not None:
        Path("exp/config.yaml").write_text(content)
    with pytest.raises(GeoLIDError, match=told):
        asked()


def test_a_config_that_is_cut_short_while_it_is_written_anew_does_no_harm(asked):
    begun(asked())
    for _ in range(2):
        same_run.keep_config(Path("exp"))
        Path("exp/config.yaml").write_text("see")  # killed here
        asked()
        with pytest.raises(GeoLIDError, match="seed: 0 -> 3"):
            asked("--seed", "3")
    same_run.config_is_written(Path("exp"))
    assert sorted(path.name for path in Path("exp").iterdir()) == ["checkpoint.pth", "config.yaml"]
