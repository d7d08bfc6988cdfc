"""What `check_gradients` says to passes that do not keep the convention: the mistakes that come before the gradient."""

import numpy as np
import pytest

from senet_np import ops
from senet_np.gradcheck import FlatError, check_gradients


class Xylophone:
    """Something strange to return."""


X, S = np.random.default_rng(0).standard_normal((2, 3, 4))


def square(x):
    return x * x, x


def square_backward(dy, x):
    return 2 * x * dy


def test_a_forward_pass_that_changes_its_input_is_refused():
    def forward(x):
        x -= x.max()
        return x * x, x

    with pytest.raises(ValueError, match=r"^forward changed x in place: .* Write x = x \* 2, not x \*= 2"):
        check_gradients(forward, square_backward, [X])


def test_a_backward_pass_that_changes_an_argument_in_its_cache_is_refused():
    def backward(dy, cache):
        u, s = cache
        u *= s
        return dy * s, dy * u

    with pytest.raises(ValueError, match=r"^backward changed u in place"):
        check_gradients(lambda u, s: (u * s, (u, s)), backward, {"u": X, "s": S})


def test_the_callers_arrays_are_never_touched():
    def forward(x):
        x *= 2
        return x, None

    x = X.copy()
    with pytest.raises(ValueError, match="in place"):
        check_gradients(forward, lambda dy, cache: 2 * dy, [x])
    assert np.array_equal(x, X)


def test_a_forward_pass_that_draws_at_random_is_refused():
    rng = np.random.default_rng(0)

    def dropout(x):
        mask = rng.random(x.shape) < 0.5
        return x * mask, mask

    with pytest.raises(ValueError, match=r"^forward gives another result each time: fix its seed"):
        check_gradients(dropout, lambda dy, mask: dy * mask, [X])


def test_a_gradient_that_is_zero_everywhere_proves_nothing():
    with pytest.raises(FlatError, match=r"^the gradient of x is zero everywhere, .* draw other inputs"):
        check_gradients(ops.relu_forward, lambda dy, cache: -7 * dy * cache.mask, [-np.abs(X) - 1])


def test_a_gradient_that_should_be_zero_and_is_not_is_wrong():
    assert not check_gradients(ops.relu_forward, lambda dy, cache: dy, [-np.abs(X) - 1])


@pytest.mark.parametrize(
    ("result", "spelled"),
    [
        (X, r"an array of shape \(3, 4\)"),
        (1.5, "a float"),
        (1, "an int"),
        (Xylophone(), "a Xylophone"),
        ((X,), "a tuple of one"),
        (None, "None"),
    ],
)
def test_a_forward_pass_without_a_cache_is_refused(result, spelled):
    with pytest.raises(ValueError, match=rf"^forward returned {spelled}, expected two things: return y, cache$"):
        check_gradients(lambda x: result, square_backward, [X])


@pytest.mark.parametrize(("result", "spelled"), [({"x": X}, "a dict"), ((g for g in (X,)), "a generator")])
def test_gradients_come_as_an_array_or_a_tuple(result, spelled):
    with pytest.raises(ValueError, match=rf"^backward returned {spelled}, expected an array or a tuple of arrays$"):
        check_gradients(square, lambda dy, cache: result, [X])


def test_a_backward_pass_that_returns_nothing_is_refused():
    with pytest.raises(ValueError, match=r"^backward returned nothing, expected a gradient for each of \['x'\]$"):
        check_gradients(square, lambda dy, cache: (), [X])


@pytest.mark.parametrize(
    ("x", "grad", "message"),
    [
        (X, [[0.0]], "dx is a list, expected an array of shape (3, 4)"),
        (X, 1.5, "dx is a float, expected an array of shape (3, 4)"),
        (np.array(1.5), [3.0], "dx is a list, expected an array of shape ()"),
    ],
)
def test_a_gradient_that_is_no_array_is_wrong_by_its_kind(x, grad, message):
    assert str(check_gradients(square, lambda dy, cache: (grad,), [x])) == f"WRONG x: {message}"


def test_a_right_gradient_needs_no_hint():
    assert check_gradients(square, square_backward, [X]).arguments[0].hint == ""


@pytest.mark.parametrize(("factor", "right"), [(2, True), (3, False)])
def test_the_gradient_of_a_0_d_array_may_be_a_float(factor, right):
    report = check_gradients(square, lambda dy, x: float(factor * x * dy), [np.array(1.5)])
    assert report.ok is right


def test_what_is_no_float_array_may_have_none_for_a_gradient():
    logits, labels = X, np.array([0, 3, 1])
    backward = ops.softmax_cross_entropy_backward
    report = check_gradients(ops.softmax_cross_entropy_forward, lambda d, c: (backward(d, c), None), [logits, labels])
    assert report
    assert [check.name for check in report.arguments] == ["logits"]


def test_an_array_without_a_gradient_is_reported_as_unchecked():
    report = check_gradients(lambda u, s, t: (u * s * t, s * t), lambda dy, st: dy * st, {"u": X, "s": S, "t": S})
    assert str(report).splitlines()[1:] == ["not checked, as backward returns nothing for it: s, t"]
    assert report.unchecked == ("s", "t")


def test_with_wrt_nothing_else_is_reported():
    report = check_gradients(lambda u, s: (u * s, s), lambda dy, s: dy * s, {"u": X, "s": S}, wrt=["u"])
    assert report.unchecked == ()


def test_gradients_belong_to_the_arguments_in_forwards_order_however_they_are_given():
    assert check_gradients(lambda a, b: (a - b, None), lambda dy, cache: (dy, -dy), {"b": X, "a": S})


def test_an_array_in_place_of_the_list_of_arguments_is_refused():
    with pytest.raises(ValueError, match=r"^args is an array, expected a list of arguments: write \[x\]$"):
        check_gradients(square, square_backward, X)


def test_one_nan_is_one_wrong_element():
    def backward(dy, x):
        dx = 2 * x * dy
        dx[1, 2] = np.nan
        return dx

    (check,) = check_gradients(square, backward, [X]).arguments
    assert check.index == (1, 2)
    assert np.isinf(check.errors).sum() == 1


@pytest.mark.parametrize("x", [np.array([1.0, np.inf]), np.array([1.0, np.nan]), np.ones((0, 3))])
def test_inputs_that_are_not_finite_or_none_at_all_are_refused_by_name(x):
    with pytest.raises(ValueError, match=r"^x is empty or holds what is not finite, expected numbers$"):
        check_gradients(square, square_backward, [x])


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_forward_pass_that_is_not_finite_is_told_apart_from_a_wrong_backward_pass(value):
    report = check_gradients(lambda x: (x * value, None), lambda dy, cache: dy, [X])
    assert str(report) == "WRONG x: forward's own result is not finite here"


@pytest.mark.parametrize("step", [0, -1e-5])
def test_a_step_goes_somewhere(step):
    with pytest.raises(ValueError, match=rf"^step is {step}, expected a number above 0$"):
        check_gradients(square, square_backward, [X], step=step)


def test_wrt_may_be_a_single_name():
    report = check_gradients(lambda du, s: (du * s, (du, s)), lambda dy, c: (dy * c[1], dy * c[0]), [X, S], wrt="du")
    assert [check.name for check in report.arguments] == ["du"]
