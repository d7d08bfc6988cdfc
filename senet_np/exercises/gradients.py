"""Exercises of notebook 2: gradients that one can trust."""

from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from ..gradcheck import check_gradients
from ..gradcheck.check import UnfitInputsError
from ..grading.marks import Answer, Array, Wrong, expect, expect_gradients, require, with_cache
from . import reading
from .checking import exercise
from .traps import PASSES, SHAPE, Backward

POWERS = range(-10, 0)  # of ten, for the steps of 2.4
RIGHT = 1e-6  # an error, as a share of the largest number


def _draw(*shape: int) -> Array:
    return np.random.default_rng(0).standard_normal(shape)


def _with_rows(name: str, backward: Answer) -> Answer:
    """A backward pass of one array, whose gradient may come as a list of rows."""

    def called(dy: Array, cache: Any) -> Any:
        result = backward(dy, cache)
        rows = isinstance(result, (list, tuple)) and [np.ndim(row) for row in result] == [np.ndim(dy) - 1] * len(dy)
        return reading.numbers(result, f"what {name} returns") if rows else result

    return called


def _dx(backward: Answer, dy: Array, cache: Any) -> Array:
    """The dx that a backward pass returns; an empty array if it is not one of the shape of dy."""
    result = backward(dy.copy(), cache)
    if isinstance(result, (list, tuple)) and len(result) == 1:
        result = result[0]
    return result if isinstance(result, np.ndarray) and result.shape == dy.shape else np.zeros(0)


def _slope(forward: Answer, backward: Answer, x: Array) -> str:
    """For a wrong softsign_backward: at one x, what dx/dy is and what it has to be; "" if dx is right for dy = 1."""
    found = _dx(backward, np.ones_like(x), forward(x.copy())[1])
    right = 1 / (1 + np.abs(x)) ** 2
    if found.shape != x.shape or np.allclose(found, right):
        return ""
    worst = np.unravel_index(np.abs(found - right).argmax(), x.shape)
    place = f"\nAt x = {x[worst]:.3f} your dx/dy is {found[worst]:.3f}, and the slope of y there is {right[worst]:.3f}"
    ratio = found / right
    factor = np.ptp(ratio) <= RIGHT * np.abs(ratio).max()
    formula = "" if factor else ". Their ratio changes with x, so the formula of the slope is wrong"
    return place + formula


@exercise("2.1")
def own_function(softsign: Answer, softsign_backward: Answer) -> str:
    """y = x / (1 + |x|), forward and backward."""
    forward = with_cache("softsign", softsign)
    backward = _with_rows("softsign_backward", softsign_backward)
    y, _ = forward(np.array([[3.0, -1.0, 0.0]]))
    expect(y, np.array([[0.75, -0.5, 0.0]]), "y")
    x = _draw(3, 5)
    try:
        expect_gradients(forward, backward, {"x": x})
    except Wrong as error:
        raise Wrong(f"{error}{_slope(forward, backward, x)}") from None
    _, cache = forward(np.zeros((1, 2)))
    slope = reading.numbers(backward(np.ones((1, 2)), cache), "what softsign_backward returns at x = 0")
    require(np.allclose(slope, 1), f"away from 0 dx is right; at x = 0 it is {slope.flat[0]:.3g}. Compare both sides.")
    return "At 0 the slope is the same from both sides, so there is no kink."


def _center(x: Array) -> tuple[Array, None]:
    return x - x.mean(axis=1, keepdims=True), None


def _what_one_dy_does(backward: Answer) -> str:
    """For a wrong center_backward: which dx a dy reaches that is 1 at [0, 1] and 0 elsewhere."""
    dy = np.zeros((3, 5))
    dy[0, 1] = 1
    dx = _dx(backward, dy, None)
    if dx.shape != dy.shape:
        return ""
    said = "\nWe gave a dy that is 1 at [0, 1] and 0 elsewhere. "
    if dx[1:].any():
        return f"{said}Your dx is not 0 in the other rows. Which numbers of x does y[0, 1] depend on?"
    if not np.delete(dx[0], 1).any():
        return f"{said}Your dx is 0 at the other places of row 0. But x[0, 0] stands in y[0, 1] too: where?"
    return ""


@exercise("2.2")
def hidden_by_dy(center_backward: Answer, hiding_dy: Any) -> str:
    """The backward pass of subtracting each row's mean, and a dy for which a lazy one is right."""
    backward = _with_rows("center_backward", center_backward)
    try:
        expect_gradients(_center, backward, {"x": _draw(3, 5)})
    except Wrong as error:
        raise Wrong(f"{error}{_what_one_dy_does(backward)}") from None
    dy = reading.numbers(hiding_dy, "hiding_dy")
    require(dy.shape == (3, 4), f"hiding_dy has shape {dy.shape}, expected (3, 4)")
    require(dy.any(), "hiding_dy is zero everywhere: then every dx is 0, right or wrong")
    largest = np.abs(dy).max(axis=1)
    dy = dy / np.where(largest > 0, largest, 1)[:, None]  # an error counts as a share of its row's largest number
    right = _center(dy)[0]
    row = int(np.abs(right - dy).max(axis=1).argmax())
    shown = [np.round(values[row], 9) * largest[row] + 0.0 for values in (right, dy)]
    texts = [", ".join(f"{value:.4g}" for value in values) for values in shown]
    numbers = f"hiding_dy: in row {row} the right dx is {texts[0]}, and the lazy one is {texts[1]}"
    require(np.abs(right - dy).max() <= RIGHT, numbers)
    return "Whatever the lazy author leaves out is 0 if the rows of dy sum to 0: so draw dy at random."


def _quadratic(x: Array, w: Array) -> tuple[Array, tuple[Array, Array]]:
    return ((x @ w) * x).sum(axis=1), (x, w)


def _quadratic_backward_wrong(dy: Array, cache: tuple[Array, Array]) -> tuple[Array, Array]:
    x, w = cache
    return dy[:, None] * 2 * (x @ w), (dy[:, None] * x).T @ x


@exercise("2.3")
def a_test_that_finds_the_bug(w_test: Any, quadratic_backward_right: Answer) -> str:
    """A matrix with which the test of a wrong pair fails, and the right backward pass."""
    w = reading.numbers(w_test, "w_test")
    require(w.shape == (4, 4), f"w_test has shape {w.shape}, expected (4, 4)")
    require(np.abs(w).max() <= 1e6, f"w_test holds {w.flat[np.abs(w).argmax()]:.3g}: take numbers near 1")
    try:
        passes = check_gradients(_quadratic, _quadratic_backward_wrong, {"x": _draw(3, 4), "w": w})
    except UnfitInputsError as error:
        raise Wrong(f"with this w_test no check can decide: {error}") from None
    require(not passes, "with this w_test the wrong pair still passes its test")
    expect_gradients(_quadratic, quadratic_backward_right, {"x": _draw(3, 5), "w": _draw(5, 5)})
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
    number = reading.number(value, name)
    k = round(float(np.log10(number)), 6) if 0 < number < 1 else number
    require(k in POWERS, f"{name} is {number:g}, expected a whole number from {POWERS[0]} to {POWERS[-1]}")
    return round(k)


@exercise("2.4")
def best_step(k_plain: Any, k_large_loss: Any, k_large_x: Any) -> str:
    """The best power of ten for the step: for sin x, for 1000 sin x, and near a million."""
    xs = np.linspace(1, 2, 100)
    cases = {
        "k_plain": (k_plain, 1, xs),
        "k_large_loss": (k_large_loss, 1000, xs),
        "k_large_x": (k_large_x, 1, 1e6 + xs),
    }
    for name, (answer, factor, values) in cases.items():
        k = _power(answer, name)
        errors = _mean_errors(factor, values)
        said = f"{name}: with the step 1e{k} the mean error is {errors[k]:.1e}"
        require(errors[k] == min(errors.values()), f"{said}, and with another step it is smaller")
    return (
        "A larger loss makes truncation, rounding and the derivative larger alike. A large x is stored with fewer "
        "digits after the point, so x + Δ is rounded, and the step has to be larger."
    )


def _watched(backward: Backward, seen: list[Array]) -> Backward:
    """The same backward pass; copies of each dy that it is given go to `seen`."""

    def watched(dy: Array, cache: Any) -> Array:
        seen.append(np.array(dy))
        return backward(dy, cache)

    return watched


@exercise("2.5")
def own_check(my_check: Answer) -> str:
    """A gradient check: true for right passes, false (or an error) for wrong ones."""
    require(
        "check_gradients" not in _names(my_check, []), "my_check uses check_gradients: write the comparison yourself"
    )
    x = np.random.default_rng(0).random(SHAPE) + 0.1
    for name, (forward, backward, right) in PASSES.items():
        seen: list[Array] = []
        try:
            found = reading.truth(my_check(forward, _watched(backward, seen), x.copy()), "my_check")
        except Wrong:
            raise
        except Exception as error:
            if right and isinstance(error, AssertionError):
                said = f" ({error})" if str(error) else ""
                raise Wrong(f"an assert of my_check fails for {name}{said}") from None
            if right:
                raise
            found = False  # an assert of the check: found
        require(found is not None, f"my_check returned None for {name}: does each branch have a `return`?")
        same = bool(seen) and seen[0].size > 1 and np.ptp(seen[0]) == 0
        ones = "with it a right gradient can be 0, and then only rounding is compared"
        given = f"; the dy that it drew is {seen[0].flat[0]:g} everywhere: {ones}" if same else ""
        require(found == right, f"my_check says {found} for {name}{given}")
    return "It finds what the weak checks of section 4 let pass."


def _names(answer: Any, seen: list[Any]) -> set[str]:
    """All names that a learner's function uses, and those of its own helpers; `seen` are those looked at before."""
    if answer is check_gradients:  # under another name
        return {"check_gradients"}
    if not isinstance(answer, FunctionType) or any(answer is other for other in seen):
        return set()
    seen.append(answer)
    found = {name for code in _codes(answer.__code__) for name in code.co_names}
    used = [answer.__globals__[name] for name in found if name in answer.__globals__]
    own = [value for value in used if getattr(value, "__globals__", None) is answer.__globals__]
    own += [check_gradients] if any(value is check_gradients for value in used) else []
    return found.union(*(_names(value, seen) for value in own))


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a function, and that of the functions and comprehensions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
