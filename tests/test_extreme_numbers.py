"""Numbers at the ends of float32: wherever mathematics has a result that float32 can hold, it comes out.

Every op and its backward pass, in float32 and in float64 from the same numbers; float64 is the judge.
"""

import numpy as np
import pytest
from tally import tally

from senet_np import layers
from senet_np.gradcheck import cases
from senet_np.ops import (
    batch_norm_backward,
    batch_norm_forward,
    sigmoid_backward,
    sigmoid_forward,
    softmax_cross_entropy_forward,
)

LARGEST = np.finfo(np.float32).max / 4  # where a sum of a few terms still fits
CASES = [*cases.op_cases(), *cases.kernel_cases(), *cases.se_cases()]
EXTREMES = {
    "1e30": lambda like, rng: 1e30 * like,
    "1e-40, denormal": lambda like, rng: 1e-40 * like,
    "all zero": lambda like, rng: np.zeros_like(like),
    "all equal": lambda like, rng: np.full_like(like, 7.1),
    "far from zero": lambda like, rng: 1000 + like,
}
NAMES = ("x", "u", "logits")  # what an op's input is called


def run(case, args, dy):
    with np.errstate(over="ignore", invalid="ignore"):  # where float64's result is beyond float32, so is ours
        y, cache = case.forward(**args)
        gradients = case.backward(dy(y), cache)
    return [y, *(gradients if isinstance(gradients, tuple) else (gradients,))]


@pytest.mark.parametrize("extreme", EXTREMES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_op_in_float32_agrees_with_float64(case, extreme):
    rng = np.random.default_rng(0)
    args = {
        name: value.astype(np.float32) if isinstance(value, np.ndarray) and value.dtype == np.float64 else value
        for name, value in case.draw(rng).items()
    }
    name = next(name for name in NAMES if name in args)
    args[name] = EXTREMES[extreme](args[name].astype(np.float64), rng).astype(np.float32)
    double = {n: a.astype(np.float64) if getattr(a, "dtype", None) == np.float32 else a for n, a in args.items()}
    noise = np.random.default_rng(1).standard_normal(np.shape(case.forward(**double)[0])).astype(np.float32)
    ours = run(case, args, lambda y: noise.astype(np.float32) if noise.shape else np.float32(noise))
    judge = run(case, double, lambda y: noise.astype(np.float64))
    unsure = [0 if expected is None else np.zeros_like(expected) for expected in judge]
    if case.op == "batch_norm":  # where a channel is nearly constant, x's last digit decides; so much is no fault
        last_digit = double[name] * np.finfo(np.float32).eps * np.random.default_rng(2).uniform(-1, 1, noise.shape)
        other = run(case, {**double, name: double[name] + last_digit}, lambda y: noise.astype(np.float64))
        unsure = [8 * np.abs(a - b).max() for a, b in zip(other, judge, strict=True)]
    tally("extreme numbers", op=case.name, extreme=extreme)
    denormal = float(np.abs(args[name]).max()) < 1e-30
    for came, expected, slack in zip(ours, judge, unsure, strict=True):
        if expected is None:
            continue
        fits = np.abs(expected) < LARGEST
        # A sum's rounding is as large as its terms are, though they cancel.
        scale = 0 if denormal else np.abs(expected[fits]).max(initial=0)
        np.testing.assert_allclose(
            np.asarray(came)[fits], expected[fits], rtol=1e-4, atol=1e-4 * scale + 1e-5 + np.max(slack)
        )


def test_a_sigmoid_far_out_is_0_or_1_and_its_slope_0():
    x = np.array([-1e30, -1e4, -1e-40, 0, 1e-40, 1e4, 1e30], np.float32)
    y, cache = sigmoid_forward(x)
    assert y.tolist() == [0, 0, 0.5, 0.5, 0.5, 1, 1]
    assert sigmoid_backward(np.ones_like(x), cache).tolist() == [0, 0, 0.25, 0.25, 0.25, 0, 0]


def test_the_loss_of_a_hopeless_answer_is_as_large_as_its_logit():
    loss, _ = softmax_cross_entropy_forward(np.array([[1e30, 0, -1e30]], np.float32), np.array([2]))
    assert loss == np.float32(2e30)


def test_huge_pictures_leave_batch_norm_with_finite_running_statistics():
    net = layers.BatchNorm(3)
    params, state = net.init(np.random.default_rng(0))
    x = 1e30 * np.random.default_rng(1).standard_normal((4, 5, 6, 3)).astype(np.float32)
    y, _, state = net.forward(params, state, x, True)
    np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=1e-5)
    assert all(np.isfinite(array).all() for array in state.values())
    later, _, _ = net.forward(params, state, x, False)
    assert np.isfinite(later).all()


def test_a_channel_of_small_numbers_beside_a_huge_one_is_normalized_as_ever():
    rng = np.random.default_rng(0)
    small = rng.standard_normal((64, 1)).astype(np.float32)
    both = np.hstack([small, 1e30 * small])
    net = layers.BatchNorm(2)
    y, _, _ = net.forward(*net.init(rng), both, True)
    alone, _, _ = layers.BatchNorm(1).forward(*layers.BatchNorm(1).init(rng), small, True)
    np.testing.assert_allclose(y[:, :1], alone, rtol=1e-5)


TWO = np.where(np.arange(64)[:, None] % 2, 9e36, 1e37)
NOISE = np.random.default_rng(0).standard_normal((4096, 1))


@pytest.mark.parametrize("x", [TWO, 1e37 * NOISE, np.abs(1e37 * NOISE), 3e38 * np.sign(NOISE), 1e38 + 1e33 * NOISE])
def test_batch_norm_is_right_where_even_the_sum_is_beyond_float32(x):
    rng, x = np.random.default_rng(1), x.astype(np.float32)
    dy = rng.standard_normal(x.shape).astype(np.float32)
    results = {}
    for dtype in (np.float32, np.float64):
        y, cache = batch_norm_forward(x.astype(dtype), np.ones(1, dtype), np.zeros(1, dtype))
        results[dtype] = [y, *batch_norm_backward(dy.astype(dtype), cache)]
    for came, expected in zip(results[np.float32], results[np.float64], strict=True):
        np.testing.assert_allclose(came, expected, rtol=2e-3, atol=2e-3 * np.abs(expected).max())
