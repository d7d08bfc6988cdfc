"""The ops in numbers that can be followed by hand, and what each says about arguments that do not fit."""

import numpy as np
import pytest

from senet_np import ops
from senet_np.ops.conv import check_conv2d
from senet_np.ops.loss import SoftmaxCrossEntropyCache


def f(*shape):
    return np.ones(shape)


X, W, LOGITS = f(2, 5, 5, 3), f(3, 3, 3, 4), f(2, 3)
FLOAT32 = W[0, 0].astype(np.float32)


@pytest.mark.parametrize(
    ("op", "args", "message"),
    [
        (ops.conv2d_forward, (X[0], W, None), r"x has shape \(5, 5, 3\), expected \(N, H, W, Cin\)"),
        (ops.conv2d_forward, (X, f(3, 3, 4, 4), None), r"w has shape .* expected \(kh, kw, 3, Cout\)"),
        (ops.conv2d_forward, (X, W, f(3)), r"b has shape \(3,\), expected \(4,\)"),
        (ops.conv2d_forward, (X, W, None, 0), "stride is 0"),
        (ops.conv2d_forward, (X, W, None, 1, -1), "pad is -1"),
        (ops.conv2d_forward, (X[:, :2, :2], f(5, 5, 3, 4), None), "x is 4×4 .* at least the window's 5×5"),
        (ops.conv2d_backward, (X, ops.conv2d_forward(X, W, None)[1]), r"dy has shape .*expected \(2, 5, 5, 4\)"),
        (ops.linear_forward, (f(2, 3), f(4, 5), None), r"w has shape \(4, 5\), expected \(3, M\)"),
        (ops.linear_forward, (f(2, 3), FLOAT32, None), "w has dtype float32, expected float64"),
        (ops.relu_forward, (np.arange(3),), "x has dtype int64, expected float32 or float64"),
        (ops.sigmoid_forward, ([1.0],), r"x is a list, expected a NumPy array of shape \(any,\)$"),
        (ops.channel_scale_forward, (X, f(2, 2)), r"s has shape \(2, 2\), expected \(2, 3\)"),
        (ops.channel_scale_forward, (f(0, 3, 3, 4), f(0, 4)), "u has shape"),
        (ops.max_pool2d_forward, (X, 6, 1), "x is 5×5 .* 6×6"),
        (ops.max_pool2d_forward, (X, 2, True), "stride is True"),
        (ops.max_pool2d_forward, (X, 3, 1, -1), "pad is -1, expected a whole number of at least 0"),
        (ops.max_pool2d_forward, (X, 3, 1, 3), "pad is 3, expected less than size, 3"),
        (ops.max_pool2d_forward, (X[:, :2], 5, 1, 1), "x is 4×7 .* at least the window's 5×5"),
        (ops.batch_norm_forward, (X, f(3), f(3), f(3)), "one of mean and var"),
        (ops.batch_norm_forward, (X, f(2), f(3)), r"gamma has shape \(2,\), expected \(3,\)"),
        (ops.batch_norm_forward, (f(0, 3), f(3), f(3)), r"x has shape \(0, 3\), expected \(N, C\)$"),
        (ops.batch_norm_forward, ([[1.0]], f(1), f(1)), "x is a list, expected a NumPy array"),
        (ops.batch_norm_forward, (X, None, f(3)), "gamma is a NoneType"),
        (ops.batch_norm_forward, (X, f(3), None), "beta is a NoneType"),
        (ops.softmax_cross_entropy_forward, (LOGITS, np.array([0, 3])), "labels holds 0 to 3, expected 0 to 2"),
        (ops.softmax_cross_entropy_forward, (LOGITS, np.array([0.0, 1.0])), "labels is float64"),
        (ops.softmax_cross_entropy_forward, (LOGITS, np.array([0])), r"labels has shape \(1,\), expected \(2,\)"),
        (ops.softmax_cross_entropy_backward, (f(2), SoftmaxCrossEntropyCache(LOGITS, np.array([0, 1]))), "a scalar"),
    ],
)
def test_what_does_not_fit_is_named(op, args, message):
    with pytest.raises(ValueError, match=message):
        op(*args)


def test_padding_never_wins_a_maximum():
    y, cache = ops.max_pool2d_forward(-X, 4, 1, 3)
    assert np.array_equal(y, np.full((2, 8, 8, 3), -1.0))
    assert ops.max_pool2d_backward(np.ones_like(y), cache).sum() == y.size


def test_max_pooling_with_windows_of_3_and_a_pad_of_1_keeps_the_images_size():
    assert ops.max_pool2d_forward(f(2, 4, 5, 3), 3, 1, 1)[0].shape == (2, 4, 5, 3)


def test_sigmoid_neither_overflows_nor_loses_its_small_values():
    with np.errstate(over="raise", invalid="raise"):
        y, _ = ops.sigmoid_forward(np.array([-1e4, -80.0, 0.0, 80.0, 1e4]))
    assert np.allclose(y, [0, np.exp(-80.0), 0.5, 1, 1], rtol=1e-12, atol=0)


def test_cross_entropy_of_huge_logits_is_finite():
    loss, _ = ops.softmax_cross_entropy_forward(np.array([[1e30, 0.0]]), np.array([1]))
    assert loss == 1e30


def test_cross_entropy_of_one_image_does_not_depend_on_its_neighbors_logits():
    small, large = np.array([[0.0, 1.0]]), np.array([[1e4, 1e4 + 1]])
    together, _ = ops.softmax_cross_entropy_forward(np.concatenate([small, large]), np.array([0, 0]))
    assert np.isclose(together, ops.softmax_cross_entropy_forward(small, np.array([0]))[0], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("op", ["sigmoid", "tanh"])
def test_the_gradient_of_a_gate_that_is_wide_open_or_shut_is_finite_and_all_but_zero(op, dtype):
    x = np.array([-1000, -120, -20, 20, 120, 1000], dtype)
    _, cache = getattr(ops, f"{op}_forward")(x)
    dx = getattr(ops, f"{op}_backward")(np.ones_like(x), cache)
    assert ((dx >= 0) & (dx < 1e-8)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_of_a_certain_mistake_is_finite_and_certain_too(dtype):
    _, cache = ops.softmax_cross_entropy_forward(np.array([[1000, -1000, 0]], dtype), np.array([1]))
    assert np.array_equal(ops.softmax_cross_entropy_backward(1.0, cache), [[1, -1, 0]])


def test_relus_slope_at_0_is_taken_as_0():
    _, cache = ops.relu_forward(np.array([-1.0, 0.0, 1.0]))
    assert np.array_equal(ops.relu_backward(np.ones(3), cache), [0, 0, 1])


def test_cross_entropy_of_a_net_that_knows_nothing_is_log_k():
    loss, _ = ops.softmax_cross_entropy_forward(np.zeros((3, 10)), np.array([1, 2, 3]))
    assert np.isclose(loss, np.log(10))


def test_a_channel_that_is_constant_over_the_batch_normalizes_to_beta():
    y, _ = ops.batch_norm_forward(np.full((4, 1), 7.0), np.array([2.0]), np.array([3.0]))
    assert np.array_equal(y, np.full((4, 1), 3.0))


@pytest.mark.parametrize(("statistics", "batch"), [((), True), ((np.zeros(3), np.ones(3)), False)])
def test_batch_norms_cache_says_whether_the_statistics_carry_gradient(statistics, batch):
    assert ops.batch_norm_forward(X, np.ones(3), np.zeros(3), *statistics)[1].batch is batch


def test_an_average_over_windows_of_one_pixel_changes_nothing():
    x = np.arange(12.0).reshape(1, 2, 3, 2)
    assert np.array_equal(ops.avg_pool2d_forward(x, size=1, stride=1)[0], x)


def test_the_checks_of_a_convolution_tell_the_height_and_the_width_of_its_output():
    x, w = np.zeros((1, 9, 8, 2)), np.zeros((2, 5, 2, 3))
    assert check_conv2d(x, w, None, 1, 0) == (8, 4)


def test_options_of_numpys_float64_leave_float32_what_it_is():
    x, c = np.ones((2, 3), np.float32), np.ones(3, np.float32)
    loss, cache = ops.softmax_cross_entropy_forward(x, np.array([0, 1]), np.float64(0.1))
    assert loss.dtype == ops.softmax_cross_entropy_backward(1.0, cache).dtype == np.float32
    assert ops.batch_norm_forward(x, c, c, eps=np.float64(1e-5))[0].dtype == np.float32


@pytest.mark.parametrize("value", [1.1, 10.1, 100.1])
def test_batch_norm_of_a_constant_channel_is_beta_in_float32_too(value):
    x, beta = np.full((64, 32, 32, 2), value, np.float32), np.array([0.0, 3.0], np.float32)
    assert np.array_equal(ops.batch_norm_forward(x, np.ones(2, np.float32), beta)[0], np.broadcast_to(beta, x.shape))
