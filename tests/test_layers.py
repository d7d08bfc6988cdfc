"""Layers: explicit parameters, state and caches, and nothing remembered in between."""

import numpy as np
import pytest

from senet_np.containers import Concat, Residual, Sequential, image_gates, se_caches
from senet_np.layers import ECA, SE, BatchNorm, Conv2D, Linear, ReLU
from senet_np.tree import tree_build, tree_items, tree_map, tree_size


def rng():
    return np.random.default_rng(0)


def images(*shape, dtype=np.float64):
    return rng().standard_normal(shape).astype(dtype)


def small_net():
    return Sequential(
        [("conv", Conv2D(3, 4, bias=False)), ("bn", BatchNorm(4)), ("relu", ReLU()), ("se", SE(4, reduction=1))]
    )


def test_gradients_form_a_tree_of_the_shape_of_the_parameters():
    net = small_net()
    params, state = net.init(rng())
    _, cache, _ = net.forward(params, state, images(2, 4, 4, 3, dtype=np.float32), True)
    _, grads = net.backward(np.ones((2, 4, 4, 4), np.float32), cache)
    shapes = [[(path, a.shape, a.dtype) for path, a in tree_items(tree)] for tree in (params, grads)]
    assert shapes[0] == shapes[1]


def test_a_pass_changes_neither_parameters_nor_state():
    net = small_net()
    params, state = net.init(rng(), np.float64)
    before = [a.copy() for tree in (params, state) for _, a in tree_items(tree)]
    net.backward(*net.forward(params, state, images(2, 4, 4, 3), True)[:2])
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
        x = images(n, 2)
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
    net = Sequential([("bn", BatchNorm(3)), ("se", SE(3, reduction=1))])
    params, state = net.init(rng(), np.float64)
    _, cache, _ = net.forward(params, state, 5 + images(8, 4, 4, 3), True)
    assert np.abs(cache["se"].z.mean(axis=0)).max() < 1e-12


def test_se_gates_start_near_one_half():
    layer = SE(64, reduction=4)
    params, state = layer.init(rng())
    x = np.abs(images(10, 4, 4, 64, dtype=np.float32))
    s = layer.forward(params, state, x, True)[1].s
    assert np.abs(s - 0.5).mean() < 0.2


def test_a_sequential_names_each_layer_once():
    with pytest.raises(ValueError, match="expected each name once"):
        Sequential([("a", ReLU()), ("a", ReLU())])


class Recorder:
    """A layer that multiplies by its one parameter, and notes training and needs_input_grad."""

    def __init__(self):
        self.noted = []

    def init(self, rng, dtype=np.float32):
        return {"k": rng.standard_normal(1).astype(dtype)}, {"seen": np.zeros(1, dtype)}

    def forward(self, params, state, x, training):
        self.noted.append(training)
        return params["k"] * x, (params["k"], x), {"seen": state["seen"] + 1}

    def backward(self, dy, cache, needs_input_grad=True):
        self.noted.append(needs_input_grad)
        k, x = cache
        return (k * dy if needs_input_grad else None), {"k": np.array([(dy * x).sum()])}


def test_of_a_chain_only_the_first_layer_may_leave_out_dx():
    first, second = Recorder(), Recorder()
    net = Sequential([("first", first), ("second", second)])
    params, state = net.init(rng(), np.float64)
    dx, _ = net.backward(np.ones(3), net.forward(params, state, np.ones(3), True)[1], needs_input_grad=False)
    assert dx is None
    assert (first.noted, second.noted) == ([True, False], [True, True])
    assert net.backward(np.ones(3), net.forward(params, state, np.ones(3), True)[1])[0] is not None


def test_a_chain_of_no_layers_hands_on_what_it_gets():
    y, cache, _ = Sequential([]).forward({}, {}, np.ones(2), True)
    assert np.array_equal(y, np.ones(2))
    assert np.array_equal(Sequential([]).backward(np.ones(2), cache)[0], np.ones(2))


@pytest.mark.parametrize("projected", [False, True], ids=["identity", "with a shortcut"])
def test_a_residual_layer_adds_branch_and_shortcut_forward_and_backward(projected):
    branch, shortcut = Recorder(), Recorder()
    layer = Residual(branch, shortcut if projected else None)
    params, state = layer.init(rng(), np.float64)
    k = params["branch"]["k"]
    skip = params["shortcut"]["k"] if projected else 1
    names = ["branch", "shortcut"] if projected else ["branch"]
    x, dy = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    y, cache, new_state = layer.forward(params, state, x, False)
    dx, grads = layer.backward(dy, cache)
    assert np.allclose(y, (k + skip) * x)
    assert np.allclose(dx, (k + skip) * dy)
    assert [*params] == [*state] == [*new_state] == [*grads] == names
    assert all(grads[name]["k"] == 13 and new_state[name]["seen"] == 1 for name in names)
    assert branch.noted == [False, True]
    assert layer.backward(dy, cache, needs_input_grad=False)[0] is None
    assert branch.noted[-1] is False


def test_a_residual_layer_draws_its_parts_in_order_and_in_the_dtype_asked_for():
    params, _ = Residual(Recorder(), Recorder()).init(rng(), np.float64)
    drawn = rng()
    assert params["branch"]["k"] == drawn.standard_normal()
    assert params["shortcut"]["k"] == drawn.standard_normal()
    assert Residual(Recorder()).init(rng())[0]["branch"]["k"].dtype == np.float32


def test_the_parts_of_a_residual_layer_may_have_nothing_to_learn():
    layer = Residual(ReLU(), ReLU())
    params, state = layer.init(rng())
    assert (params, state) == ({}, {})
    y, cache, new_state = layer.forward(params, state, np.array([-1.0, 2.0]), True)
    assert np.array_equal(y, [0, 4])
    assert new_state == {}
    assert layer.backward(np.array([1.0, 1.0]), cache)[1] == {}


class Repeater(Recorder):
    """Its output has `times` as many channels as its input."""

    def __init__(self, times):
        super().__init__()
        self.times = times

    def forward(self, params, state, x, training):
        y, cache, new_state = super().forward(params, state, x, training)
        return np.concatenate([y] * self.times, axis=-1), cache, new_state

    def backward(self, dy, cache, needs_input_grad=True):
        self.dy = dy
        return super().backward(sum(np.split(dy, self.times, axis=-1)), cache, needs_input_grad)


def test_a_concat_joins_its_parts_and_each_gets_its_own_channels_back():
    one, two = Repeater(1), Repeater(2)
    layer = Concat({"one": one, "two": two})
    params, state = layer.init(rng(), np.float64)
    k, q = params["one"]["k"], params["two"]["k"]
    x, dy = np.array([[2.0, 3.0]]), np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    y, cache, new_state = layer.forward(params, state, x, False)
    dx, grads = layer.backward(dy, cache)
    assert np.allclose(y, np.concatenate([k * x, q * x, q * x], axis=1))
    assert (one.dy.tolist(), two.dy.tolist()) == ([[1, 2]], [[3, 4, 5, 6]])
    assert np.allclose(dx, k * [[1, 2]] + q * [[3 + 5, 4 + 6]])
    assert [*params] == [*state] == [*new_state] == [*grads] == ["one", "two"]
    assert (grads["one"]["k"], grads["two"]["k"]) == (2 * 1 + 3 * 2, 2 * 8 + 3 * 10)
    assert all(part["seen"] == 1 for part in new_state.values())


def test_a_concat_hands_on_the_mode_and_whether_dx_is_needed():
    parts = {"one": Recorder(), "two": Recorder()}
    layer = Concat(parts)
    cache = layer.forward(*layer.init(rng(), np.float64), np.ones((1, 2)), False)[1]
    assert layer.backward(np.ones((1, 4)), cache, needs_input_grad=False)[0] is None
    assert [part.noted for part in parts.values()] == [[False, False]] * 2


def test_a_concat_of_one_part_is_that_part():
    layer = Concat({"one": ReLU()})
    y, cache, _ = layer.forward({}, {}, np.array([[-1.0, 2.0]]), True)
    assert np.array_equal(y, [[0, 2]])
    assert np.array_equal(layer.backward(np.ones((1, 2)), cache)[0], [[0, 1]])


def test_the_parts_of_a_concat_may_have_nothing_to_learn():
    layer = Concat({"one": ReLU(), "two": ReLU()})
    params, state = layer.init(rng())
    assert (params, state) == ({}, {})
    y, cache, new_state = layer.forward(params, state, np.array([[-1.0, 2.0]]), True)
    assert np.array_equal(y, [[0, 2, 0, 2]])
    assert new_state == {}
    assert layer.backward(np.ones((1, 4)), cache)[1] == {}


def test_a_concat_has_at_least_one_part():
    with pytest.raises(ValueError, match="there are no parts, expected at least one"):
        Concat({})


@pytest.mark.parametrize(
    ("layer", "x"),
    [(Conv2D(3, 2), images(1, 4, 4, 3)), (Conv2D(3, 2, stride=2), images(1, 4, 4, 3)), (Linear(3, 2), images(2, 3))],
    ids=["Conv2D", "Conv2D, stride 2", "Linear"],
)
def test_dx_is_there_unless_it_is_not_needed_and_the_rest_is_the_same(layer, x):
    params, state = layer.init(rng(), np.float64)
    y, cache, _ = layer.forward(params, state, x, True)
    dx, grads = layer.backward(np.ones_like(y), cache)
    _, without = layer.backward(np.ones_like(y), cache, needs_input_grad=False)
    assert dx is not None
    assert dx.shape == x.shape
    assert np.allclose(grads["w"], without["w"])


def test_a_convolution_of_the_image_leaves_out_dx():
    layer = Conv2D(3, 2)
    params, state = layer.init(rng())
    y, cache, _ = layer.forward(params, state, images(1, 4, 4, 3, dtype=np.float32), True)
    assert layer.backward(np.ones_like(y), cache, needs_input_grad=False)[0] is None


def test_se_caches_are_found_by_path_at_any_depth():
    net = Sequential([("one", Sequential([("se", SE(3))])), ("two", SE(3))])
    params, state = net.init(rng())
    cache = net.forward(params, state, images(1, 2, 2, 3, dtype=np.float32), False)[1]
    assert list(se_caches(cache)) == ["one.se", "two"]


def test_se_and_eca_caches_are_found_inside_concat_and_residual_layers():
    net = Residual(Concat({"one": SE(2), "two": Sequential([("eca", ECA(2))])}), Conv2D(2, 4))
    params, state = net.init(rng(), np.float64)
    cache = net.forward(params, state, images(1, 2, 3, 2), False)[1]
    assert {path: block.s.shape for path, block in se_caches(cache).items()} == {
        "branch.one": (1, 2),
        "branch.two.eca": (1, 2),
    }


@pytest.mark.parametrize("squeeze", ["avg", "none"])
def test_an_image_has_one_gate_a_channel_the_mean_where_each_position_has_its_own(squeeze):
    layer = SE(4, squeeze=squeeze)
    block = layer.forward(*layer.init(rng()), images(2, 3, 5, 4, dtype=np.float32), False)[1]
    assert np.array_equal(image_gates(block), block.s if squeeze == "avg" else block.s.mean(axis=(1, 2)))


def test_a_tree_is_rebuilt_from_its_paths():
    tree = {"a": {"w": np.ones(2), "b": np.zeros(1)}, "c": np.ones(3)}
    rebuilt = tree_build({f"params/{path}": a for path, a in tree_items(tree)}, "params/")
    assert [path for path, _ in tree_items(rebuilt)] == ["a.w", "a.b", "c"]
    assert tree_size(rebuilt) == 6


@pytest.mark.parametrize("container", [Residual, lambda branch: Concat({"branch": branch})], ids=["residual", "concat"])
def test_a_container_whose_parts_have_nothing_to_learn_takes_no_parameters(container):
    inside = Sequential([("relu", ReLU())])
    x = np.array([[[[-1.0, 2.0]]]])
    y, _, _ = container(inside).forward({}, {}, x, True)
    assert np.array_equal(y, np.maximum(x, 0) + (x if container is Residual else 0))


def test_a_branch_of_another_shape_than_the_shortcuts_is_refused():
    for branch in (Conv2D(3, 1), Conv2D(3, 3, stride=2)):
        layer = Residual(branch)
        with pytest.raises(ValueError, match=r"the branch gives .*, expected the shortcut's"):
            layer.forward(*layer.init(rng()), np.zeros((1, 2, 2, 3), np.float32), True)


def test_batch_norm_with_options_of_numpys_float64_stays_in_float32():
    layer = BatchNorm(3, momentum=np.float64(0.1), eps=np.float64(1e-5))
    params, state = layer.init(rng())
    x = np.ones((2, 2, 2, 3), np.float32)
    y, _, state = layer.forward(params, state, x, True)
    assert {y.dtype, state["mean"].dtype, state["var"].dtype} == {np.dtype(np.float32)}
    assert layer.forward(params, state, x, False)[0].dtype == np.float32
