"""Assignment 1: relu, sigmoid, linear, global average pooling and channel scaling, forward and backward.

Answers keep the library's convention: `y, cache = forward(...)`, `dx, ... = backward(dy, cache)`.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from ..ops import reference
from .marks import (
    Answer,
    Fresh,
    Wrong,
    draw,
    expect,
    expect_gradients,
    expect_pair,
    expect_untouched,
    new_table,
    require,
)

TABLE, visible, hidden = new_table()
_args = partial(draw, 2019)


@visible("relu-forward-check", "relu_forward", points=1)
def check_relu_forward(forward: Answer) -> None:
    """The rule on five numbers."""
    y, _ = forward(np.array([[-2.0, -0.5, 0.0, 0.5, 3.0]]))
    expect(y, np.array([[0.0, 0.0, 0.0, 0.5, 3.0]]), "y", "y is x where x > 0, and 0 elsewhere.")


@visible("relu-backward-check", "relu_forward", "relu_backward", points=1)
def check_relu_backward(forward: Answer, backward: Answer) -> None:
    """The mask on five numbers, then finite differences."""
    _, cache = forward(np.array([[-2.0, -0.5, 0.0, 0.5, 3.0]]))
    dx = backward(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), cache)
    advice = "dy passes where x > 0: the mask asks the input, and at 0 it is shut."
    expect(dx, np.array([[0.0, 0.0, 0.0, 4.0, 5.0]]), "dx", advice)
    expect_gradients(forward, backward, _args(x=(6, 4)))


@hidden("relu-hidden", "relu_forward", "relu_backward", points=2)
def grade_relu(forward: Answer, backward: Answer) -> None:
    """Any sign of dy passes, the kink is shut, and nothing is changed on the way."""
    x = np.array([1.0, -1.0, 2.0, 0.0])
    _, cache = forward(x)
    expect(backward(np.array([-3.0, -3.0, 4.0, -7.0]), cache), np.array([-3.0, 0.0, 4.0, 0.0]), "dx")
    expect_pair(forward, backward, reference, "relu", _args(x=(4, 3)))
    expect_untouched(forward, backward, _args(x=(2, 3, 3, 4)))


@visible("sigmoid-forward-check", "sigmoid_forward", points=1)
def check_sigmoid_forward(forward: Answer) -> None:
    """Three values that one knows, and two so large that exp overflows."""
    y, _ = forward(np.array([0.0, np.log(3.0), -np.log(3.0)]))
    expect(y, np.array([0.5, 0.75, 0.25]), "y", "σ(x) = 1 / (1 + exp(−x)).")
    try:
        with np.errstate(over="raise"):
            y, _ = forward(np.array([-1000.0, 1000.0]))
    except FloatingPointError as error:
        words = "σ(−1000) or σ(1000) overflows: exp(1000) is too large for any float, exp(−1000) is 0 and does no harm"
        raise Wrong(words) from error
    expect(y, np.array([0.0, 1.0]), "y")


@visible("sigmoid-backward-check", "sigmoid_forward", "sigmoid_backward", points=1)
def check_sigmoid_backward(forward: Answer, backward: Answer) -> None:
    """Finite differences."""
    expect_gradients(forward, backward, _args(x=(3, 4)))


@hidden("sigmoid-hidden", "sigmoid_forward", "sigmoid_backward", points=2)
def grade_sigmoid(forward: Answer, backward: Answer) -> None:
    """Large inputs overflow nowhere, and nothing is changed on the way."""
    x = np.array([-1000.0, -800.0, 800.0, 1000.0], np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, cache = forward(x)
        dx = backward(np.ones_like(x), cache)
    require(np.isfinite(y).all() and np.isfinite(dx).all(), "σ(±1000) or its gradient is not finite")
    expect(y, np.array([0.0, 0.0, 1.0, 1.0], np.float32), "y")
    expect_pair(forward, backward, reference, "sigmoid", _args(x=(5, 3)))
    expect_untouched(forward, backward, _args(x=(5, 3)))


def _linear_args(n: int = 3, d: int = 5, m: int = 4) -> dict[str, np.ndarray]:
    return _args(x=(n, d), w=(d, m), b=m)


@visible("linear-forward-check", "linear_forward", points=1)
def check_linear_forward(forward: Answer) -> None:
    """Two rows by hand."""
    x, w = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[1.0, 0.0, 2.0], [3.0, 1.0, 0.0]])
    y, _ = forward(x, w, np.array([0.0, 10.0, 0.0]))
    expect(y, np.array([[7.0, 12.0, 2.0], [-3.0, 9.0, 0.0]]), "y", "y = x w + b, samples are rows.")


@visible("linear-backward-check", "linear_forward", "linear_backward", points=1)
def check_linear_backward(forward: Answer, backward: Answer) -> None:
    """Finite differences for x, w and b."""
    expect_gradients(forward, backward, _linear_args())


@hidden("linear-hidden", "linear_forward", "linear_backward", points=2)
def grade_linear(forward: Answer, backward: Answer) -> None:
    """One row, one column, many rows; and nothing is changed on the way."""
    for sizes in ((1, 4, 3), (6, 1, 2), (7, 3, 1)):
        expect_pair(forward, backward, reference, "linear", _linear_args(*sizes))
    expect_untouched(forward, backward, _linear_args())


@visible("pool-forward-check", "global_avg_pool_forward", points=1)
def check_pool_forward(forward: Answer) -> None:
    """Two channels by hand."""
    x = np.array([[[[1.0, 10.0], [2.0, 20.0]], [[3.0, 30.0], [6.0, 60.0]]]])  # (1, 2, 2, 2)
    z, _ = forward(x)
    expect(z, np.array([[3.0, 30.0]]), "z", "One mean per image and channel, over H and W: shape (N, C).")


@visible("pool-backward-check", "global_avg_pool_forward", "global_avg_pool_backward", points=1)
def check_pool_backward(forward: Answer, backward: Answer) -> None:
    """Two channels by hand, then finite differences."""
    _, cache = forward(np.ones((1, 2, 2, 2)))
    dx = backward(np.array([[4.0, 8.0]]), cache)
    expect(dx, np.ones((1, 2, 2, 1)) * [1.0, 2.0], "dx", "Each of the H·W positions has the share 1/(H·W).")
    expect_gradients(forward, backward, _args(x=(2, 3, 4, 2)))


@hidden("pool-hidden", "global_avg_pool_forward", "global_avg_pool_backward", points=2)
def grade_pool(forward: Answer, backward: Answer) -> None:
    """Images that are not square, one pixel; and nothing is changed on the way."""
    for shape in ((2, 5, 3, 4), (3, 1, 1, 2), (1, 2, 7, 1)):
        expect_pair(forward, backward, reference, "global_avg_pool", _args(x=shape))
    expect_untouched(forward, backward, _args(x=(2, 3, 4, 5)))


@visible("scale-forward-check", "channel_scale_forward", points=1)
def check_scale_forward(forward: Answer) -> None:
    """Two gates by hand."""
    u = np.arange(8.0).reshape(1, 2, 2, 2)
    y, _ = forward(u, np.array([[1.0, 0.5]]))
    expect(y, u * np.array([1.0, 0.5]), "y", "Every position of channel c is multiplied by s[n, c].")


@visible("scale-backward-check", "channel_scale_forward", "channel_scale_backward", points=1)
def check_scale_backward(forward: Answer, backward: Answer) -> None:
    """Finite differences for u and s."""
    expect_gradients(forward, backward, _args(u=(2, 3, 4, 5), s=(2, 5)))


@hidden("scale-hidden", "channel_scale_forward", "channel_scale_backward", points=2)
def grade_scale(forward: Answer, backward: Answer) -> None:
    """Several images with gates of their own, images that are not square; and nothing is changed on the way."""
    for u, s in (((3, 4, 2, 3), (3, 3)), ((1, 5, 1, 2), (1, 2))):
        expect_pair(forward, backward, reference, "channel_scale", _args(u=u, s=s))
    expect_untouched(forward, backward, _args(u=(2, 3, 4, 5), s=(2, 5)))


def _fresh(op: str, **shapes: int | tuple[int, ...]) -> Callable[..., None]:
    """The forward pass with numbers drawn anew, of the shapes that the visible check has."""

    def check(forward: Answer) -> None:
        args = _args(**shapes)
        right, _ = getattr(reference, f"{op}_forward")(**args)  # first: an answer may change its arguments
        expect(forward(*args.values())[0], right, "y")

    return check


FRESH: Fresh = {
    "relu-forward-check": _fresh("relu", x=(1, 5)),
    "sigmoid-forward-check": _fresh("sigmoid", x=(3,)),
    "linear-forward-check": _fresh("linear", x=(2, 2), w=(2, 3), b=3),
    "pool-forward-check": _fresh("global_avg_pool", x=(1, 2, 2, 2)),
    "scale-forward-check": _fresh("channel_scale", u=(1, 2, 2, 2), s=(1, 2)),
}
