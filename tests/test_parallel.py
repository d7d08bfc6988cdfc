"""Micro-batches over workers: their number and kind affect speed, and not a single bit of the result."""

import numpy as np
import pytest
from trained_runs import assert_same_bits, finished

from senet_np.containers import Sequential
from senet_np.fast.workers import Workers
from senet_np.layers import SE, Conv2D, GlobalAvgPool, Linear, ReLU
from senet_np.nets import tiny
from senet_np.ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from senet_np.runs.recorder import train_run
from senet_np.runs.run import create_run
from senet_np.settings import make_settings
from senet_np.train.loop import gradients
from senet_np.train.progress import Stopped
from senet_np.tree import tree_items, tree_map


def problem(net, n=10, dtype=np.float64):
    """Parameters, state, images and labels."""
    rng = np.random.default_rng(0)
    params, state = net.init(rng, dtype)
    return params, state, rng.standard_normal((n, 8, 8, 3)).astype(dtype), rng.integers(10, size=n)


def without_batch_norm():
    head = [("pool", GlobalAvgPool()), ("fc", Linear(4, 10))]
    return Sequential([("conv", Conv2D(3, 4)), ("relu", ReLU()), ("se", SE(4, reduction=1)), *head])


@pytest.mark.parametrize("processes", [True, False], ids=["processes", "threads"])
@pytest.mark.parametrize("count", [2, 3])
def test_any_number_of_workers_gives_the_same_bits(count, processes):
    net = tiny(widths=(32, 32))
    arguments = problem(net, dtype=np.float32)
    with Workers(1) as one, Workers(count, processes) as several:
        alone, together = (gradients(net, *arguments, 3, workers) for workers in (one, several))
    assert (alone.loss, alone.correct) == (together.loss, together.correct)
    for tree, other in ((alone.grads, together.grads), (alone.state, together.state)):
        assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(tree_items(tree), tree_items(other), strict=True))


@pytest.mark.parametrize("micro_batch", [1, 3, 4, 10, 99])
def test_without_batch_norm_micro_batches_add_up_to_the_minibatch(micro_batch):
    net = without_batch_norm()
    params, state, x, labels = problem(net)
    logits, cache, _ = net.forward(params, state, x, True)
    loss, loss_cache = softmax_cross_entropy_forward(logits, labels)
    _, grads = net.backward(softmax_cross_entropy_backward(1.0, loss_cache), cache)
    with Workers(2) as workers:
        ours = gradients(net, params, state, x, labels, micro_batch, workers)
    assert np.isclose(ours.loss, loss, rtol=1e-14)
    assert ours.correct == (logits.argmax(axis=1) == labels).sum()
    for (_, a), (_, b) in zip(tree_items(ours.grads), tree_items(grads), strict=True):
        assert np.abs(a - b).max() < 1e-14


def test_the_states_of_the_micro_batches_are_averaged_in_their_dtype():
    net = tiny(widths=(4,))
    params, state, x, labels = problem(net, dtype=np.float32)
    first, second = (net.forward(params, state, part, True)[2] for part in np.array_split(x, 2))
    with Workers(1) as workers:
        ours = gradients(net, params, state, x, labels, 5, workers).state
    mean = tree_map(lambda a, b: (a + b) / np.float32(2), first, second)
    for (_, a), (_, b) in zip(tree_items(ours), tree_items(mean), strict=True):
        assert np.array_equal(a, b)
        assert a.dtype == np.float32


def test_a_whole_run_is_the_same_with_one_worker_and_with_two(tmp_path, few_settings, few_shapes):
    one, two = (finished(tmp_path / str(count), few_settings, few_shapes, workers=count) for count in (1, 2))
    assert_same_bits(one.load(), two.load())
    assert one.result == two.result


@pytest.mark.parametrize("workers", [(1, 1), (2, 1)])
def test_a_run_through_winograd_that_was_stopped_ends_bit_identical(tmp_path, few_shapes, callback, workers):
    settings = make_settings("shapes", {"widths": (32, 32), "batch_size": 16, "micro_batch": 8, "epochs": 1})
    whole = finished(tmp_path / "whole", settings, few_shapes, workers[0])
    stopped = create_run(tmp_path / "stopped", settings, few_shapes)
    with pytest.raises(Stopped):
        train_run(stopped, few_shapes, stopped.load(), callback(stop_after=2), workers[0])
    train_run(stopped, few_shapes, stopped.load(), workers=workers[1])
    assert_same_bits(whole.load(), stopped.load())
