"""Assignment 2: convolution, from the size of its output to the gradient of its input.

Answers keep the library's convention; `im2col` returns the matrix alone.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from .. import ops as library
from ..ops.conv import im2col
from .marks import Table, adder, expect, expect_gradients, expect_untouched, passed, require

TABLE: Table = {}
visible, hidden = adder(TABLE, hidden=False), adder(TABLE, hidden=True)
Answer: TypeAlias = Callable[..., Any]

# H, W, kh, kw, stride, pad: not square, with gaps, with a step that leaves pixels over
HARD = (
    (5, 4, 3, 3, 1, 1),
    (6, 7, 3, 2, 2, 1),
    (7, 5, 2, 3, 2, 0),
    (5, 9, 1, 1, 3, 0),
    (6, 5, 5, 3, 1, 2),
    (4, 6, 3, 3, 3, 2),
)


def _problem(height: int, width: int, kh: int, kw: int, n: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1989)
    x, w = rng.standard_normal((n, height, width, 3)), rng.standard_normal((kh, kw, 3, 4))
    return {"x": x, "w": w, "b": rng.standard_normal(4)}


@visible("size-check", "output_size", points=1)
def check_size(output_size: Answer) -> None:
    """Three lengths that one can count on paper."""
    for (length, k, stride, pad), expected in {(5, 3, 1, 0): 3, (5, 3, 1, 1): 5, (6, 3, 2, 0): 2}.items():
        came = output_size(length, k, stride, pad)
        where = f"output_size({length}, {k}, stride={stride}, pad={pad})"
        require(came == expected, f"{where} is {came}, expected {expected}: draw the windows on squared paper")
    passed("output size")


@hidden("size-hidden", "output_size", points=1)
def grade_size(output_size: Answer) -> None:
    """All lengths from 1 to 12 whose window fits; the result is a whole number."""
    for length, k, stride, pad in np.ndindex(13, 6, 4, 3):
        if k < 1 or stride < 1 or length < 1 or length + 2 * pad < k:
            continue
        came = output_size(length, k, stride, pad)
        expected = len(range(0, length + 2 * pad - k + 1, stride))
        require(
            isinstance(came, int | np.integer) and came == expected,
            f"output_size({length}, {k}, {stride}, {pad}): {came}",
        )


@visible("columns-check", "im2col", points=2)
def check_columns(answer: Answer) -> None:
    """One picture of 3×3 pixels, windows of 2×2."""
    x = np.arange(9.0).reshape(1, 3, 3, 1)
    right = np.array([[0.0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]])
    expect(answer(x, 2, 2, 1, 0), right, "cols", "A row is a window, read row by row; windows go row by row too.")
    two = np.stack([x[0], 10 * x[0]], axis=3).reshape(1, 3, 3, 2)
    expect(
        answer(two, 2, 2, 1, 0),
        im2col(two, 2, 2, 1, 0)[0],
        "cols",
        "The channel is last: it runs fastest within a row.",
    )
    passed("im2col")


@hidden("columns-hidden", "im2col", points=2)
def grade_columns(answer: Answer) -> None:
    """Stride, padding, windows that are not square, float32; x is not changed."""
    for height, width, kh, kw, stride, pad in HARD:
        x = _problem(height, width, kh, kw)["x"].astype(np.float32)
        kept = x.copy()
        expect(answer(x, kh, kw, stride, pad), im2col(x, kh, kw, stride, pad)[0], "cols")
        require(np.array_equal(x, kept), "x was changed")


@visible("forward-check", "conv2d_forward", points=2)
def check_forward(forward: Answer) -> None:
    """A kernel that sums up, and one that looks to its right."""
    x, ones = np.arange(16.0).reshape(1, 4, 4, 1), np.ones((3, 3, 1, 1))
    y, _ = forward(x, ones, np.array([100.0]), 1, 0)
    expect(y, np.array([145.0, 154.0, 181.0, 190.0]).reshape(1, 2, 2, 1), "y", "Each output sums 9 pixels and adds b.")
    right = np.zeros((3, 3, 1, 1))
    right[1, 2] = 1
    y, _ = forward(x, right, np.zeros(1), 1, 1)
    expect(
        y[0, 0, :, 0],
        np.array([1.0, 2.0, 3.0, 0.0]),
        "y[0, 0, :, 0]",
        "The kernel is not turned: it is a cross-correlation.",
    )
    passed("convolution forward")


@hidden("forward-hidden", "conv2d_forward", points=2)
def grade_forward(forward: Answer) -> None:
    """Stride, padding, kernels that are not square, several images, no bias."""
    for height, width, kh, kw, stride, pad in HARD:
        args = _problem(height, width, kh, kw)
        expect(
            forward(**args, stride=stride, pad=pad)[0], library.conv2d_forward(**args, stride=stride, pad=pad)[0], "y"
        )
    bare = {**_problem(4, 4, 3, 3), "b": None}
    expect(forward(**bare, stride=1, pad=2)[0], library.conv2d_forward(**bare, stride=1, pad=2)[0], "y without bias")


def _gradients(forward: Answer, backward: Answer, which: int, name: str, settings: tuple[tuple[int, ...], ...]) -> None:
    """One gradient against the library's."""
    for height, width, kh, kw, stride, pad in settings:
        args = _problem(height, width, kh, kw)
        y, cache = forward(**args, stride=stride, pad=pad)
        y_right, right = library.conv2d_forward(**args, stride=stride, pad=pad)
        require(
            y.shape == y_right.shape, f"y has shape {y.shape}, expected {y_right.shape}: mend the forward pass first"
        )
        dy = np.random.default_rng(7).standard_normal(y.shape)
        where = f"{name} ({kh}×{kw}, stride {stride}, pad {pad})"
        ours, expected = backward(dy, cache)[which], library.conv2d_backward(dy, right)[which]
        expect(ours if ours is None else np.array(ours), expected, where)


@visible("dw-check", "conv2d_forward", "conv2d_backward", points=2)
def check_dw(forward: Answer, backward: Answer) -> None:
    """dw and db where nothing is padded and every step is one pixel."""
    _gradients(forward, backward, 1, "dw", ((4, 4, 3, 3, 1, 0),))
    _gradients(forward, backward, 2, "db", ((4, 4, 3, 3, 1, 0),))
    passed("dw and db")


@hidden("dw-hidden", "conv2d_forward", "conv2d_backward", points=2)
def grade_dw(forward: Answer, backward: Answer) -> None:
    """dw and db with stride, padding, kernels that are not square; db is None where there is no bias."""
    _gradients(forward, backward, 1, "dw", HARD)
    _gradients(forward, backward, 2, "db", HARD)
    args = {**_problem(4, 4, 3, 3), "b": None}
    y, cache = forward(**args, stride=1, pad=1)
    require(backward(np.ones_like(y), cache)[2] is None, "db is not None although b was None")


@visible("dx-check", "conv2d_forward", "conv2d_backward", points=2)
def check_dx(forward: Answer, backward: Answer) -> None:
    """dx by finite differences, 3×3, padding 1, stride 1."""
    args = _problem(4, 5, 3, 3, n=1)

    def plain(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> Any:
        return forward(x, w, b, 1, 1)

    expect_gradients(plain, backward, args, wrt="x")
    passed("dx")


@hidden("dx-stride-hidden", "conv2d_forward", "conv2d_backward", points=2)
def grade_dx(forward: Answer, backward: Answer) -> None:
    """dx with stride, padding, kernels that are not square, pixels that no window touches."""
    _gradients(forward, backward, 0, "dx", HARD)


@hidden("care-hidden", "conv2d_forward", "conv2d_backward", points=2)
def grade_care(forward: Answer, backward: Answer) -> None:
    """Nothing is changed, nothing is kept outside the cache, float32 stays float32."""

    def plain(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> Any:
        return forward(x, w, b, 1, 1)

    expect_untouched(plain, backward, _problem(4, 5, 3, 3))
