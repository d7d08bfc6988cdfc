"""Layers: explicit parameters, state and caches, and nothing remembered in between."""

import numpy as np
import pytest

from senet_np.compose import Sequential, se_caches
from senet_np.layers import SE, BatchNorm, Conv2D, relu
from senet_np.tree import tree_build, tree_items, tree_map, tree_size


def rng():
    return np.random.default_rng(0)


def picture(*shape, dtype=np.float64):
    return rng().standard_normal(shape).astype(dtype)


def small_net():
    return Sequential([("conv", Conv2D(3, 4, bias=False)), ("bn", BatchNorm(4)), ("relu", relu()), ("se", SE(4, r=1))])


def test_gradients_form_a_tree_of_the_shape_of_the_parameters():
    net = small_net()
    params, state = net.init(rng())
    _, cache, _ = net.forward(params, state, picture(2, 4, 4, 3, dtype=np.float32), True)
    _, grads = net.backward(np.ones((2, 4, 4, 4), np.float32), cache)
    shapes = [[(path, a.shape, a.dtype) for path, a in tree_items(tree)] for tree in (params, grads)]
    assert shapes[0] == shapes[1]


def test_a_pass_changes_neither_parameters_nor_state():
    net = small_net()
    params, state = net.init(rng(), np.float64)
    before = [a.copy() for tree in (params, state) for _, a in tree_items(tree)]
    net.backward(*net.forward(params, state, picture(2, 4, 4, 3), True)[:2])
    after = [a for tree in (params, state) for _, a in tree_items(tree)]
    assert all(map(np.array_equal, before, after))


def test_the_same_seed_means_the_same_weights_in_both_dtypes():
    single, double = (small_net().init(rng(), dtype)[0] for dtype in (np.float32, np.float64))
    same = tree_map(lambda a, b: a == b.astype(np.float32), single, double)
    assert all(a.all() for _, a in tree_items(same))


def test_batch_norm_in_training_moves_its_running_statistics_towards_the_batch():
    layer = BatchNorm(2, momentum=0.25)
    params, _ = layer.init(rng(), np.float64)
    state = {"mean": np.array([1.0, 2.0]), "var": np.array([4.0, 9.0])}
    for n in (2, 5):
        x = picture(n, 2)
        _, _, new = layer.forward(params, state, x, True)
        assert np.allclose(new["mean"], 0.75 * state["mean"] + 0.25 * x.mean(axis=0))
        assert np.allclose(new["var"], 0.75 * state["var"] + 0.25 * x.var(axis=0, ddof=1))


def test_batch_norm_in_evaluation_uses_its_state_and_keeps_it():
    layer = BatchNorm(2, eps=0)
    params, _ = layer.init(rng(), np.float64)
    state = {"mean": np.array([1.0, 2.0]), "var": np.array([4.0, 9.0])}
    y, _, new = layer.forward(params, state, np.array([[3.0, 5.0]]), False)
    assert np.array_equal(y, [[1.0, 1.0]])
    assert new is state


def test_batch_norm_straight_before_the_squeeze_makes_the_batch_mean_of_z_zero():
    net = Sequential([("bn", BatchNorm(3)), ("se", SE(3, r=1))])
    params, state = net.init(rng(), np.float64)
    _, cache, _ = net.forward(params, state, 5 + picture(8, 4, 4, 3), True)
    assert np.abs(cache["se"].z.mean(axis=0)).max() < 1e-12


def test_se_gates_start_near_one_half():
    layer = SE(64, r=4)
    params, state = layer.init(rng())
    x = np.abs(picture(10, 4, 4, 64, dtype=np.float32))
    s = layer.forward(params, state, x, True)[1].s
    assert np.abs(s - 0.5).mean() < 0.2


def test_a_sequential_names_each_layer_once():
    with pytest.raises(ValueError, match="expected each name once"):
        Sequential([("a", relu()), ("a", relu())])


def test_se_caches_are_found_by_path_at_any_depth():
    net = Sequential([("one", Sequential([("se", SE(3))])), ("two", SE(3))])
    params, state = net.init(rng())
    cache = net.forward(params, state, picture(1, 2, 2, 3, dtype=np.float32), False)[1]
    assert list(se_caches(cache)) == ["one.se", "two"]


def test_a_tree_is_rebuilt_from_its_paths():
    tree = {"a": {"w": np.ones(2), "b": np.zeros(1)}, "c": np.ones(3)}
    rebuilt = tree_build({f"params/{path}": a for path, a in tree_items(tree)}, "params/")
    assert [path for path, _ in tree_items(rebuilt)] == ["a.w", "a.b", "c"]
    assert tree_size(rebuilt) == 6
