"""Right and wrong backward passes, on which exercise 2.5 tries a gradient check that a learner has written."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..grading.marks import Array

Forward = Callable[[Array], tuple[Array, Any]]
Backward = Callable[[Array, Any], Array]
SHAPE = (5, 7)  # of x in 2.5


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


def _double(x: Array) -> tuple[Array, Array]:
    return 2 * x, x


def _double_writes_into_x(dy: Array, x: Array) -> Array:
    x /= 2  # the gradient does not depend on x, so no number shows it
    return 2 * dy


def _square_forgets(*where: int | slice) -> Backward:
    """A backward pass of the square that forgets some elements of dx."""

    def backward(dy: Array, x: Array) -> Array:
        dx = 2 * x * dy
        dx[where] = 0
        return dx

    return backward


def _tiny(x: Array) -> tuple[Array, None]:
    return 1e-9 * x, None


PASSES: dict[str, tuple[Forward, Backward, bool]] = {  # by what it does: whether it is right
    "a right one, y = x · x": (_square, lambda dy, x: 2 * x * dy, True),
    "a right one, the shares of each row": (_shares, _shares_backward, True),
    "a right one with a small gradient, y = 1e-9 · x": (_tiny, lambda dy, cache: 1e-9 * dy, True),
    "one that is 3 times too large (trap 1)": (_shares, lambda dy, x: 3 * _shares_backward(dy, x), False),
    **{
        f"one that forgets dx[{i}, {j}] alone (trap 2)": (_square, _square_forgets(i, j), False)
        for i, j in np.ndindex(SHAPE)
    },
    "one that forgets every second column (trap 2)": (_square, _square_forgets(slice(None), slice(0, None, 2)), False),
    "one that forgets the other columns (trap 2)": (_square, _square_forgets(slice(None), slice(1, None, 2)), False),
    "one that returns zeros for a small gradient (trap 3)": (_tiny, lambda dy, cache: 0 * dy, False),
    "one that writes into dy (trap 7)": (_square, _square_writes_into_dy, False),
    "one that writes into x (trap 7)": (_square, _square_writes_into_x, False),
    "one of y = 2x that writes into x (trap 7)": (_double, _double_writes_into_x, False),
}
