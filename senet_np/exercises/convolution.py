"""Exercises of notebook 6: convolution forward and backward."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ops
from ..gradcheck.check import check_gradients
from ..grading.marks import Answer, Wrong, expect, require
from . import reading
from .checking import exercise

LENGTH, SIZE, STRIDE = 32, 3, 4  # of exercise 6.1
FIRST_PLACES = range(0, LENGTH - SIZE + 1, STRIDE)  # of its windows
TINY = [(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)]


@exercise("6.1")
def sizes(padding_5: Any, padding_7: Any, windows: Any, never: Any) -> str:
    """Two paddings, a number of windows, and the pixels that no window covers."""
    for size, padding in ((5, padding_5), (7, padding_7)):
        left = 32 + 2 * padding - size + 1
        require(left == 32, f"with a padding of {padding}, a kernel of {size}×{size} makes {left} rows of 32")
    last = STRIDE * (windows - 1) + SIZE - 1
    require(windows == int(windows), f"{windows} windows? Count only those that fit")
    require(last < LENGTH, f"the last of {windows} windows would end at place {last:g}: does that place exist?")
    require(windows == len(FIRST_PLACES), f"with {windows} windows the last ends at place {last:g}: another one fits")
    given = {int(place) for place in np.ravel(list(never))}
    right = set(range(LENGTH)) - {first + place for first in FIRST_PLACES for place in range(SIZE)}
    for place in sorted(given - right):
        require(0 <= place < LENGTH, f"there is no pixel {place}: they are numbered 0 to {LENGTH - 1}")
        raise Wrong(f"pixel {place} is in the window that begins at {place // STRIDE * STRIDE}")
    if missing := right - given:
        at_end = " Look at the end of the line, too." if missing == {max(right)} else ""
        raise Wrong(f"all pixels that you name are right, but the list is not complete.{at_end}")
    return "A stride above the window's size leaves holes, and no gradient ever reaches the pixels in them."


@exercise("6.2")
def dw_as_convolution(dw_by_convolution: Answer) -> str:
    """dw by one call of a forward convolution, for stride 1 and padding 1."""
    rng = np.random.default_rng(0)
    for n, height, width, c_in, shape in ((3, 5, 7, 2, (3, 3, 2, 4)), (2, 6, 5, 3, (2, 3, 3, 2))):
        x, w = rng.standard_normal((n, height, width, c_in)), rng.standard_normal(shape)
        y, cache = ops.conv2d_forward(x, w, None, 1, 1)
        dy = rng.standard_normal(y.shape)
        right = ops.conv2d_backward(dy, cache)[1]
        found = dw_by_convolution(x.copy(), dy.copy())
        require(found is not None, "dw is None: does the function return it?")
        dw = np.asarray(found[0] if isinstance(found, tuple) else found, np.float64)
        given = f"for x {x.shape} and dy {dy.shape}"
        if dw.shape != shape and sorted(dw.shape) == sorted(shape):
            raise Wrong(f"{given} dw has shape {dw.shape}, expected {shape}: its axes stand in another order")
        require(dw.shape == shape, f"{given} dw has shape {dw.shape}, expected {shape}")
        turned = np.allclose(dw[::-1, ::-1], right)
        require(not turned, "it is the right dw, but turned by 180°. Is there a flip in the formula of the hint?")
        advice = "The shape is right. Which axes of x and dy did you give the part of N, and which that of Cin?"
        expect(dw, right, f"dw ({given})", advice)
    return "What a forward pass sums over, (p, q, c), is here (i, j, n): dy is the kernel and n its input channel."


@exercise("6.3")
def line_from_memory(wrong_gradients: Any, w_hiding: Any) -> str:
    """Which gradients the reshape spoils, and an array of kernels with which it does not matter."""
    names = reading.gradients(wrong_gradients, ("dx", "dw", "db"))
    for name in sorted(names - {"dx"}):
        raise Wrong(f"{name} is right. From which arrays is it computed?")
    require(names, "name at least one gradient: some are wrong")
    w = np.asarray(w_hiding, np.float64)
    require(w.ndim == 4, f"w_hiding has shape {w.shape}, expected four axes, (kh, kw, Cin, Cout)")
    kh, kw, c_in, _ = w.shape
    large = min(kh, kw, c_in) >= 2
    require(large, f"w_hiding has shape {w.shape}: take at least 2×2 places and at least 2 input channels")
    require(np.unique(w).size == w.size, "some numbers in w_hiding are equal: draw them at random")
    x = np.random.default_rng(0).standard_normal((2, kh + 2, kw + 3, c_in))
    report = check_gradients(_forward, _backward_from_memory, {"x": x, "w": w}, wrt="x")
    off = f"dx is off by {report.worst:.0%} of its largest value"
    require(report, f"with this w_hiding, of shape {w.shape}, a gradient check finds the mistake: {off}")
    return (
        "Only dx is computed from dcols; and a matrix of one column has the same numbers in the same order as its row."
    )


@exercise("6.4")
def rows_seen(answer: Answer) -> str:
    """How many rows of the image one output sees through a stack of layers (size, stride)."""
    _expect_rows(answer, [(3, 1)], 3, "One layer, one window.")
    _expect_rows(answer, [(3, 1), (3, 1)], 5, "Two windows that stand next to each other overlap.")
    _expect_rows(answer, [(2, 2), (3, 1)], 6, "How far apart do two windows of the first layer begin?")
    _expect_rows(answer, [(3, 1), (2, 2)], 4, "In which order are the layers given, and at which end do you begin?")
    _expect_rows(answer, [(7, 2), (3, 2), (3, 1)], 19, "How many windows of the layer before does each one reach?")
    _expect_rows(answer, TINY, 18, "That is the tiny net.")
    return "From the end: n windows of a layer cover (n − 1)·stride + size rows; the tiny net sees 18 rows of 32."


def _expect_rows(answer: Answer, layers: Sequence[tuple[int, int]], right: int, look: str) -> None:
    found = answer(list(layers))
    require(found is not None, "rows_seen returns None: does it return the number?")
    few = "few" if found < right else "many"
    require(found == right, f"rows_seen({[*layers]}) is {found}: that is too {few}. {look}")


def _forward(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, Any]:
    return ops.conv2d_forward(x, w, None, 1, 0)


def _backward_from_memory(dy: np.ndarray, cache: Any) -> np.ndarray:
    kh, kw, _, c_out = cache.w.shape
    dcols = dy.reshape(-1, c_out) @ cache.w.reshape(c_out, -1)
    return ops.conv.col2im(dcols, cache.x_shape, kh, kw, cache.stride, cache.pad)
