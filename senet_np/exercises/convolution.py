"""Exercises of notebook 6: convolution forward and backward."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ops
from ..grading.marks import Answer, Array, Wrong, draw, expect, require
from . import reading
from .checking import exercise

LENGTH, SIZE, STRIDE = 32, 3, 4  # of exercise 6.1
FIRST_PLACES = range(0, LENGTH - SIZE + 1, STRIDE)  # of its windows
FLIPS = {
    "flipped left to right": np.s_[:, :, ::-1],
    "flipped upside down": np.s_[:, ::-1],
    "turned by 180°": np.s_[:, ::-1, ::-1],
}
MOST = 2000  # numbers in x_hiding
WRONG = {"dx", "dw"}  # in 6.3
TINY = [(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)]


@exercise("6.1")
def sizes(padding_5: Any, padding_7: Any, windows: Any, never: Any) -> str:
    """Two paddings, a number of windows, and the pixels that no window covers."""
    for size, name, answer in ((5, "padding_5", padding_5), (7, "padding_7", padding_7)):
        padding = _padding(answer, name)
        require(0 <= padding < LENGTH, f"{name} is {padding:g}, expected a number from 0 to {LENGTH - 1}")
        left = LENGTH + 2 * padding - size + 1
        require(
            left == LENGTH, f"{name}: with a padding of {padding}, a kernel of {size}×{size} makes {left} rows of 32"
        )
    count = reading.whole(windows, "windows")
    require(count > 0, f"windows is {count:g}: how many fit?")
    last = STRIDE * (count - 1) + SIZE - 1
    ends = f"windows: if there {'is 1' if count == 1 else f'are {count:g}'}, the last ends at place {last:g}"
    require(last < LENGTH, f"{ends}. Does that place exist?")
    require(count == len(FIRST_PLACES), f"{ends}. Another one fits")
    given = {reading.whole(place, "a number in never") for place in reading.numbers(never, "never").flat}
    right = set(range(LENGTH)) - {first + place for first in FIRST_PLACES for place in range(SIZE)}
    for place in sorted(given - right):
        require(0 <= place < LENGTH, f"never: there is no pixel {place:g}, they are numbered 0 to {LENGTH - 1}")
        raise Wrong(f"never: pixel {place} is in the window that begins at {place // STRIDE * STRIDE}")
    if missing := right - given:
        at_end = " Look at the end of the line, too." if missing == {max(right)} else ""
        raise Wrong(f"never: all pixels that you name are right, but the list is not complete.{at_end}")
    return "A stride above the window's size leaves holes, and no gradient ever reaches the pixels in them."


def _padding(answer: Any, name: str) -> int:
    """A padding: one number, or two equal ones, (rows, columns)."""
    both = reading.numbers(answer, name)
    return reading.whole(both.flat[0] if both.size == 2 and both.min() == both.max() else both, name)


@exercise("6.2")
def dw_as_convolution(dw_by_convolution: Answer) -> str:
    """dw as a forward convolution gives it, for stride 1 and padding 1; any way to it will do."""
    require(callable(dw_by_convolution), "dw_by_convolution is no function: give its name, without parentheses")
    for args in (draw(0, x=(2, 7, 9, 4), w=(3, 3, 4, 5)), draw(1, x=(3, 5, 6, 2), w=(2, 4, 2, 7))):
        x, shape = args["x"], args["w"].shape
        y, cache = ops.conv2d_forward(x, args["w"], None, 1, 1)
        dy = np.random.default_rng(2).standard_normal(y.shape)
        found = dw_by_convolution(x.copy(), dy.copy())
        given = f"for x {x.shape} and dy {dy.shape}"
        require(found is not None, "dw is None: does the function return it?")
        if isinstance(found, (tuple, list)) and found and np.ndim(found[0]) == 4:
            found = found[0]  # (dw, cache), (dw,)
        dtype = np.float32 if getattr(found, "dtype", None) == np.float32 else np.float64
        dw = reading.numbers(found, "dw").astype(dtype)
        if dw.shape != shape and sorted(dw.shape) == sorted(shape):
            raise Wrong(f"{given} dw has shape {dw.shape}, expected {shape}: its axes stand in another order")
        require(dw.shape == shape, f"{given} dw has shape {dw.shape}, expected {shape}")
        right = ops.conv2d_backward(dy, cache)[1]
        ratio = float((dw * right).sum() / (right * right).sum())
        scaled = abs(ratio - 1) > 1e-4 and ratio and np.allclose(dw, ratio * right, rtol=1e-5, atol=1e-5)
        require(not scaled, f"{given} the pattern of dw is right, but it is {ratio:.4g} times what it should be")
        _expect_no_flip(dw, x, dy, args["w"], right)
        advice = "The shape is right. Which axes of x and dy did you give the part of N, and which that of Cin?"
        expect(dw, right.astype(dtype), f"dw ({given})", advice)
    return "What a forward pass sums over, (p, q, c), is here (i, j, n): dy is the kernel and n its input channel."


def _expect_no_flip(dw: Array, x: Array, dy: Array, w: Array, right: Array) -> None:
    """Tell apart what was turned: the result, dy or x."""
    for words, flip in FLIPS.items():
        of_dy, of_x = (
            ops.conv2d_backward(some_dy, ops.conv2d_forward(some_x, w, None, 1, 1)[1])[1]
            for some_x, some_dy in ((x, dy[flip].copy()), (x[flip].copy(), dy))
        )
        turned = {"dw": right[flip[1:]], "dy": of_dy, "x": of_x}
        for name, other in turned.items():
            same = np.allclose(dw, other, rtol=1e-5, atol=1e-5)
            message = f"the axes are right, but {name} is {words}. Is there a flip in the formula of the hint?"
            require(not same, message)


@exercise("6.3")
def backward_pass_from_memory(wrong_gradients: Any, x_hiding: Any) -> str:
    """Which gradients suffer from rows in another order, and images with which it does not matter."""
    names = reading.gradients(wrong_gradients, "wrong_gradients", ("dx", "dw", "db"))
    advice = "Which line is not as in section 5, and for which sums does that matter?"
    require(names <= WRONG, f"wrong_gradients: not all that you name are wrong. {advice}")
    require(names == WRONG, f"wrong_gradients: what you name is wrong, but the list is not complete. {advice}")
    x = reading.numbers(x_hiding, "x_hiding")
    require(x.ndim == 4, f"x_hiding has shape {x.shape}, expected four axes, (N, H, W, Cin)")
    small = min(x.shape[1:3]) < 4
    require(not small, f"x_hiding has shape {x.shape}, expected images of 4×4 pixels or more")
    require(x.size <= MOST, f"x_hiding holds {x.size:,} numbers, expected {MOST:,} at most")
    w = draw(0, w=(3, 3, x.shape[3], 5))["w"]
    y, cache = ops.conv2d_forward(x, w, None, 1, 0)
    dy = draw(1, dy=y.shape)["dy"]
    dx, dw, _ = ops.conv2d_backward(dy, cache)
    require(dw.any(), "x_hiding is 0 everywhere, so dw is 0 too: then a gradient check refuses and does not pass")
    for name, right, found in zip(("dx", "dw"), (dx, dw), _from_memory(dy, cache), strict=False):
        off = np.abs(found - right).max() / max(np.abs(right).max(), 1e-30)
        finds = f"with this x_hiding, of shape {x.shape}, a check finds the mistake: {name} is off by {off:.0%}"
        require(off < 1e-6, f"{finds} of its largest value")
    return "db adds up all rows, in any order. With a single image the two orders are the same: test with a batch."


def _from_memory(dy: Array, cache: Any) -> tuple[Array, Array]:
    """dx and dw, as the notebook's wrong function computes them."""
    kh, kw, _, c_out = cache.w.shape
    dy_rows = dy.transpose(1, 2, 0, 3).reshape(-1, c_out)
    dcols = dy_rows @ cache.w.reshape(-1, c_out).T
    dx = ops.conv.col2im(dcols, cache.x_shape, kh, kw, cache.stride, cache.pad)
    return dx, (cache.cols.T @ dy_rows).reshape(cache.w.shape)


@exercise("6.4")
def rows_of_the_image(rows_seen: Answer) -> str:
    """How many rows of the image one output sees through a stack of layers (size, stride)."""
    require(callable(rows_seen), "rows_seen is no function: give its name, without parentheses")
    _expect_rows(rows_seen, [(3, 1)], 3, "One layer, one window.")
    _expect_rows(rows_seen, [(3, 1), (3, 1)], 5, "Two windows that stand next to each other overlap.")
    _expect_rows(
        rows_seen,
        [(2, 2), (3, 1)],
        6,
        "How far apart do two windows of a layer begin, and at which end of the list do you start?",
    )
    _expect_rows(rows_seen, [(3, 1), (2, 2)], 4, "In which order are the layers given, and at which end do you begin?")
    _expect_rows(rows_seen, [(7, 2), (3, 2), (3, 1)], 19, "How many windows of the layer before does each one reach?")
    _expect_rows(rows_seen, TINY, 18, "That is the tiny net.")
    return "From the end: n windows of a layer cover (n − 1)·stride + size rows; the tiny net sees 18 rows of 32."


def _expect_rows(rows_seen: Answer, layers: Sequence[tuple[int, int]], right: int, look: str) -> None:
    found = rows_seen([*layers])
    require(found is not None, "rows_seen returns None: does it return the number?")
    rows = reading.whole(found, f"rows_seen({[*layers]})")
    few = "few" if rows < right else "many"
    require(rows == right, f"rows_seen({[*layers]}) is {rows:g}: that is too {few}. {look}")
