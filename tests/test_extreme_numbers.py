"""Numbers at the ends of float32: wherever mathematics has a result that float32 can hold, it comes out.

Every op as the layers call it, and its backward pass, in float32 and in float64 from the same numbers; float64 is the
judge. (The plain batch norm is for the eye: it squares whatever it gets.)
"""

from functools import partial

import numpy as np
import pytest
from pairs import cast, for_every, pair, run
from tally import tally

from senet_np import fast, layers
from senet_np.fast import blocks
from senet_np.gradcheck import cases
from senet_np.ops import sigmoid_backward, sigmoid_forward, softmax_cross_entropy_forward

LARGEST = np.finfo(np.float32).max / 4  # where a sum of a few terms still fits
CASES = [case for case in cases.op_cases() if case.op != "batch_norm"] + [*cases.fast_cases()]
CASES += [
    cases.op_case(case.op, case.note, case.draw, module=blocks) if hasattr(blocks, f"{case.op}_forward") else case
    for case in cases.se_cases()
]
EXTREMES = {
    "1e30": lambda like: 1e30 * like,
    "1e-40, denormal": lambda like: 1e-40 * like,
    "all zero": np.zeros_like,
    "all equal": lambda like: np.full_like(like, 7.1),
    "far from zero": lambda like: 1000 + like,
}


@pytest.mark.parametrize("extreme", EXTREMES)
def test_every_op_in_float32_agrees_with_float64(extreme):
    for_every({f"{case.name}, {k}": case for k, case in enumerate(CASES)})(partial(check_agreement, extreme))()


def check_agreement(extreme, case):
    """A case with extreme numbers in float32 gives what it gives in float64."""
    args = cast(case.draw(np.random.default_rng(0)), np.float32)
    name = next(name for name in ("x", "u", "logits") if name in args)
    args[name] = EXTREMES[extreme](args[name].astype(np.float64)).astype(np.float32)
    exact = cast(args, np.float64)
    noise = np.random.default_rng(1).standard_normal(np.shape(case.forward(**exact)[0])).astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # where float64's result is beyond float32, so is ours
        ours, judge = run(case, args, np.float32(noise)), run(case, exact, np.float64(noise))
    unsure = [0] * len(judge)
    if "batch_norm" in case.op:  # where a channel is nearly constant, x's last digit decides; so much is no fault
        digit = exact[name] * np.finfo(np.float32).eps * np.random.default_rng(2).uniform(-1, 1, noise.shape)
        other = run(case, exact | {name: exact[name] + digit}, np.float64(noise))
        unsure = [8 * np.abs(a - b).max() for a, b in zip(other, judge, strict=True)]
    tally("extreme numbers", op=case.name, extreme=extreme)
    denormal = float(np.abs(args[name]).max()) < 1e-30
    for actual, expected, slack in zip(ours, judge, unsure, strict=True):
        fits = np.abs(expected) < LARGEST
        # A sum's rounding is as large as its terms are, though they cancel.
        scale = 0 if denormal else np.abs(expected[fits]).max(initial=0)
        np.testing.assert_allclose(actual[fits], expected[fits], rtol=1e-4, atol=1e-4 * scale + 1e-5 + slack)


def test_a_sigmoid_far_out_is_0_or_1_and_its_slope_0():
    x = np.array([-1e30, -1e4, -1e-40, 0, 1e-40, 1e4, 1e30], np.float32)
    y, cache = sigmoid_forward(x)
    assert y.tolist() == [0, 0, 0.5, 0.5, 0.5, 1, 1]
    assert sigmoid_backward(np.ones_like(x), cache).tolist() == [0, 0, 0.25, 0.25, 0.25, 0, 0]


def test_the_loss_of_a_hopeless_answer_is_as_large_as_its_logit():
    loss, _ = softmax_cross_entropy_forward(np.array([[1e30, 0, -1e30]], np.float32), np.array([2]))
    assert loss == np.float32(2e30)


def test_huge_images_leave_batch_norm_with_finite_running_statistics():
    net = layers.BatchNorm(3)
    params, state = net.init(np.random.default_rng(0))
    x = 1e30 * np.random.default_rng(1).standard_normal((4, 5, 6, 3)).astype(np.float32)
    y, _, state = net.forward(params, state, x, True)
    np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=1e-5)
    assert all(np.isfinite(array).all() for array in state.values())
    later, _, _ = net.forward(params, state, x, False)
    assert np.isfinite(later).all()


def test_a_channel_of_small_numbers_beside_a_huge_one_is_normalized_as_ever():
    small = np.random.default_rng(0).standard_normal((64, 1)).astype(np.float32)
    ones = np.ones(2, np.float32)
    both, _ = fast.batch_norm_forward(np.hstack([small, 1e30 * small]), ones, 0 * ones)
    alone, _ = fast.batch_norm_forward(small, ones[:1], 0 * ones[:1])
    np.testing.assert_allclose(both[:, :1], alone, rtol=1e-5)


BATCH_NORM = pair(fast, "batch_norm")
TWO = np.where(np.arange(64)[:, None] % 2, 9e36, 1e37)
NOISE = np.random.default_rng(0).standard_normal((4096, 1))


@pytest.mark.parametrize("x", [TWO, 1e37 * NOISE, np.abs(1e37 * NOISE), 3e38 * np.sign(NOISE), 1e38 + 1e33 * NOISE])
def test_batch_norm_is_right_where_even_the_sum_is_beyond_float32(x):
    args = {"x": x.astype(np.float32), "gamma": np.ones(1, np.float32), "beta": np.zeros(1, np.float32)}
    dy = np.random.default_rng(1).standard_normal(x.shape).astype(np.float32)
    ours, judge = run(BATCH_NORM, args, dy), run(BATCH_NORM, cast(args, np.float64), dy.astype(np.float64))
    for actual, expected in zip(ours, judge, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=2e-3, atol=2e-3 * np.abs(expected).max())
