"""What is told before a training starts."""

from types import SimpleNamespace

import pytest
import torch
from espnet2.schedulers.cosine_anneal_warmup_restart import CosineAnnealingWarmupRestarts
from espnet2.schedulers.piecewise_linear_warmup_lr import PiecewiseLinearWarmupLR
from espnet2.schedulers.tristage_lr import TristageLR
from espnet2.schedulers.warmup_lr import WarmupLR
from torch import nn
from torch.optim import lr_scheduler

from geolid.train.plan import make_plan


def planned(make_scheduler, epochs=30, batches=1000, accum_grad=2, batch_bins=None, processes=1, model=None) -> str:
    model = model or nn.Linear(2, 2)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-5)
    summary = SimpleNamespace(utterances=2500, hours=6.25, languages=["deu", "fra"], batches_per_epoch=batches)
    factory = SimpleNamespace(summary=summary)
    options = SimpleNamespace(max_epoch=epochs, accum_grad=accum_grad, batch_bins=batch_bins, use_amp=False)
    return str(make_plan(model, [optimizer], [make_scheduler(optimizer)], factory, factory, options, processes))


@pytest.mark.parametrize(
    ("epochs", "batches", "accum_grad", "max_steps", "warning"),
    [
        (
            *(30, 1000, 2, 30000),
            "the schedule ends after 30000 updates, but training makes 15000: the learning rate will not come down; "
            "set max_steps: 15000",
        ),
        (
            *(33, 2000, 4, 12500),
            "the schedule ends after 12500 updates, but training makes 16500: the last 4000 go beyond it; "
            "set max_steps: 16500",
        ),
    ],
)
def test_the_published_schedules_do_not_end_with_their_training(epochs, batches, accum_grad, max_steps, warning):
    plan = planned(lambda optimizer: TristageLR(optimizer, max_steps=max_steps), epochs, batches, accum_grad)
    assert plan.splitlines()[-1] == f"WARNING: {warning}"


@pytest.mark.parametrize("max_steps", [15000, 14900, 15100])
def test_a_schedule_that_fits_to_one_percent_is_no_matter(max_steps):
    plan = planned(lambda optimizer: TristageLR(optimizer, max_steps=max_steps))
    assert "WARNING" not in plan
    assert "30 epochs × 1000 batches / accum_grad 2 = 15000 updates" in plan


def test_the_last_group_of_an_epoch_is_an_update_too():
    assert "= 1020 updates" in planned(lambda _: None, epochs=30, batches=100, accum_grad=3)


@pytest.mark.parametrize(
    ("make_scheduler", "remedy"),
    [
        (lambda o: lr_scheduler.OneCycleLR(o, 1e-3, total_steps=10000), "set total_steps: 15000"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=60), "set T_max: 30"),
        (lambda o: CosineAnnealingWarmupRestarts(o, first_cycle_steps=10000), "set first_cycle_steps: 15000"),
        (
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=7000),
            "cycle ends after 14000 updates, but training makes 15000: it stops early in another cycle",
        ),
        (lambda o: WarmupLR(o, warmup_steps=25000), "set warmup_steps below 15000"),
        (lambda o: PiecewiseLinearWarmupLR(o, [0, 10000, 40000], [0, 1e-5, 1e-4]), "set warmup_steps_list below 15000"),
        (lambda o: lr_scheduler.MultiStepLR(o, [10, 40]), "set milestones below 30"),
    ],
)
def test_each_schedule_that_does_not_fit_is_told_with_its_setting(make_scheduler, remedy):
    assert remedy in planned(make_scheduler)


@pytest.mark.parametrize(
    "make_scheduler",
    [
        lambda _: None,
        lambda o: lr_scheduler.OneCycleLR(o, 1e-3, total_steps=15000),
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=30),
        lambda o: CosineAnnealingWarmupRestarts(o, first_cycle_steps=5000, warmup_steps=100),
        lambda o: CosineAnnealingWarmupRestarts(o, first_cycle_steps=5000, warmup_steps=0, cycle_mult=2),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=5000, T_mult=2),
        lambda o: WarmupLR(o, warmup_steps=3000),
        lambda o: lr_scheduler.MultiStepLR(o, [10, 20]),
        lambda o: lr_scheduler.ReduceLROnPlateau(o),
        lambda o: lr_scheduler.StepLR(o, 3),
    ],
)
def test_no_schedule_that_fits_is_warned_of(make_scheduler):
    assert "WARNING" not in planned(make_scheduler)


def test_data_parameters_and_memory_are_told():
    """1000 frames × (3 widths of 64, twice) × 4 bytes, and four numbers for each trained parameter."""
    model = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 2**20, bias=False))
    model[3].weight.requires_grad = False
    plan = planned(lambda _: None, batch_bins=640_000, processes=2, model=model)
    assert "training set: 2500 utterances, 6.2 h, 2 languages" in plan
    assert "parameters: 0.0 million trained, 67.1 million frozen" in plan
    assert "for 1000 frames a batch: 0.3 GiB (weights 0.3, gradients 0.0, optimizer 0.0, activations 0.0)" in plan
    model[3].weight.requires_grad = True
    plan = planned(lambda _: None, batch_bins=640_000, processes=2, model=model)
    assert "8.8 GiB (weights 0.3, gradients 0.3, optimizer 0.5, activations 7.8)" in plan


def test_little_is_told_in_smaller_units():
    summary = SimpleNamespace(utterances=9, hours=0.2, languages=["deu"], batches_per_epoch=3)
    optimizer = torch.optim.Adam(nn.Linear(512, 512).parameters())
    options = SimpleNamespace(max_epoch=3, accum_grad=1, batch_bins=None, use_amp=False)
    factory = SimpleNamespace(summary=summary)
    plan = str(make_plan(nn.Linear(512, 512), [optimizer], [None], factory, factory, options, 1))
    assert "training set: 9 utterances, 12.0 min, 1 languages" in plan
    assert "4.0 MiB (weights 1.0, gradients 1.0, optimizer 2.0)" in plan


def test_a_factory_that_tells_nothing_is_no_hindrance():
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    options = SimpleNamespace(max_epoch=3, accum_grad=1, batch_bins=None, use_amp=False)
    plan = make_plan(model, [optimizer], [TristageLR(optimizer, max_steps=7)], object(), object(), options, 1)
    assert len(plan.facts) == 2
    assert not plan.warnings
