"""Exercises of notebook 1: channels, and gates that weigh them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..data import load_shapes
from ..data.shapes import both_skies
from ..grading.marks import Answer, Array, Wrong, require
from . import reading
from .checking import exercise

U = np.array([[[1.0, 8.0], [2.0, 0.0]], [[3.0, 0.0], [4.0, 8.0]]])  # (H, W, C) of 1.1
S = np.array([0.5, 0.25])
NEAR = 0.02  # how exact the weights of 1.4 have to be
ROUNDED = 0.01  # what rounding to three digits may change, as a share
Scale = Callable[[Array, Array], Array]


@exercise("1.1")
def gates_on_paper(z_paper: Any, total: Any, z_gated: Any) -> str:
    """Means, the sum of the gated maps, and the means of the gated maps, by hand."""
    means, gated = U.mean(axis=(0, 1)), U * S
    found = reading.numbers(z_paper, "z_paper", (2,), (1, 2), (2, 1)).ravel()
    require(not np.allclose(found, U.sum(axis=(0, 1))), "z_paper holds the sums of the two channels, not their means")
    require(not np.allclose(found, S * means), "z_paper: these are the means after the gates; z comes before them")
    for c in np.flatnonzero(~np.isclose(found, means))[:1]:
        raise Wrong(f"z_paper[{c}] is {found[c]:.4g}: this is not the mean of {U[..., c].tolist()}")
    added = reading.numbers(total, "total", (2, 2), (2, 2, 1), (1, 2, 2)).reshape(2, 2)
    require(not np.allclose(added, U.sum(axis=-1)), "total: these are the maps without their gates")
    require(not np.allclose(added, U @ S[::-1]), "total: each map has the gate of the other channel")
    for i, j in np.argwhere(~np.isclose(added, gated.sum(axis=-1)))[:1]:
        place = f"total: row {i}, column {j} is {added[i, j]:.4g}"
        raise Wrong(f"{place}. The two channels have {U[i, j, 0]:g} and {U[i, j, 1]:g} there")
    after = reading.numbers(z_gated, "z_gated", (2,), (1, 2), (2, 1)).ravel()
    require(not np.allclose(after, means), "z_gated: these are the means before the gates")
    for c in np.flatnonzero(~np.isclose(after, S * means))[:1]:
        held = f"after its gate channel {c} holds {gated[..., c].tolist()}"
        raise Wrong(f"z_gated[{c}] is {after[c]:.4g}: {held}. What is their mean?")
    return "The gate is the same at all positions, so it can be taken out of the mean: z_gated = s · z."


@exercise("1.2")
def other_direction(left: Any, before_relu: Answer) -> str:
    """The filter "brighter to the left", and what the two maps together know."""
    right = np.zeros((3, 3, 3))
    right[:, 0], right[:, 2] = -1 / 9, 1 / 9
    _expect_left(reading.numbers(left, "left", (3, 3, 3, 1), (3, 3, 3)).reshape(3, 3, 3), right)
    number = np.random.default_rng(0).standard_normal((5, 7))
    maps = np.maximum(number, 0), np.maximum(-number, 0)
    result = before_relu(*(array.copy() for array in maps))
    require(result is not None, "before_relu returns None: is there a `return`?")
    found = reading.numbers(result, "what before_relu returns", number.shape)
    require(not np.allclose(found, np.abs(number)), "before_relu: no number of yours is below 0, and some have to be")
    require(not np.allclose(found, -number), "before_relu: at every position your number has the opposite sign")
    for i, j in np.argwhere(~np.isclose(found, number))[:1]:
        seen = f"where the maps have {maps[0][i, j]:.3g} (right) and {maps[1][i, j]:.3g} (left)"
        raise Wrong(f"before_relu returns {found[i, j] + 0.0:.3g} {seen}. From which number does a ReLU make these?")
    return "No position is bright in both maps: each map keeps what the ReLU removes from the other."


def _expect_left(filter_: Array, right: Array) -> None:
    """The filter "brighter to the left" is the one "brighter to the right" with the opposite sign."""
    require(filter_.any(), "left is 0 everywhere")
    largest = np.abs(filter_).max()
    compares_rows = np.allclose(np.abs(filter_), largest * 9 * np.abs(right.swapaxes(0, 1)), atol=ROUNDED * largest)
    require(not compares_rows, "left compares rows; it is to compare columns")
    factor = -(filter_ * right).sum() / (right**2).sum()
    if np.allclose(filter_, -factor * right, atol=ROUNDED * largest):
        same = "left is large where it becomes brighter to the right. Which column counts with which sign?"
        require(factor > 0, same)
        size = f"each weight of left is {factor:.3g} times what makes it a mean minus a mean"
        require(np.isclose(factor, 1, rtol=ROUNDED), size)
        return
    p, q, k = np.unravel_index(np.abs(filter_ + right).argmax(), right.shape)
    place = f"the weight in row {p}, column {q} for channel {k}"
    raise Wrong(f"left: {place} is {filter_[p, q, k]:.4g}. Which columns count, and with which sign?")


def _by_loops(u: Array, s: Array) -> Array:
    result = np.zeros(u.shape, np.result_type(u, s))
    for n, c in np.ndindex(s.shape):
        result[n, :, :, c] = u[n, :, :, c] * s[n, c : c + 1]  # a slice keeps the dtype in every NumPy
    return result


def _channels_first(u: Array, s: Array) -> Array:
    return np.moveaxis(np.moveaxis(u, -1, 1) * s[:, :, None, None], 1, -1)


def _only_where(axes: tuple[int, ...], remainder: int) -> Scale:
    """A function that is right only where the sum of these indices is even (0) or odd (1); elsewhere it returns u."""

    def scale(u: Array, s: Array) -> Array:
        counted = sum(np.indices(u.shape)[axis] for axis in axes)
        return np.where(counted % 2 == remainder, u * s[:, None, None, :], u)

    return scale


def _halves() -> Iterator[tuple[str, Scale]]:
    """Pairs of functions that are right in one half: a test that looks at one place lets one of each pair pass."""
    for words, axes in (("positions (i, j)", (1, 2)), ("images", (0,)), ("channels", (3,))):
        for remainder, kind in enumerate(("even", "odd")):
            what = f"with {kind} i + j" if len(axes) > 1 else f"with {kind} numbers"
            yield f"one that uses the gates only in {words} {what}", _only_where(axes, remainder)


RIGHT: dict[str, Scale] = {
    "`u * s[:, None, None, :]`": lambda u, s: u * s[:, None, None, :],
    "one that uses loops": _by_loops,
    "one that moves the channels first, multiplies and moves them back": _channels_first,
}
WRONG: dict[str, Scale] = {
    "your colleague's function": lambda u, s: u * s[:, :, None, None],
    "one that returns u unchanged": lambda u, s: u.copy(),
    "one that ignores u and returns the gates at every position": lambda u, s: (
        np.zeros_like(u, np.result_type(u, s)) + s[:, None, None, :]
    ),
    "one that gives all images the gates of the first": lambda u, s: u * s[:1, None, None, :],
    "one that gives all channels of an image the same gate": lambda u, s: u * s.mean(axis=1)[:, None, None, None],
    "one that rounds the gates (are yours whole numbers?)": lambda u, s: u * np.round(s)[:, None, None, :],
    "one that multiplies the columns of a map by the gates": lambda u, s: u * s[:, None, :, None],
    **dict(_halves()),
    "one that scales right and then reverses the rows": lambda u, s: _by_loops(u, s)[:, ::-1],
    "one that scales right and then reverses the columns": lambda u, s: _by_loops(u, s)[:, :, ::-1],
    "one whose result is 1 % too large": lambda u, s: 1.01 * _by_loops(u, s),
}


@exercise("1.3")
def a_test_that_finds_the_bug(passes: Answer) -> str:
    """A test that lets right functions pass and wrong ones not; it may return a truth value or assert."""
    for name, scale in RIGHT.items():
        try:
            found = reading.truth(passes(scale), "passes")
        except AssertionError as error:
            if isinstance(error, Wrong):
                raise
            said = f" ({error})" if str(error) else ""
            raise Wrong(f"an assert of your test fails for a right function, {name}{said}") from None
        require(found is not False, f"your test says False for a right function, {name}")
    for name, scale in WRONG.items():
        try:
            found = reading.truth(passes(scale), "passes")
        except Wrong:
            raise
        except Exception:  # an assert of the test, or an error of the function: both count as found
            found = False
        unsaid = " (it returned None: is there a `return`?)" if found is None else ""
        shows = "Which u and s, or which places of the result, would show it?"
        require(found is False, f"your test passes a wrong function: {name}{unsaid}. {shows}")
    return f"Your test lets {len(RIGHT)} right functions pass, and finds {len(WRONG)} wrong ones."


@exercise("1.4")
def best_fixed_weights(best: Any) -> str:
    """The two fixed weights that come nearest to the right square under both skies."""
    found = reading.numbers(best, "best", (2,), (2, 1), (1, 2)).ravel()
    images = both_skies(load_shapes(seed=9, sizes=(2, 1, 1)).train.images).reshape(4, 32, 32, 3) / 255
    difference = images[:, 1:-1, 1:-1, 0] - images[:, 1:-1, 1:-1, 2]
    u = np.maximum(np.stack([difference, -difference], axis=-1), 0)
    means, ground = u.mean(axis=(1, 2)), u[:, 10:]
    gates = (means == means.max(axis=1, keepdims=True)).astype(float)
    target = (ground * gates[:, None, None, :]).sum(axis=-1)
    error, nothing = (((ground @ pair - target) ** 2).mean() for pair in (found, np.zeros(2)))
    optimum = np.linalg.lstsq(ground.reshape(-1, 2), target.ravel(), rcond=None)[0]
    size = f"with {found[0]:.3g} and {found[1]:.3g} the mean squared error is {error:.4g}"
    beside = f", more than with weights of 0 ({nothing:.4f})" if error > nothing * 1.001 else ""
    require(np.abs(found - optimum).max() <= NEAR, f"best: {size}{beside}; a smaller one is possible")
    return (
        f"The error is {error:.4f}; without any channel it is {nothing:.4f}. Each square is right under one sky and "
        "wrong under the other, so the best fixed weight is a compromise. Gates leave no error."
    )
