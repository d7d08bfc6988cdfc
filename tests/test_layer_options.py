"""What layers start from and how they are built: initial weights, defaults, and the options that reach their ops."""

import numpy as np
import pytest

from senet_np import ops, se
from senet_np.containers import Sequential
from senet_np.fast import blocks
from senet_np.layers import ECA, SE, AvgPool2D, BatchNorm, Conv2D, Linear, MaxPool2D, ReLU


def rng():
    return np.random.default_rng(0)


def images(*shape):
    return rng().standard_normal(shape)


def forward(layer, x, training=True):
    """The layer's output with fresh parameters, and those parameters."""
    params, state = layer.init(rng(), np.float64)
    return layer.forward(params, state, x, training)[0], params


@pytest.mark.parametrize(
    ("weights", "std"),
    [
        (lambda: Linear(200, 300).init(rng())[0]["w"], np.sqrt(1 / 200)),
        (lambda: Linear(200, 300, std=0.01).init(rng())[0]["w"], 0.01),
        (lambda: Conv2D(40, 80).init(rng())[0]["w"], np.sqrt(2 / (9 * 40))),
        (lambda: Conv2D(40, 80, kernel_size=5).init(rng())[0]["w"], np.sqrt(2 / (25 * 40))),
        (lambda: SE(200, reduction=2).init(rng())[0]["w1"], np.sqrt(2 / 200)),
        (lambda: SE(200, reduction=2).init(rng())[0]["w2"], np.sqrt(1 / 100)),
    ],
    ids=["Linear", "Linear with a given std", "Conv2D 3×3", "Conv2D 5×5", "SE, first FC", "SE, second FC"],
)
def test_weights_start_with_the_stated_spread(weights, std):
    w = weights()
    assert abs(w.std() / std - 1) < 0.02  # some 20,000 draws: 0.5 % is one standard error
    assert abs(w.mean()) < 0.03 * std


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("layer", "biases"),
    [
        (lambda: Conv2D(2, 5), {"b": 5}),
        (lambda: Linear(4, 3), {"b": 3}),
        (lambda: SE(16), {"b1": 4, "b2": 16}),  # reduction 4
    ],
    ids=["Conv2D", "Linear", "SE"],
)
def test_biases_are_there_by_default_and_start_at_zero(layer, biases, dtype):
    params, _ = layer().init(rng(), dtype)
    for name, width in biases.items():
        assert params[name].dtype == dtype
        assert np.array_equal(params[name], np.zeros(width))


@pytest.mark.parametrize(
    ("layer", "attributes"),
    [
        (Linear(4, 3), {"in_features": 4, "out_features": 3, "bias": True}),
        (Conv2D(4, 3, 5, 2), {"in_channels": 4, "out_channels": 3, "kernel_size": 5, "stride": 2, "padding": 2}),
        (BatchNorm(4), {"num_features": 4, "momentum": 0.1, "eps": 1e-5}),
        (MaxPool2D(3, 2, 1), {"kernel_size": 3, "stride": 2, "padding": 1}),
        (AvgPool2D(3, 2), {"kernel_size": 3, "stride": 2}),
        (SE(8, 2), {"channels": 8, "hidden": 4, "squeeze": "avg", "gate": "sigmoid", "se_bias": True}),
        (ECA(128, "tanh"), {"channels": 128, "kernel_size": 5, "gate": "tanh"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_layer_has_its_arguments_as_attributes_of_the_same_names(layer, attributes):
    assert {name: getattr(layer, name) for name in attributes} == attributes


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        (lambda: Conv2D(2, 5, bias=False), {"w"}),
        (lambda: Linear(4, 3, bias=False), {"w"}),
        (lambda: SE(16, se_bias=False), {"w1", "w2"}),
    ],
    ids=["Conv2D", "Linear", "SE"],
)
def test_without_biases_there_are_none(layer, names):
    assert set(layer().init(rng())[0]) == names


@pytest.mark.parametrize(("size", "stride"), [(1, 1), (3, 2), (5, 1), (5, 2)])
def test_a_conv_layer_pads_by_half_its_kernel_and_takes_its_stride(size, stride):
    x = images(2, 6, 7, 3)
    y, params = forward(Conv2D(3, 2, size, stride), x)
    assert np.array_equal(y, ops.conv2d_forward(x, params["w"], params["b"], stride, pad=size // 2)[0])


@pytest.mark.parametrize(
    ("layer", "op"), [(MaxPool2D, ops.max_pool2d_forward), (AvgPool2D, ops.avg_pool2d_forward)], ids=["max", "avg"]
)
def test_a_pooling_layer_is_its_op(layer, op):
    x = images(2, 6, 7, 3)
    assert np.array_equal(forward(layer(kernel_size=3, stride=2), x)[0], op(x, 3, 2)[0])


def test_a_max_pooling_layer_hands_on_its_padding():
    x = images(2, 6, 7, 3)
    assert np.array_equal(
        forward(MaxPool2D(kernel_size=3, stride=2, padding=1), x)[0], ops.max_pool2d_forward(x, 3, 2, 1)[0]
    )


def test_an_average_pooling_layer_has_the_ops_backward_pass():
    layer, x, dy = AvgPool2D(kernel_size=3, stride=2), images(2, 6, 7, 3), images(2, 2, 3, 3)
    dx, grads = layer.backward(dy, layer.forward({}, {}, x, True)[1])
    assert np.array_equal(dx, ops.avg_pool2d_backward(dy, ops.avg_pool2d_forward(x, 3, 2)[1]))
    assert grads == {}


@pytest.mark.parametrize("gate", se.GATE)
@pytest.mark.parametrize("squeeze", blocks.BLOCKS)
def test_an_se_layer_is_the_se_block_with_its_options(squeeze, gate):
    u = images(2, 3, 4, 8)
    y, p = forward(SE(8, 2, squeeze, gate), u)
    assert np.array_equal(y, blocks.BLOCKS[squeeze][0](u, p["w1"], p["b1"], p["w2"], p["b2"], gate=gate)[0])


@pytest.mark.parametrize("gate", se.GATE)
def test_an_eca_layer_is_the_eca_block_with_its_gate(gate):
    u = images(2, 3, 4, 16)
    y, p = forward(ECA(16, gate), u)
    assert np.array_equal(y, blocks.eca_forward(u, p["w"], gate)[0])


@pytest.mark.parametrize(("c", "k"), [(16, 3), (128, 5)])
def test_an_eca_layer_has_one_small_kernel_in_the_dtype_asked_for(c, k):
    for dtype in (np.float32, np.float64):
        params, state = ECA(c).init(rng(), dtype)
        assert {name: (w.shape, w.dtype) for name, w in params.items()} == {"w": ((k,), dtype)}
        assert state == {}


def test_eca_kernels_start_with_the_stated_spread():
    draws = np.random.default_rng(0)
    kernels = np.array([ECA(16).init(draws)[0]["w"] for _ in range(5000)])
    assert abs(kernels.std() * np.sqrt(3) - 1) < 0.02


@pytest.mark.parametrize("option", [{"squeeze": "sum"}, {"gate": "softmax"}])
def test_an_se_layer_names_an_option_that_it_does_not_know(option):
    (name, value), *_ = option.items()
    with pytest.raises(ValueError, match=f"{name}='{value}'.*: expected one of"):
        SE(8, **option)


def test_batch_norm_hands_its_eps_on_in_training_too():
    y, _ = forward(BatchNorm(1, eps=3), np.array([[-1.0], [1.0]]))
    assert np.array_equal(y, [[-0.5], [0.5]])  # variance 1, so 1/√(1 + 3)


def test_a_network_without_parameters_may_be_part_of_another():
    net = Sequential([("folded", Sequential([("relu", ReLU())]))])
    assert np.array_equal(forward(net, np.array([-1.0, 2.0]))[0], [0.0, 2.0])


def test_an_eca_layer_refuses_a_gate_that_does_not_exist_when_it_is_built():
    with pytest.raises(ValueError, match="gate='softmax': expected one of"):
        ECA(8, "softmax")
