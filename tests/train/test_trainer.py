"""The training loop: resumed, shared out over processes, guarded."""

import logging
import multiprocessing
import random
import re
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from espnet2.schedulers.noam_lr import NoamLR
from espnet2.schedulers.piecewise_linear_warmup_lr import PiecewiseLinearWarmupLR
from espnet2.schedulers.warmup_lr import WarmupLR
from espnet2.schedulers.warmup_reducelronplateau import WarmupReduceLROnPlateau
from torch.optim import lr_scheduler
from toy_training import NO_GRADIENT, NO_NUMBER, ToyFactory, ToyModel, alone, as_rank, options, train

from geolid.errors import GeoLIDError
from geolid.train import learner, trainer
from geolid.train.epochs import best_epochs
from geolid.train.guards import out_of_memory_explained, require_gpus
from geolid.train.learner import Learner, Precision
from geolid.train.progress import duration


@pytest.fixture(scope="module")
def processes():
    """Processes that have everything imported."""
    context = multiprocessing.get_context("forkserver")
    # an optimizer imports the second one at its first step
    context.set_forkserver_preload(["geolid.train.trainer", "torch._dynamo"])
    return context


@pytest.fixture
def on_ranks(processes, tmp_path):
    """Train on several ranks; returns the errors of each."""

    def run(ranks: int, folder: Path = tmp_path, **settings) -> list[str]:
        folder.mkdir(exist_ok=True)
        (folder / "store").unlink(missing_ok=True)
        workers = [processes.Process(target=as_rank, args=(rank, ranks, folder, settings)) for rank in range(ranks)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(40)
        hung = [worker for worker in workers if worker.is_alive()]
        for worker in hung:
            worker.kill()
        assert not hung
        errors = [folder / f"error{rank}" for rank in range(ranks)]
        return [file.read_text() if file.exists() else "" for file in errors]

    return run


def checkpoint(folder: Path) -> dict:
    return torch.load(folder / "checkpoint.pth", weights_only=True)


def results(folder: Path) -> dict:
    """What each epoch gave, without times."""
    return {
        (epoch, phase, key): value
        for epoch, phases in checkpoint(folder)["reporter"]["stats"].items()
        for phase, noted in phases.items()
        for key, value in noted.items()
        if "time" not in key
    }


def files(folder: Path) -> dict:
    """Names, with what links point to."""
    return {path.name: path.is_symlink() and str(path.readlink()) for path in folder.iterdir()}


def assert_same(folder: Path, other: Path) -> None:
    assert files(folder) == files(other)
    assert results(folder) == pytest.approx(results(other), abs=1e-6, nan_ok=True)
    for name in (file for file in files(folder) if file.endswith(".pth") and file != "checkpoint.pth"):
        weights, others = (torch.load(f / name, weights_only=True) for f in (folder, other))
        for key, value in weights.items():
            torch.testing.assert_close(value, others[key], atol=1e-6, rtol=0)


# --- killed and resumed ---


def test_a_training_killed_at_any_moment_ends_as_if_undisturbed(processes, tmp_path):
    """By SIGKILL, at random; the last start finds what is left to do."""
    settings = {"dropout": 0.2, "accum_grad": 4, "seconds": 0.02, "keep_nbest_models": [1, 2], "max_epoch": 6}
    torch.set_num_threads(1)
    train(tmp_path / "undisturbed", **{**settings, "seconds": 0})
    rng = random.Random(1)
    kills = 0
    while True:
        (tmp_path / "started").unlink(missing_ok=True)
        process = processes.Process(target=alone, args=(tmp_path, settings))
        process.start()
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        process.join(rng.uniform(0.01, 0.3) if kills < 6 else None)
        if not process.is_alive():
            break
        process.kill()
        process.join()
        kills += 1
    assert kills >= 2
    assert process.exitcode == 0
    assert_same(tmp_path / "exp", tmp_path / "undisturbed")


def test_each_moment_between_two_files_may_be_the_last(processes, tmp_path):
    settings = {
        "dropout": 0.2,
        "batches": 2,
        "max_epoch": 3,
        "keep_nbest_models": [1, 2],
        "nbest_averaging_interval": 2,
    }
    torch.set_num_threads(1)
    train(tmp_path / "undisturbed", **settings)
    moment = 1
    while True:
        folder = tmp_path / str(moment)
        folder.mkdir()
        process = processes.Process(target=alone, args=(folder, settings, moment))
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == 9
        train(folder / "exp", **settings)
        assert_same(folder / "exp", tmp_path / "undisturbed")
        moment += 1
    assert moment > 15


@pytest.mark.parametrize(
    "make_scheduler",
    [
        lambda o: WarmupLR(o, 5),
        lambda o: NoamLR(o, 4, 5),
        lambda o: PiecewiseLinearWarmupLR(o, [0, 5, 10], [0.0, 0.01, 0.02]),
        lambda o: WarmupReduceLROnPlateau(o, 5, patience=0, threshold=0.5),
        lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.5),
        lambda o: lr_scheduler.MultiStepLR(o, [1, 3]),
        lambda o: lr_scheduler.OneCycleLR(o, 0.02, total_steps=24),
        lambda o: lr_scheduler.CosineAnnealingLR(o, 4),
    ],
    ids=["warmup", "noam", "piecewise", "warmup_plateau", "plateau", "steps", "one_cycle", "cosine"],
)
@pytest.mark.filterwarnings("ignore:NoamLR is deprecated")
def test_every_schedule_goes_on_where_it_was(tmp_path, make_scheduler):
    train(tmp_path / "whole", make_scheduler=make_scheduler, max_epoch=3)
    for max_epoch in (1, 2, 3):
        train(tmp_path / "parts", make_scheduler=make_scheduler, max_epoch=max_epoch)
    assert_same(tmp_path / "whole", tmp_path / "parts")
    rates = [value for (_, _, key), value in results(tmp_path / "whole").items() if key == "optim0_lr0"]
    assert len(set(rates)) > 1, "the schedule has been followed"


def test_a_finished_training_is_not_done_again_but_its_links_and_averages_are(tmp_path, monkeypatch, caplog):
    train(tmp_path / "exp")
    before = files(tmp_path / "exp")
    for name in ("latest.pth", "valid.loss.best.pth", "valid.loss.ave_2best.pth", "valid.loss.ave.pth"):
        (tmp_path / "exp" / name).unlink()
    (tmp_path / "exp" / ".3epoch.pth.tmp").write_text("half a mod")
    monkeypatch.setattr(ToyFactory, "build_iter", None)
    with caplog.at_level(logging.INFO):
        train(tmp_path / "exp")
    assert "epoch 4 of 4" in caplog.text
    assert files(tmp_path / "exp") == before


def test_more_epochs_make_new_averages(tmp_path):
    train(tmp_path / "parts", max_epoch=2, best_model_criterion=[("train", "loss", "min")])
    train(tmp_path / "parts", best_model_criterion=[("train", "loss", "min")])
    train(tmp_path / "whole", best_model_criterion=[("train", "loss", "min")])
    assert_same(tmp_path / "parts", tmp_path / "whole")


def test_a_training_stops_when_it_no_longer_improves_and_stays_so(tmp_path, monkeypatch, caplog):
    """At a learning rate of 0 the first epoch stays the best."""
    settings = {"lr": 0.0, "make_scheduler": lambda _: None, "patience": 1, "max_epoch": 9}
    for _ in range(2):
        with caplog.at_level(logging.INFO):
            train(tmp_path / "exp", **settings)
        assert max(checkpoint(tmp_path / "exp")["reporter"]["stats"]) == 3
        assert "training stops at epoch 3: valid.loss has not improved for more than 1 epochs" in caplog.text
        caplog.clear()
        monkeypatch.setattr(ToyFactory, "build_iter", None)


def test_without_resume_nothing_is_overwritten(tmp_path):
    train(tmp_path / "exp", max_epoch=1)
    with pytest.raises(GeoLIDError, match="checkpoint.pth: a training stands here already.*--resume true"):
        train(tmp_path / "exp", resume=False)


def test_a_checkpoint_that_is_none_is_told(tmp_path):
    train(tmp_path / "exp", max_epoch=1)
    whole = checkpoint(tmp_path / "exp")
    path = tmp_path / "exp" / "checkpoint.pth"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(GeoLIDError, match="checkpoint.pth: cannot be read as a checkpoint of GeoLID"):
        train(tmp_path / "exp")
    torch.save({**whole, "reporter": {"time": timedelta(1)}}, path)
    with pytest.raises(GeoLIDError, match="checkpoint.pth: cannot be read"):
        train(tmp_path / "exp")
    torch.save({**whole, "model": {"other.weight": torch.zeros(2)}}, path)
    with pytest.raises(GeoLIDError, match="(?s)comes from another model or optimizer.*Missing key"):
        train(tmp_path / "exp")
    for other in ([1, 2], {"model": 3}, {**whole, "optimizers": 3}, {**whole, "reporter": []}, whole["model"]):
        torch.save(other, path)
        with pytest.raises(GeoLIDError, match="comes from another model or optimizer than the config describes"):
            train(tmp_path / "exp")


# --- files ---


def test_the_best_models_stay_and_are_averaged(tmp_path):
    folder = tmp_path / "exp"
    train(folder, max_epoch=5, keep_nbest_models=[1, 2, 9], nbest_averaging_interval=4)
    # nine are to be kept: all
    assert {f"{epoch}epoch.pth" for epoch in range(1, 6)} < set(files(folder))
    train(folder, max_epoch=6, keep_nbest_models=[1, 2], nbest_averaging_interval=4)
    record = checkpoint(folder)["reporter"]["stats"]
    wanted = {6}
    for key, mode in (("accuracy", "max"), ("loss", "min")):
        best = best_epochs(record, "valid", key, mode)[:2]
        wanted |= set(best)
        assert files(folder)[f"valid.{key}.best.pth"] == f"{best[0]}epoch.pth"
        assert files(folder)[f"valid.{key}.ave_1best.pth"] == f"{best[0]}epoch.pth"
        assert files(folder)[f"valid.{key}.ave.pth"] == f"valid.{key}.ave_2best.pth"
        first, second = (torch.load(folder / f"{epoch}epoch.pth", weights_only=True) for epoch in best)
        mean = torch.load(folder / f"valid.{key}.ave_2best.pth", weights_only=True)
        torch.testing.assert_close(mean["out.weight"], (first["out.weight"] + second["out.weight"]) / 2)
        assert mean["batches"] == first["batches"], "what counts is not averaged"
    assert {name for name in files(folder) if re.fullmatch(r"\d+epoch.pth", name)} == {f"{e}epoch.pth" for e in wanted}
    assert files(folder)["latest.pth"] == "6epoch.pth"
    assert "valid.loss.ave_2best.till4epoch.pth" in files(folder)


def test_a_criterion_that_names_nothing_is_warned_of(tmp_path, caplog):
    train(tmp_path / "exp", max_epoch=1, best_model_criterion=[("valid", "acc", "max")])
    assert "best_model_criterion: no epoch has a valid acc" in caplog.text
    assert set(files(tmp_path / "exp")) == {"checkpoint.pth", "1epoch.pth", "latest.pth"}


def test_epochs_without_a_number_are_never_the_best():
    losses = {1: 3.0, 2: float("nan"), 3: 1.0, 4: float("-inf"), 5: 1.0}
    record = {epoch: {"valid": {"loss": loss}} for epoch, loss in losses.items()}
    assert best_epochs(record, "valid", "loss", "min") == [3, 5, 1]
    assert best_epochs(record, "valid", "loss", "max") == [1, 3, 5]


def test_tensorboard_shows_each_epoch_once_although_one_was_begun_twice(tmp_path, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    settings = {"use_tensorboard": True, "use_matplotlib": True, "log_interval": 2, "max_epoch": 3}
    save_epoch = trainer.checkpoints.save_epoch

    def save_or_fail(folder: Path, epoch: int, *rest) -> None:
        if epoch == 2:
            raise OSError(28, "No space left on device")
        save_epoch(folder, epoch, *rest)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(trainer.checkpoints, "save_epoch", save_or_fail)
        train(tmp_path / "exp", **settings)
    time.sleep(1.1)  # the names of TensorBoard's files count in seconds
    train(tmp_path / "exp", **settings)
    events = EventAccumulator(str(tmp_path / "exp" / "tensorboard" / "train")).Reload()
    assert [event.step for event in events.Scalars("iter_epoch")] == [6, 12, 18]
    assert (tmp_path / "exp" / "images" / "curves.png").stat().st_size > 1000


def test_weights_and_biases_is_told_batches_epochs_and_models(tmp_path, monkeypatch):
    told, models = [], []
    artifact = SimpleNamespace(add_file=lambda path: models.append(Path(path).name))
    wandb = SimpleNamespace(
        log=told.append,
        run=SimpleNamespace(id="x"),
        Artifact=lambda **_: artifact,
        log_artifact=lambda _, aliases: models.append(*aliases),
    )
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    train(tmp_path / "exp", use_wandb=True, wandb_model_log_interval=2, log_interval=3)
    assert [entry["epoch"] for entry in told if "epoch" in entry] == [1, 2, 3, 4]
    assert [entry["iteration"] for entry in told if "iteration" in entry] == [3, 6, 9, 12, 15, 18, 21, 24]
    assert models == ["2epoch.pth", "epoch-2", "4epoch.pth", "epoch-4"]


# --- learning ---


@pytest.mark.parametrize("ranks", [2, 4])
def test_several_processes_learn_what_one_does(on_ranks, tmp_path, ranks):
    """Ranks have 3 and 2 rows of a batch, or 2, 1, 1 and 1; of three validation batches 2 and 1, or the fourth none."""
    settings = {"accum_grad": 4, "grad_noise": True, "max_epoch": 3}
    train(tmp_path / "one", **settings)
    assert not any(on_ranks(ranks, **settings))
    one, several = results(tmp_path / "one"), results(tmp_path / "exp")
    assert several == pytest.approx(one, abs=1e-5, nan_ok=True)
    weights, others = (torch.load(tmp_path / f / "latest.pth", weights_only=True) for f in ("one", "exp"))
    for key in ("hidden.weight", "out.weight", "out.bias"):
        torch.testing.assert_close(weights[key], others[key], atol=1e-5, rtol=0)
    assert "epoch 3/3" in (tmp_path / "log0").read_text()
    assert (tmp_path / "log1").read_text() == ""


def test_an_epochs_last_batches_make_an_update_of_their_mean():
    """Three batches, two an update: the second update is the third batch alone, in full."""
    model = ToyModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    settings = options(Path(), accum_grad=2, grad_clip=1e9)
    learns = Learner(model, [optimizer], [None], Precision(torch.device("cpu")), settings)
    batches = ToyFactory(3, 0, 1, True).build_iter(1)
    for number, (ids, batch) in enumerate(batches):
        learns.learn(ids, batch, number, last=number == 2)

    by_hand = ToyModel()
    for group in (list(batches)[:2], list(batches)[2:]):
        by_hand.zero_grad()
        (sum(by_hand(**batch)[0] for _, batch in group) / len(group)).backward()
        with torch.no_grad():
            for parameter in by_hand.parameters():
                parameter -= 0.1 * parameter.grad
    torch.testing.assert_close(dict(model.named_parameters()), dict(by_hand.named_parameters()))


def test_gradients_are_clipped(tmp_path):
    train(tmp_path / "exp", max_epoch=1, grad_clip=1e-3)
    noted = results(tmp_path / "exp")
    assert noted[1, "train", "clip"] == 100
    assert noted[1, "train", "grad_norm"] > 1e-3


def test_mixed_precision_on_the_cpu_is_float32_and_says_so_once(tmp_path, caplog):
    train(tmp_path / "exp", use_amp=True)
    train(tmp_path / "plain")
    assert caplog.text.count("this trains in float32") == 1
    assert_same(tmp_path / "exp", tmp_path / "plain")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_mixed_precision_learns_and_its_overflows_are_no_misfortune(tmp_path, monkeypatch, dtype):
    """On the CPU, as if it were a GPU. A scale of 2^40 overflows in its first updates, and comes down."""
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**40) if dtype == torch.float16 else None
    precision = Precision(torch.device("cpu"), dtype, scaler)
    monkeypatch.setattr(trainer, "choose_precision", lambda *_: precision)
    train(tmp_path / "exp", use_amp=True, batches=40, max_epoch=1)
    noted = results(tmp_path / "exp")
    assert noted[1, "valid", "accuracy"] > 0.8
    if scaler:
        assert noted[1, "train", "skipped"] > 5 / 40
        assert checkpoint(tmp_path / "exp")["scaler"]["scale"] < 2**40


@pytest.mark.filterwarnings("ignore:torch.cuda.amp.GradScaler is enabled")
def test_a_gpu_with_bfloat16_needs_no_scaler(monkeypatch):
    gpu = torch.device("cuda")
    for supported, dtype in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, s=supported: s)
        precision = learner.choose_precision(True, gpu)
        assert precision.dtype == dtype
        assert (precision.scaler is None) == supported
    assert learner.choose_precision(False, gpu).dtype is None


# --- guards ---


@pytest.mark.parametrize("harm", [NO_NUMBER, NO_GRADIENT])
def test_a_bad_batch_leaves_no_trace_but_a_warning(tmp_path, caplog, harm):
    """The same weights, running means included, as if the epoch did not have it."""
    train(tmp_path / "spoilt", batches=4, max_epoch=1, harm={(1, 3): harm})
    assert re.search(r"(loss|gradient) is NaN or infinite: skipped, utterances utt1-3-0 .*utt1-3-4", caplog.text)
    train(tmp_path / "short", batches=3, max_epoch=1)
    spoilt, short = (torch.load(tmp_path / f / "latest.pth", weights_only=True) for f in ("spoilt", "short"))
    for key in spoilt if harm == NO_NUMBER else ("hidden.weight", "out.weight", "out.bias"):
        torch.testing.assert_close(spoilt[key], short[key])
    assert results(tmp_path / "spoilt")[1, "train", "skipped"] == 0.25
    assert results(tmp_path / "spoilt")[1, "train", "loss"] < 3


@pytest.mark.parametrize(("harm", "what"), [(NO_NUMBER, "loss"), (NO_GRADIENT, "gradient")])
def test_too_many_bad_batches_in_a_row_end_the_training(tmp_path, harm, what):
    """Three of them, where two are borne; with a good one between they do not count."""
    with pytest.raises(GeoLIDError, match=rf"{what} is NaN.*2 times in a row.*utt1-3-0.*utt1-4-4.*learning rate"):
        train(tmp_path / "exp", harm={(1, number): harm for number in (1, 3, 4)}, max_bad_batches=2)
    train(tmp_path / "other", harm={(1, number): harm for number in (1, 3, 5)}, max_bad_batches=2, max_epoch=1)


@pytest.mark.parametrize("harm", [NO_NUMBER, NO_GRADIENT])
def test_all_ranks_skip_what_is_bad_on_one(on_ranks, tmp_path, harm):
    """The bad row is with rank 0: amid a group, at its end, at the epoch's end; then too often."""
    bad = {(1, 0): harm, (1, 3): harm, (2, 1): harm, (3, 5): harm}
    assert not any(on_ranks(2, harm=bad, accum_grad=2, max_epoch=3))
    first, second = (torch.load(tmp_path / "exp" / name, weights_only=True) for name in ("2epoch.pth", "3epoch.pth"))
    assert all(value.isfinite().all() for weights in (first, second) for value in weights.values())
    log = (tmp_path / "log0").read_text()
    assert "skipped, utterances utt1-0-" in log
    assert ("1 before it are left unused" in log) == (harm == NO_NUMBER)

    often = {(1, number): harm for number in range(1, 6)}
    errors = on_ranks(2, tmp_path / "often", harm=often, max_bad_batches=3)
    assert all(re.match(r"GeoLIDError: (loss|gradient) is NaN.*3 times in a row.*utt1-1-4", error) for error in errors)


def test_skipped_batches_are_made_up_for_in_their_group(on_ranks, tmp_path):
    """Of six batches, two an update, two are bad: two updates of two, on one rank and on two."""
    settings = {"harm": {(1, 1): NO_NUMBER, (1, 2): NO_NUMBER}, "accum_grad": 2, "max_epoch": 1}
    train(tmp_path / "one", **settings)
    assert not any(on_ranks(2, **settings))
    weights, others = (torch.load(tmp_path / f / "latest.pth", weights_only=True) for f in ("one", "exp"))
    torch.testing.assert_close(weights["out.weight"], others["out.weight"], atol=1e-5, rtol=0)
    assert checkpoint(tmp_path / "one")["schedulers"][0]["last_epoch"] == 2


def test_an_epoch_without_any_update_ends_the_training(tmp_path):
    with pytest.raises(GeoLIDError, match="epoch 1: not a single batch came to an update"):
        train(tmp_path / "exp", batches=2, harm={(1, 0): NO_NUMBER, (1, 1): NO_NUMBER})
    with pytest.raises(GeoLIDError, match="the training set gave no batch"):
        train(tmp_path / "exp", batches=0)
    with pytest.raises(GeoLIDError, match="the validation set has no utterance"):
        train(tmp_path / "exp", valid_batches=0)


class Stubborn(ToyModel):
    def judge(self, **batch):
        stats, predicted = super().judge(**batch)
        return stats, torch.zeros_like(predicted)


def test_a_model_that_knows_one_answer_is_warned_of_and_then_stopped(tmp_path, caplog):
    """The count goes on where a training was resumed."""
    train(tmp_path / "exp", model=Stubborn(), max_epoch=2)
    assert "which has 3 languages, was given the same language (2 epochs in a row)" in caplog.text
    with pytest.raises(GeoLIDError, match=r"3 epochs in a row.*collapsed.*another folder with a lower learning rate"):
        train(tmp_path / "exp", model=Stubborn())
    assert max(checkpoint(tmp_path / "exp")["reporter"]["stats"]) == 3


def test_one_language_is_the_right_answer_where_there_is_no_other(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("toy_training.LANGUAGES", 1)
    train(tmp_path / "exp", model=Stubborn())
    assert "same language" not in caplog.text


class Greedy(ToyModel):
    def forward(self, **batch):
        return super().forward(**batch) + torch.empty(10**15)


def test_too_little_memory_is_told_with_the_batch_and_a_remedy(tmp_path):
    with pytest.raises(
        GeoLIDError, match=r"this machine's memory is too small for a batch of 5 utterances.*try batch_bins: 320000"
    ):
        train(tmp_path / "exp", model=Greedy(), batch_bins=640_000)


@pytest.mark.parametrize(
    ("rows", "batch_bins", "message"),
    [
        (4, 640_000, r"4 utterances × 10.0 s = 40 s of audio.*batch_bins is 640000; try batch_bins: 320000"),
        (4, None, "half the batch size with twice the accum_grad"),
        (1, 640_000, "a single utterance is too long; lower max_wav_duration"),
    ],
)
def test_too_little_memory_of_a_gpu_is_told(rows, batch_bins, message):
    batch = {"speech": torch.zeros(rows, 160_000)}
    with pytest.raises(GeoLIDError, match=f"the GPU's memory.*{message}"), out_of_memory_explained(batch, batch_bins):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="shapes"), out_of_memory_explained({}, None):
        raise RuntimeError("shapes cannot be multiplied")


def test_gpus_that_are_not_there_are_told_before_anything():
    require_gpus(0)
    with pytest.raises(GeoLIDError, match=r"ngpu 99: torch sees \d+ GPUs; .*--ngpu 0"):
        require_gpus(99)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sharded_ddp": True}, "sharded_ddp: true, which this trainer does not offer"),
        ({"best_model_criterion": [("valid", "loss", "least")]}, "valid loss least: min or max"),
        ({"patience": 1, "early_stopping_criterion": ("valid", "acc", "max")}, "no valid acc; this training notes"),
    ],
)
def test_settings_that_cannot_be_are_told(tmp_path, changes, message):
    with pytest.raises(GeoLIDError, match=message):
        train(tmp_path / "exp", **changes)


# --- words ---


def test_progress_is_told_now_and_then_and_at_an_epochs_end(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        train(tmp_path / "exp", log_interval=3, max_epoch=2)
    lines = [record.message for record in caplog.records if record.message.startswith("epoch")]
    assert len(lines) == 6
    assert re.fullmatch(
        r"epoch 2/2, batch 3/6: loss [\d.]+, accuracy [\d.]+ %, lr [\d.e-]+, [\d.]+ h of audio an hour, \d+ s left",
        lines[3],
    )
    assert re.fullmatch(
        r"epoch 2/2 took \d+ s: train loss [\d.]+, accuracy [\d.]+ %; valid loss [\d.]+, accuracy [\d.]+ %; "
        r"best valid accuracy [\d.]+ %, epoch \d",
        lines[5],
    )


@pytest.mark.parametrize(
    ("seconds", "told"), [(35, "35 s"), (59.9, "1 min"), (720, "12 min"), (6000, "1 h 40 min"), (183600, "2 d 3 h")]
)
def test_times_are_told_in_two_units(seconds, told):
    assert duration(seconds) == told
