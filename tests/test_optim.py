"""Optimizers and schedule, on numbers small enough to follow."""

from itertools import pairwise

import numpy as np
import pytest

from senet_np.settings import Settings
from senet_np.train.optimizers import OPTIMIZERS, SGD, Adam, Lookahead, make_optimizer
from senet_np.train.schedule import cosine, triangle


def test_sgd_is_nesterov_with_decay_on_matrices_only():
    params = {"w": np.array([[2.0]]), "b": np.array([2.0])}
    grads = {"w": np.array([[1.0]]), "b": np.array([1.0])}
    optimizer = SGD(momentum=0.9, weight_decay=0.1)
    state = {"velocity": {"w": np.array([[1.0]]), "b": np.array([1.0])}}
    new, state = optimizer.step(params, grads, state, lr=0.1)
    # w: g = 1 + 0.1·2 = 1.2, v = 0.9 + 1.2 = 2.1, w = 2 − 0.1·(1.2 + 0.9·2.1)
    assert np.isclose(new["w"], 2 - 0.1 * (1.2 + 0.9 * 2.1))
    assert np.isclose(state["velocity"]["w"], 2.1)
    assert np.isclose(new["b"], 2 - 0.1 * (1 + 0.9 * 1.9))


def test_adams_first_step_is_the_learning_rate_in_the_direction_of_the_sign():
    params, grads = {"b": np.array([1.0, 1.0])}, {"b": np.array([1e-3, -50.0])}
    optimizer = Adam(weight_decay=0)
    new, _ = optimizer.step(params, grads, optimizer.init(params), lr=0.1)
    assert np.allclose(new["b"], [0.9, 1.1], atol=1e-5)


def test_adams_decay_pulls_matrices_towards_zero_whatever_the_gradient():
    params, grads = {"w": np.array([[4.0]])}, {"w": np.array([[0.0]])}
    optimizer = Adam(weight_decay=0.5)
    new, _ = optimizer.step(params, grads, optimizer.init(params), lr=0.1)
    assert np.isclose(new["w"], 4 - 0.1 * 0.5 * 4)


@pytest.mark.parametrize("optimizer", [SGD(), Adam()])
def test_a_step_changes_nothing_in_place_and_keeps_float32(optimizer):
    params, grads = {"w": np.ones((2, 2), np.float32)}, {"w": np.ones((2, 2), np.float32)}
    state = optimizer.init(params)
    new, _ = optimizer.step(params, grads, state, 0.1)
    assert np.array_equal(params["w"], np.ones((2, 2)))
    assert new["w"].dtype == np.float32
    assert not any(np.any(a) for tree in state.values() if isinstance(tree, dict) for a in tree.values())


def test_the_rate_climbs_in_a_line_to_its_peak_and_falls_along_a_cosine():
    rates = [cosine(step, 100, peak=2.0, warmup=0.1) for step in range(100)]
    assert np.allclose(rates[:10], np.arange(1, 11) * 0.2)
    assert rates[10] == 2.0
    assert np.isclose(rates[55], 1.0)
    assert all(a > b > 0 for a, b in pairwise(rates[10:]))


def test_a_run_too_short_to_warm_up_starts_at_the_peak():
    assert cosine(0, 3, peak=1.0) == 1.0


def test_a_triangle_climbs_from_a_fifth_to_its_peak_and_falls_in_a_line():
    rates = [triangle(step, 100, peak=2.0) for step in range(100)]
    assert rates[0] == 0.4
    assert np.isclose(rates[23], 2.0)
    assert np.allclose(np.diff(rates[:23]), 1.6 / 23)
    assert np.allclose(np.diff(rates[23:]), -1.86 / 77)
    assert np.isclose(triangle(100, 100, peak=2.0), 0.14)


@pytest.mark.parametrize("optimizer", [SGD(weight_decay=0, bn_bias_lr=64), Adam(weight_decay=0, bn_bias_lr=64)])
def test_batch_norms_biases_and_no_others_move_faster(optimizer):
    zeros = {"bn": {"gamma": np.zeros(1), "beta": np.zeros(1)}, "fc": {"w": np.zeros((1, 1)), "b": np.zeros(1)}}
    ones = {part: {name: np.ones_like(a) for name, a in tree.items()} for part, tree in zeros.items()}
    new, _ = optimizer.step(zeros, ones, optimizer.init(zeros), lr=0.01)
    step = new["bn"]["gamma"]
    assert np.isclose(new["bn"]["beta"], 64 * step)
    assert step == new["fc"]["b"] == new["fc"]["w"]


def steps_of_lookahead(count, of):
    """Weights after each of `count` steps of a run of `of`; plain SGD at a constant gradient takes 1 off per step."""
    optimizer, grads = Lookahead(SGD(momentum=0, weight_decay=0)), {"w": np.ones(1)}
    params = {"w": np.zeros(1)}
    state, seen = optimizer.init(params), []
    for step in range(count):
        params, state = optimizer.step(params, grads, state, 1.0, (step + 1) / of)
        seen.append(float(params["w"][0]))
    return seen


def test_lookahead_goes_four_steps_alone_and_then_back_towards_where_it_was():
    seen = steps_of_lookahead(5, of=10)
    assert seen[:4] == [-1, -2, -3, -4]
    assert np.isclose(seen[4], -5 * (1 - 0.95**5 * 0.5**3))


def test_lookahead_leaves_the_slow_weights_at_the_end():
    *_, fifth, _, last = steps_of_lookahead(7, of=7)
    assert last == fifth


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_lookahead_takes_each_optimizer_along(name):
    optimizer = make_optimizer(Settings(optimizer=name, lookahead=True))
    assert type(optimizer.optimizer) is OPTIMIZERS[name]
    state = optimizer.init({"w": np.ones(2)})
    assert {"slow", "steps", *OPTIMIZERS[name]().init({"w": np.ones(2)})} == {*state}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_settings_choose_the_optimizer_and_its_decay(name):
    optimizer = make_optimizer(Settings(optimizer=name, weight_decay=0.25))
    assert type(optimizer) is OPTIMIZERS[name]
    assert optimizer.weight_decay == 0.25


@pytest.mark.parametrize("make", [SGD, Adam, lambda: Lookahead(SGD(momentum=np.float64(0.9)))])
def test_a_rate_of_numpys_float64_leaves_the_weights_in_float32(make):
    optimizer, params = make(), {"w": np.ones((2, 2), np.float32)}
    state = optimizer.init(params)
    for step in range(1, 7):
        params, state = optimizer.step(params, params, state, np.float64(0.1), np.float64(step / 10))
    assert params["w"].dtype == np.float32
