"""Assignment 3: convolution, from the size of its output to the gradient of its input.

Answers keep the library's convention; `im2col` returns the matrix alone.
"""

from typing import Any

import numpy as np

from .. import ops as library
from ..ops.conv import im2col
from .marks import (
    Answer,
    Fresh,
    draw,
    expect,
    expect_gradients,
    expect_pair,
    expect_untouched,
    generator,
    new_table,
    require,
)

TABLE, visible, hidden = new_table()

# H, W, kh, kw, stride, pad: not square, with gaps, with a step that leaves pixels over
HARD = ((5, 4, 3, 3, 1, 1), (6, 7, 3, 2, 2, 1), (7, 5, 2, 3, 2, 0),
        (5, 9, 1, 1, 3, 0), (6, 5, 5, 3, 1, 2), (4, 6, 3, 3, 3, 2))  # fmt: skip


def _problem(height: int, width: int, kh: int, kw: int, stride: int = 1, pad: int = 1, n: int = 2) -> dict[str, Any]:
    return {**draw(1989, x=(n, height, width, 3), w=(kh, kw, 3, 4), b=4), "stride": stride, "pad": pad}


@visible("size-check", "output_size", points=1)
def check_size(output_size: Answer) -> None:
    """Three lengths that one can count on paper."""
    for (length, k, stride, pad), expected in {(5, 3, 1, 0): 3, (5, 3, 1, 1): 5, (6, 3, 2, 0): 2}.items():
        actual = output_size(length, k, stride, pad)
        call = f"output_size({length}, {k}, stride={stride}, pad={pad})"
        whole = isinstance(actual, int | np.integer)
        require(whole, f"{call} is {actual!r}, expected a whole number (an int): it is the size of an array")
        require(actual == expected, f"{call} is {actual}, expected {expected}: draw the windows on squared paper")


@hidden("size-hidden", "output_size", points=1)
def grade_size(output_size: Answer) -> None:
    """All lengths from 1 to 12 whose window fits; the result is a whole number."""
    for length, k, stride, pad in np.ndindex(13, 6, 4, 3):
        if min(length, k, stride) >= 1 and length + 2 * pad >= k:
            actual, expected = output_size(length, k, stride, pad), len(range(0, length + 2 * pad - k + 1, stride))
            right = isinstance(actual, int | np.integer) and actual == expected
            require(right, f"output_size({length}, {k}, {stride}, {pad}) is {actual!r}")


@visible("columns-check", "im2col", points=2)
def check_columns(answer: Answer) -> None:
    """One image of 3×3 pixels, windows of 2×2."""
    x = np.arange(9.0).reshape(1, 3, 3, 1)
    right = np.array([[0.0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]])
    expect(answer(x, 2, 2, 1, 0), right, "cols", "A row is a window, read row by row; windows go row by row too.")
    two = np.concatenate([x, 10 * x], axis=3)
    advice = "The channel is last: it runs fastest within a row."
    expect(answer(two, 2, 2, 1, 0), im2col(two, 2, 2, 1, 0)[0], "cols", advice)


@hidden("columns-hidden", "im2col", points=2)
def grade_columns(answer: Answer) -> None:
    """Stride, padding, windows that are not square, float32; x is not changed."""
    for height, width, *window in HARD:  # kh, kw, stride, pad
        x = _problem(height, width, 1, 1)["x"].astype(np.float32)
        before = x.copy()
        expect(answer(x, *window), im2col(x, *window)[0], "cols")
        require(np.array_equal(x, before), "x was changed")


@visible("forward-check", "conv2d_forward", points=2)
def check_forward(forward: Answer) -> None:
    """A kernel that sums up, and one that looks to its right."""
    x, ones = np.arange(16.0).reshape(1, 4, 4, 1), np.ones((3, 3, 1, 1))
    y, _ = forward(x, ones, np.array([100.0]), 1, 0)
    expect(y, np.array([145.0, 154.0, 181.0, 190.0]).reshape(1, 2, 2, 1), "y", "Each output sums 9 pixels and adds b.")
    right = np.zeros((3, 3, 1, 1))
    right[1, 2] = 1
    first_row = forward(x, right, np.zeros(1), 1, 1)[0][0, 0, :, 0]
    advice = "The kernel is not turned: it is a cross-correlation."
    expect(first_row, np.array([1.0, 2.0, 3.0, 0.0]), "y[0, 0, :, 0]", advice)


@hidden("forward-hidden", "conv2d_forward", points=2)
def grade_forward(forward: Answer) -> None:
    """Stride, padding, kernels that are not square, several images, no bias."""
    for args in (*(_problem(*sizes) for sizes in HARD), {**_problem(4, 4, 3, 3, pad=2), "b": None}):
        expect(forward(**args)[0], library.conv2d_forward(**args)[0], "y without bias" if args["b"] is None else "y")


@visible("dw-check", "conv2d_forward", "conv2d_backward", points=2)
def check_dw(forward: Answer, backward: Answer) -> None:
    """dw and db where nothing is padded and every step is one pixel."""
    expect_pair(forward, backward, library, "conv2d", _problem(4, 4, 3, 3, pad=0), "w", "b")


@hidden("dw-hidden", "conv2d_forward", "conv2d_backward", points=2)
def grade_dw(forward: Answer, backward: Answer) -> None:
    """dw and db with stride, padding, kernels that are not square; db is None where there is no bias."""
    for sizes in HARD:
        expect_pair(forward, backward, library, "conv2d", _problem(*sizes), "w", "b")
    y, cache = forward(**{**_problem(4, 4, 3, 3), "b": None})
    require(backward(np.ones_like(y), cache)[2] is None, "db is not None although b was None")


@visible("dx-check", "conv2d_forward", "conv2d_backward", points=2)
def check_dx(forward: Answer, backward: Answer) -> None:
    """dx by finite differences, 3×3, padding 1, stride 1."""
    expect_gradients(forward, backward, _problem(4, 5, 3, 3, n=1), "x")


@hidden("dx-stride-hidden", "conv2d_forward", "conv2d_backward", points=2)
def grade_dx(forward: Answer, backward: Answer) -> None:
    """dx with stride, padding, kernels that are not square, pixels that no window touches."""
    for sizes in HARD:
        expect_pair(forward, backward, library, "conv2d", _problem(*sizes), "x")


@hidden("care-hidden", "conv2d_forward", "conv2d_backward", points=2)
def grade_care(forward: Answer, backward: Answer) -> None:
    """Nothing is changed, nothing is kept outside the cache, float32 stays float32."""
    expect_untouched(lambda x, w, b: forward(x, w, b, 1, 1), backward, draw(1989, x=(2, 4, 5, 3), w=(3, 3, 3, 4), b=4))


def _fresh_size(output_size: Answer) -> None:
    for length in generator(3).integers(7, 40, 4).tolist():
        for pad in (0, 1):
            actual, expected = output_size(length, 3, 1, pad), length - 2 + 2 * pad
            require(actual == expected, f"output_size({length}, 3, stride=1, pad={pad}) is {actual}")


def _fresh_columns(answer: Answer) -> None:
    x = draw(4, x=(1, 3, 3, 2))["x"]
    right, _ = im2col(x, 2, 2, 1, 0)
    expect(answer(x, 2, 2, 1, 0), right, "cols")


def _fresh_forward(forward: Answer) -> None:
    args = draw(5, x=(1, 4, 4, 1), w=(3, 3, 1, 1), b=1)
    right, _ = library.conv2d_forward(args["x"], args["w"], args["b"], 1, 1)
    expect(forward(*args.values(), 1, 1)[0], right, "y")


FRESH: Fresh = {"size-check": _fresh_size, "columns-check": _fresh_columns, "forward-check": _fresh_forward}
