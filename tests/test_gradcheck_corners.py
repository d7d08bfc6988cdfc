"""Gradient checks where a right backward pass seems wrong: at corners, where the function is steep, at huge inputs."""

import numpy as np
import pytest

from senet_np.gradcheck import KinkError, check_gradients
from senet_np.gradcheck.bugs import BUGS
from senet_np.gradcheck.cases import op_cases
from senet_np.gradcheck.check import UnfitInputsError

X = np.array([[1.0, -2.0, 0.3, 3.0], [-0.5, 0.7, 2.0, -1.0]])
CORNER = "the function has a corner here: draw other inputs"


def element_wise(function, slope):
    """A pair that caches nothing but x: no mask tells the check where the corners are."""
    return lambda x: (function(x), x), lambda dy, x: dy * slope(x)


def with_one(value):
    x = X.copy()
    x[0, 2] = value
    return x


def max_pool(x):
    return x.max(axis=1), x


def max_pool_backward(dy, x):
    dx = np.zeros_like(x)
    dx[np.arange(len(x)), x.argmax(axis=1)] = dy
    return dx


RELU = element_wise(lambda x: np.maximum(x, 0), lambda x: x > 0)
LEAKY = element_wise(lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, 1, 0.1))
CLIP = element_wise(lambda x: np.clip(x, -1.5, 1.5), lambda x: np.abs(x) < 1.5)
HARD_SIGMOID = element_wise(lambda x: np.clip(x / 6 + 0.5, 0, 1), lambda x: (np.abs(x) < 3) / 6)
ABS = element_wise(np.abs, lambda x: np.where(x > 0, 1, -1))
ELU = element_wise(lambda x: np.where(x > 0, x, np.expm1(x)), lambda x: np.where(x > 0, 1, np.exp(x)))
HUBER = element_wise(lambda x: np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5), lambda x: np.clip(x, -1, 1))
SOFTPLUS = element_wise(lambda x: np.logaddexp(0, 1000 * x) / 1000, lambda x: 1 / (1 + np.exp(-1000 * x)))


@pytest.mark.parametrize("x", [0, 3e-6, -3e-6, 9e-6, 3.2e-6, 1e-6, 9.5e-7, 1e-9, 5e-324])
@pytest.mark.parametrize("pair", [RELU, LEAKY, ABS], ids=["ReLU", "leaky ReLU", "|x|"])
def test_a_right_backward_pass_at_a_corner_is_not_called_wrong(pair, x):
    with pytest.raises(KinkError, match=CORNER):
        check_gradients(*pair, [with_one(x)])


@pytest.mark.parametrize(
    ("pair", "x"),
    [
        (RELU, 0 * X),
        (element_wise(lambda x: np.maximum(x, 0), lambda x: x >= 0), with_one(0)),
        (CLIP, with_one(1.5)),
        (CLIP, with_one(-1.500003)),
        (HARD_SIGMOID, with_one(3)),
        (HARD_SIGMOID, with_one(-3.000003)),
        (element_wise(lambda x: x * (x > 1.5), lambda x: x > 1.5), with_one(1.5)),  # a jump of the function itself
        ((max_pool, max_pool_backward), with_one(3)),
        ((max_pool, max_pool_backward), with_one(3 - 3e-6)),
        ((max_pool, max_pool_backward), 0 * X),
    ],
)
def test_other_corners_ties_and_jumps_are_recognized_too(pair, x):
    with pytest.raises(KinkError, match=CORNER):
        check_gradients(*pair, [x])


def test_a_row_of_zeros_before_a_relu_is_a_row_of_corners():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((5, 6)), rng.standard_normal((6, 7))
    x[2] = 0

    def backward(dy, cache):
        da = dy * (cache[0] @ cache[1] > 0)
        return da @ cache[1].T, cache[0].T @ da

    with pytest.raises(KinkError, match=rf"^x\[2, \d\] is 0, and {CORNER}"):
        check_gradients(lambda x, w: (np.maximum(x @ w, 0), (x, w)), backward, [x, w])


def test_the_message_says_where_the_corner_is_and_what_it_looks_like():
    with pytest.raises(KinkError) as error:
        check_gradients(*RELU, [with_one(3e-6)])
    assert str(error.value) == (
        "x[0, 2] is 3e-06, and the function has a corner here: draw other inputs "
        "(within ±1e-05 the slope of L jumps from -0.2943 to -0.9809)"
    )


def test_an_argument_may_be_a_single_number():
    with pytest.raises(KinkError, match=r"^x\[\] is 0, and"):
        check_gradients(*RELU, [np.array(0.0)])


@pytest.mark.parametrize("at_corner", [0, 3e-6])
@pytest.mark.parametrize(
    "wrong",
    [
        lambda dy, x: dy,
        lambda dy, x: -dy * (x > 0),
        lambda dy, x: dy * (dy > 0),
        lambda dy, x: 1.001 * dy * (x > 0),
        lambda dy, x: dy * np.where(x == 3, np.nan, x > 0),
    ],
    ids=["no mask", "sign", "mask of dy", "a thousandth too large", "not a number"],
)
def test_one_corner_excuses_no_wrong_backward_pass(wrong, at_corner):
    (check,) = check_gradients(RELU[0], wrong, [with_one(at_corner)]).arguments
    assert not check.ok
    assert check.index != (0, 2)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 7.0])
def test_a_gradient_that_no_slope_at_the_corner_explains_is_wrong_there(wrong):
    report = check_gradients(RELU[0], lambda dy, x: dy * np.where(x == 0, wrong, x > 0), [with_one(0)])
    assert report.arguments[0].index == (0, 2)


def test_the_report_and_the_hint_are_about_what_does_not_lie_at_a_corner():
    report = check_gradients(RELU[0], lambda dy, x: 2 * dy * (x > 0), [with_one(0)])
    first, hint = str(report).splitlines()
    assert first.startswith("WRONG x: worst error 5.0e-01 (7 of 8 elements) at [")
    assert hint.startswith("      hint: every element is 2 times too large")


def add_bias(x, b):
    return np.maximum(x + b, 0), x + b


@pytest.mark.parametrize("factor", [2, -1])
def test_a_sum_over_many_is_not_excused_by_one_of_them_at_its_corner(factor):
    def backward(dy, a):
        da = dy * (a > 0)
        return da, np.asarray(factor * da.sum())

    x = np.arange(-6.0, 6.0).reshape(3, 4)
    report = check_gradients(add_bias, backward, {"x": x, "b": np.array(0.0)})
    assert [check.ok for check in report.arguments] == [True, False]


def test_a_corner_in_one_argument_does_not_hide_the_error_in_another():
    def backward(dy, cache):
        return dy * (cache[0] > 0) * cache[1], -dy * np.maximum(cache[0], 0)

    report = check_gradients(lambda x, s: (np.maximum(x, 0) * s, (x, s)), backward, [with_one(0), X])
    assert [check.ok for check in report.arguments] == [True, False]
    assert str(report).startswith("ok    x: worst error")
    assert " (7 of 8 elements)\nWRONG s: " in str(report)


def hidden_cache(case):
    """A case whose cache shows no mask and no winner."""
    return lambda **args: (lambda y, cache: (y, lambda: cache))(*case.forward(**args))


@pytest.mark.parametrize("bug", [b for b in BUGS if b.op in ("relu", "max_pool2d")], ids=lambda bug: bug.name)
@pytest.mark.parametrize("at_corner", [0, 3e-6])
def test_no_injected_bug_is_excused_by_a_corner(bug, at_corner):
    def caught(case, place):
        args = case.draw(np.random.default_rng(0))
        x = args["x"].reshape(-1)  # a view
        x[: len(place)] = place
        return not check_gradients(hidden_cache(case), lambda dy, cache: bug.backward(dy, cache()), args)

    cases = [case for case in op_cases() if case.op == bug.op]
    assert [caught(case, [9 + at_corner, 9]) for case in cases] == [caught(case, []) for case in cases]


@pytest.mark.parametrize(("pair", "x"), [(ELU, with_one(0)), (HUBER, with_one(1)), (SOFTPLUS, with_one(1e-3) / 10)])
def test_a_jump_in_curvature_or_a_steep_slope_makes_no_right_backward_pass_wrong(pair, x):
    assert check_gradients(*pair, [x])


@pytest.mark.parametrize("factor", [1 + 3e-6, 1 + 1e-5, 1 + 1e-4, 1.001, 1.1, 2, -1])
@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (lambda x: 500 * x * x, lambda x: 1000 * x),
        (lambda x: np.sin(30 * x), lambda x: 30 * np.cos(30 * x)),
        (lambda x: np.exp(10 * x), lambda x: 10 * np.exp(10 * x)),
        (lambda x: 1 / x, lambda x: -1 / x**2),
        (lambda x: 1e4 + x * x, lambda x: 2 * x),  # where L's rounding looks like a jump
    ],
    ids=["500x²", "sin 30x", "exp 10x", "1/x", "10⁴ + x²"],
)
def test_a_smooth_function_has_no_corners_however_steep_it_is(function, slope, factor):
    assert not check_gradients(*element_wise(function, lambda x: factor * slope(x)), [X])


@pytest.mark.parametrize(
    ("x", "step", "spelled"),
    [
        ([1.0, -2.0, 1e12], 1e-5, r"x\[2\] is 1e\+12, and a step of 1e-05"),
        ([1.0, -3e10], 1e-5, r"x\[1\] is -3e\+10, and a step of 1e-05"),
        ([1.0, -2.0, 1e9], 1e-5, r"x\[2\] is 1e\+09, and a step of 1e-05"),
        (1e300, 1e-5, r"x\[\] is 1e\+300, and a step of 1e-05"),
        ([1.0, 2.0], 1e-20, r"x\[1\] is 2, and a step of 1e-20"),
    ],
)
def test_a_step_that_is_lost_in_a_large_input_is_named_as_the_reason(x, step, spelled):
    advice = "is lost in its last digits: scale the inputs to about 1, or pass a larger step"
    with pytest.raises(UnfitInputsError, match=rf"^{spelled} {advice}$"):
        check_gradients(*RELU, [np.array(x)], step=step)


def test_with_a_larger_step_a_huge_input_can_be_checked():
    assert check_gradients(*RELU, [np.array([2e12, -3e12])], step=1e6)


def test_a_wrong_backward_pass_at_large_inputs_is_wrong_all_the_same():
    assert not check_gradients(RELU[0], lambda dy, x: 2 * dy * (x > 0), [1e6 * X])
