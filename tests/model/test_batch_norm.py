"""Batch norm over real frames only, and over the batch of all processes."""

import copy
import socket

import pytest
import torch
from torch import distributed, multiprocessing, nn

from geolid.model.batch_norm import MaskedBatchNorm1d, convert_batch_norms


def test_statistics_are_those_of_the_real_frames():
    torch.manual_seed(4)
    x = torch.randn(2, 5, 8) * 3 + 7
    mask = (torch.arange(8) < torch.tensor([8, 3])[:, None])[:, None, :]
    ours, theirs = MaskedBatchNorm1d(5), nn.BatchNorm1d(5)
    expected = theirs(x.transpose(1, 2)[mask[:, 0]])  # (real frames, dim)
    found = ours(x, mask).transpose(1, 2)[mask[:, 0]]
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)


def test_conversion_keeps_parameters_and_names():
    net = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.BatchNorm1d(4, momentum=0.3)))
    net[1][0].weight.data.uniform_()
    before = copy.deepcopy(net.state_dict())
    parameters = dict(net.named_parameters())
    convert_batch_norms(net)
    assert type(net[1][0]) is MaskedBatchNorm1d and net[1][0].momentum == 0.3
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    assert dict(net.named_parameters()).keys() == parameters.keys()


def test_a_batch_of_a_single_value_goes_by_what_was_learnt_before():
    norm = MaskedBatchNorm1d(3)
    norm(torch.randn(50, 3) * 2 + 1)
    before = norm.running_mean.clone()
    x = torch.randn(1, 3)
    found = norm(x)
    assert torch.equal(norm.running_mean, before)
    torch.testing.assert_close(found, norm.eval()(x))


def _one_of_two(rank, port, x, mask, target, results):
    distributed.init_process_group("gloo", f"tcp://localhost:{port}", world_size=2, rank=rank)
    norm = MaskedBatchNorm1d(x.shape[1])
    mine = x[rank::2].clone().requires_grad_()
    loss = ((norm(mine, mask[rank::2]) - target[rank::2]).square() * mask[rank::2]).sum()
    loss.backward()
    gradient = norm.weight.grad.clone()
    distributed.all_reduce(gradient)
    results[rank] = (mine.grad.clone(), gradient, norm.running_var.clone())
    distributed.destroy_process_group()


@pytest.mark.parametrize("share", ["even", "uneven"])
def test_two_processes_are_as_one(share):
    torch.manual_seed(5)
    rows = 4 if share == "even" else 5
    x, target = torch.randn(rows, 3, 6) * 2 + 5, torch.randn(rows, 3, 6)
    mask = (torch.arange(6) < torch.randint(1, 7, (rows,))[:, None])[:, None, :]
    whole = x.clone().requires_grad_()
    norm = MaskedBatchNorm1d(3)
    ((norm(whole, mask) - target).square() * mask).sum().backward()
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    with multiprocessing.Manager() as manager:
        results = manager.dict()
        multiprocessing.spawn(_one_of_two, (port, x, mask, target, results), nprocs=2)
        for rank in (0, 1):
            gradient, weight_gradient, variance = results[rank]
            torch.testing.assert_close(gradient, whole.grad[rank::2], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(weight_gradient, norm.weight.grad, rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(variance, norm.running_var)
