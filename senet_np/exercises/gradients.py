"""Exercises of notebook 2: gradients that one can trust."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..gradcheck import check_gradients
from ..gradcheck.check import UnfitInputsError
from ..grading.marks import Answer, Array, Wrong, expect, expect_gradients, require
from . import reading
from .checking import exercise

Forward = Callable[[Array], tuple[Array, Any]]
Backward = Callable[[Array, Any], Array]
POWERS = range(-10, 0)  # of ten, for the steps of 2.4


def _draw(*shape: int) -> Array:
    return np.random.default_rng(0).standard_normal(shape)


@exercise("2.1")
def softsign(forward: Answer, backward: Answer) -> str:
    """y = x / (1 + |x|), forward and backward."""
    y, _ = forward(np.array([[3.0, -1.0, 0.0]]))
    expect(y, np.array([[0.75, -0.5, 0.0]]), "y")
    expect_gradients(forward, backward, {"x": _draw(3, 4)})
    _, cache = forward(np.zeros((1, 2)))
    slope = np.asarray(backward(np.ones((1, 2)), cache))
    require(np.allclose(slope, 1), f"away from 0 dx is right; at x = 0 it is {slope.flat[0]:.3g}. Compare both sides.")
    return "At 0 the slope is the same from both sides, so there is no kink."


def _center(x: Array) -> tuple[Array, None]:
    return x - x.mean(axis=1, keepdims=True), None


@exercise("2.2")
def hidden_by_dy(backward: Answer, hiding_dy: Any) -> str:
    """The backward pass of subtracting each row's mean, and a dy for which a lazy one is right."""
    expect_gradients(_center, backward, {"x": _draw(3, 5)})
    dy = reading.numbers(hiding_dy, "hiding_dy")
    require(dy.shape == (3, 4), f"hiding_dy has shape {dy.shape}, expected (3, 4)")
    require(dy.any(), "hiding_dy is zero everywhere: then every dx is 0, right or wrong")
    right = _center(dy)[0]
    row = int(np.abs(right - dy).max(axis=1).argmax())
    numbers = f"in row {row} the right dx is {np.round(right[row], 4).tolist()}, the lazy one {dy[row].tolist()}"
    require(np.allclose(right, dy), f"hiding_dy: {numbers}")
    return "Whatever the lazy author leaves out is 0 if the rows of dy sum to 0: so draw dy at random."


def _quadratic(x: Array, w: Array) -> tuple[Array, tuple[Array, Array]]:
    return ((x @ w) * x).sum(axis=1), (x, w)


def _quadratic_backward_wrong(dy: Array, cache: tuple[Array, Array]) -> tuple[Array, Array]:
    x, w = cache
    return dy[:, None] * 2 * (x @ w), (dy[:, None] * x).T @ x


@exercise("2.3")
def a_test_that_finds_the_bug(w_test: Any, backward: Answer) -> str:
    """A matrix with which the test of a wrong pair fails, and the right backward pass."""
    w = reading.numbers(w_test, "w_test")
    require(w.shape == (4, 4), f"w_test has shape {w.shape}, expected (4, 4)")
    try:
        passes = check_gradients(_quadratic, _quadratic_backward_wrong, {"x": _draw(3, 4), "w": w})
    except UnfitInputsError as error:
        raise Wrong(f"with this w_test no check can decide: {error}") from None
    require(not passes, "with this w_test the wrong pair still passes its test")
    args = {"x": _draw(3, 4), "w": _draw(4, 4)}
    backward(_draw(3), _quadratic(**args)[1])  # if it stops, the learner's own line is shown
    expect_gradients(_quadratic, backward, args)
    return "`np.eye(4)` is symmetric, and so it hides every mistake that exchanges w and its transpose."


def _mean_errors(factor: float, xs: Array) -> dict[int, float]:
    """The mean error of the central difference of factor · sin x, by the power of ten of the step."""
    found = {}
    for power in POWERS:
        step = 10.0**power
        central = (factor * np.sin(xs + step) - factor * np.sin(xs - step)) / (2 * step)
        found[power] = float(np.abs(central - factor * np.cos(xs)).mean())
    return found


def _power(value: Any, name: str) -> int:
    """An answer as a power of ten: -5, or the step 1e-5 itself."""
    number = reading.numbers(value, name)
    require(number.size == 1, f"{name} holds {number.size} numbers, expected one")
    k = float(np.log10(number.flat[0]) if 0 < number.flat[0] < 1 else number.flat[0])
    k = round(k, 6)
    require(k == round(k) and round(k) in POWERS, f"{name} is {value!r}, expected a whole number from -10 to -1")
    return round(k)


@exercise("2.4")
def best_step(plain: Any, large_loss: Any, large_x: Any) -> str:
    """The best power of ten for the step: for sin x, for 1000 sin x, and near a million."""
    xs = np.linspace(1, 2, 100)
    cases = {
        "k_plain": (plain, 1, xs),
        "k_large_loss": (large_loss, 1000, xs),
        "k_large_x": (large_x, 1, 1e6 + xs),
    }
    for name, (answer, factor, values) in cases.items():
        k = _power(answer, name)
        errors = _mean_errors(factor, values)
        smaller = sum(error < errors[k] for error in errors.values())
        said = f"{name}: with the step 1e{k} the mean error is {errors[k]:.1e}"
        require(not smaller, f"{said}, and {smaller} of the other steps have a smaller one")
    return (
        "A larger loss makes truncation, rounding and the derivative larger alike. A large x is stored with fewer "
        "digits after the point, so x + Δ is rounded, and the step has to be larger."
    )


def _shares(x: Array) -> tuple[Array, Array]:
    return x / x.sum(axis=1, keepdims=True), x


def _shares_backward(dy: Array, x: Array) -> Array:
    total = x.sum(axis=1, keepdims=True)
    return (dy - (dy * x).sum(axis=1, keepdims=True) / total) / total


def _square(x: Array) -> tuple[Array, Array]:
    return x * x, x


def _square_writes_into_dy(dy: Array, x: Array) -> Array:
    dy *= 2 * x
    return dy


def _square_writes_into_x(dy: Array, x: Array) -> Array:
    dx = 2 * x * dy
    x *= 2
    return dx


def _square_forgets_the_last(dy: Array, x: Array) -> Array:
    dx = 2 * x * dy
    dx[-1, -1] = 0
    return dx


def _tiny(x: Array) -> tuple[Array, None]:
    return 1e-9 * x, None


PASSES: dict[str, tuple[Forward, Backward, bool]] = {  # by what it does: whether it is right
    "a right one, y = x · x": (_square, lambda dy, x: 2 * x * dy, True),
    "a right one, the shares of each row": (_shares, _shares_backward, True),
    "a right one with a small gradient, y = 1e-9 · x": (_tiny, lambda dy, cache: 1e-9 * dy, True),
    "one that is 3 times too large (trap 1)": (_shares, lambda dy, x: 3 * _shares_backward(dy, x), False),
    "one that forgets the last element (trap 2)": (_square, _square_forgets_the_last, False),
    "one that returns zeros for a small gradient (trap 3)": (_tiny, lambda dy, cache: 0 * dy, False),
    "one that writes into dy (trap 7)": (_square, _square_writes_into_dy, False),
    "one that writes into x (trap 7)": (_square, _square_writes_into_x, False),
}


def _watched(backward: Backward, seen: list[Array]) -> Backward:
    """The same backward pass; copies of each dy that it is given go to `seen`."""

    def watched(dy: Array, cache: Any) -> Array:
        seen.append(np.array(dy))
        return backward(dy, cache)

    return watched


@exercise("2.5")
def own_check(my_check: Answer) -> str:
    """A gradient check: true for right passes, false (or an error) for wrong ones."""
    x = np.random.default_rng(0).random((5, 7)) + 0.1
    for name, (forward, backward, right) in PASSES.items():
        seen: list[Array] = []
        try:
            verdict = my_check(forward, _watched(backward, seen), x.copy())
        except Exception:
            if right:
                raise
            verdict = False  # an assert of the check: found
        require(verdict is not None, f"my_check returned None for {name}: does each branch have a `return`?")
        same = bool(seen) and seen[0].size > 1 and np.ptp(seen[0]) == 0
        given = f"; the dy that it drew is {seen[0].flat[0]:g} everywhere" if same else ""
        require(bool(verdict) == right, f"my_check says {bool(verdict)} for {name}{given}")
    return "It finds what the weak checks of section 4 let pass."
