"""Exercises of notebook 3: the squeeze, one number per channel."""

from typing import Any

import numpy as np

from ..grading.marks import Answer, Array, Wrong, expect, expect_gradients, require, with_cache
from . import reading
from .checking import exercise

AXES = "NHWC"
ATOL = 0.005  # of the test in 3.4
ROUNDED = 0.01  # what rounding to two or three digits may change, as a share
ZERO = 1e-6  # a mean that counts as 0, as a share of the largest number


def _map(value: Any, name: str, side: int) -> Array:
    """One map of side × side numbers; axes of length 1 do not matter."""
    array = np.squeeze(reading.numbers(value, name))
    require(array.shape == (side, side), f"{name} has shape {array.shape}, expected ({side}, {side})")
    return array


@exercise("3.1")
def same_mean(a: Any, b: Any, zero: Any) -> str:
    """Two maps with mean 3 that share no number, and one with mean 0 and no 0."""
    first, second, third = (_map(value, name, 2) for value, name in ((a, "a"), (b, "b"), (zero, "zero")))
    for array, name in ((first, "a"), (second, "b")):
        require(np.isclose(array.mean(), 3), f"the mean of {name} is {array.mean():.4g}, expected 3")
    common = np.intersect1d(first, second)
    require(not common.size, f"{common.flat[0] if common.size else 0:g} stands in a and in b")
    zeros = int((third == 0).sum())
    require(not zeros, f"{zeros} of the numbers of zero {'is' if zeros == 1 else 'are'} 0: none may be")
    mean = third.mean()
    require(abs(mean) <= ZERO * np.abs(third).max(), f"the mean of zero is {mean:.4g}, expected 0")
    return (
        "For the block, `zero` looks like a map of zeros. After a ReLU this cannot happen: no number is below 0, "
        "so a mean of 0 means that the whole map is 0."
    )


@exercise("3.2")
def mean_of_squares(forward: Answer, backward: Answer, peaked: Any) -> str:
    """The squeeze by the mean of squares, forward and backward, and a map that it prefers to one of ones."""
    u = np.random.default_rng(0).standard_normal((3, 5, 7, 11))
    called = with_cache("forward", forward)
    z, mean = called(u.copy())[0], u.mean(axis=(1, 2))
    squared_mean = isinstance(z, np.ndarray) and z.shape == mean.shape and np.allclose(z, mean**2)
    require(not squared_mean, "your z is the square of the mean. In which order does the formula square and add?")
    expect(z, (u**2).mean(axis=(1, 2)), "z")
    expect_gradients(called, backward, {"u": u})
    array = _map(peaked, "peaked", 4)
    require(array.min() >= 0, f"peaked has a number below 0: {array.min():.4g}")
    require(array.mean() < 1, f"the mean of peaked is {array.mean():.4g}, expected less than 1")
    square = (array**2).mean()
    require(square > 1 + 1e-9, f"the mean of squares of peaked is {square:.4g}, expected more than 1")
    return "A mean of squares counts few strong responses more than many weak ones."


@exercise("3.3")
def wrong_axes(averaged: Any, u_test: Any, shape: Any) -> str:
    """Which axes the wrong squeeze averages over, and two inputs that show it."""
    named = _axes(averaged)
    require(len(named) == 2, f"averaged names {len(named)} of the axes N, H, W, C, expected two")
    look = "change one number of u and see which numbers of squeeze(u) change"
    require(named == {"W", "C"}, f"averaged: it is not {' and '.join(sorted(named))}. To find out, {look}")
    u = reading.numbers(u_test, "u_test")
    require(u.shape == (2, 8, 8, 8), f"u_test has shape {u.shape}, expected (2, 8, 8, 8)")
    same = np.allclose(u.mean(axis=(2, 3)), u.mean(axis=(1, 2)))
    require(not same, "with this u_test the second assert passes as well: both means have the same values")
    sizes = [reading.whole(size, "a number in shape") for size in reading.numbers(_listed(shape), "shape").flat]
    require(len(sizes) == 4 and min(sizes) > 0, f"shape is {shape!r}, expected four whole numbers above 0")
    n, height, _, channels = sizes
    both = f"squeeze(u) has shape ({n}, {height}), and (N, C) is ({n}, {channels})"
    require(height != channels, f"with this shape the first assert passes as well: {both}")
    return "Sizes that all differ and random numbers show such a mistake at once."


def _listed(answer: Any) -> Any:
    """An answer; if it is a text such as "(2, 3)", the list of its parts."""
    return answer.strip("()[]{} ").split(",") if isinstance(answer, str) else answer


def _axes(answer: Any) -> set[str]:
    """Axes by letters or by numbers: "WC", "w and c", ("W", "C"), {2, 3}, "(2, 3)" and the like."""
    try:
        found = reading.numbers(_listed(answer), "averaged")
    except Wrong:
        found = np.zeros(0)  # no numbers, so letters
    for axis in found.flat:
        require(axis in range(-4, 4), f"averaged: u has no axis {axis:g}")
    try:
        words = [] if found.size else sorted(reading.names(answer))
    except Wrong as error:
        raise Wrong(f"averaged: {error}") from None
    for word in words:
        require({*word.upper()} <= {*AXES}, f"averaged: '{word}' is not made of the letters N, H, W, C")
    return {AXES[int(axis)] for axis in found.flat}.union(*(word.upper() for word in words))


@exercise("3.4")
def fixed_tolerance(share_8: Any, share_32: Any, side: Any) -> str:
    """What one position gets of dz, and from which size on an absolute tolerance hides zeros."""
    for value, name, positions in ((share_8, "share_8", 64), (share_32, "share_32", 1024)):
        share = reading.number(value, name)
        total = f"{positions} shares of {share:.4g} (three significant digits?) add up to {positions * share:.4g}"
        near = np.isclose(share * positions, 1, rtol=ROUNDED)
        require(near, f"{name}: {total}. Which sum do you expect (section 3)?")
    length = reading.whole(side, "side")
    require(length > 0, f"side is {length:g}, expected a whole number above 0")
    numeric = 1 / length**2
    require(numeric <= ATOL, f"side: with H = W = {length:g} a share is {numeric:.4g}, and the test finds the mistake")
    require(1 / (length - 1) ** 2 > ATOL, f"side: H = W = {length:g} passes, but a smaller map passes as well")
    return (
        "Shares shrink with the area, and a fixed tolerance does not. "
        "`check_gradients` compares with the largest value of the gradient instead."
    )
