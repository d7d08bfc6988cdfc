"""Assignment 1: relu, sigmoid, linear, global average pooling and channel scaling, forward and backward.

Answers keep the library's convention: `y, cache = forward(...)`, `dx, ... = backward(dy, cache)`.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..ops import reference
from .marks import Table, adder, expect, expect_gradients, expect_untouched, passed, require

TABLE: Table = {}
visible, hidden = adder(TABLE, hidden=False), adder(TABLE, hidden=True)
Pass: TypeAlias = Callable[..., Any]


def _rng() -> np.random.Generator:
    return np.random.default_rng(2019)


def _own(dx: Any) -> Any:
    """A gradient that broadcasting spread out, as an array of its own; anything else as it is."""
    return dx.copy() if isinstance(dx, np.ndarray) else dx


@visible("relu-forward-check", "relu_forward", points=1)
def check_relu_forward(forward: Pass) -> None:
    """The rule on five numbers."""
    y, _ = forward(np.array([[-2.0, -0.5, 0.0, 0.5, 3.0]]))
    expect(y, np.array([[0.0, 0.0, 0.0, 0.5, 3.0]]), "y", "y is x where x > 0, and 0 elsewhere.")
    passed("relu forward")


@visible("relu-backward-check", "relu_forward", "relu_backward", points=1)
def check_relu_backward(forward: Pass, backward: Pass) -> None:
    """The mask on five numbers, then finite differences."""
    _, cache = forward(np.array([[-2.0, -0.5, 0.0, 0.5, 3.0]]))
    dx = backward(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), cache)
    advice = "dy passes where x > 0: the mask asks the input, and at 0 it is shut."
    expect(dx, np.array([[0.0, 0.0, 0.0, 4.0, 5.0]]), "dx", advice)
    expect_gradients(forward, backward, {"x": _rng().standard_normal((3, 4)) + 0.1})
    passed("relu backward")


@hidden("relu-hidden", "relu_forward", "relu_backward", points=2)
def grade_relu(forward: Pass, backward: Pass) -> None:
    """Any sign of dy passes, the kink is shut, and nothing is changed on the way."""
    x = np.array([1.0, -1.0, 2.0, 0.0])
    _, cache = forward(x)
    expect(backward(np.array([-3.0, -3.0, 4.0, -7.0]), cache), np.array([-3.0, 0.0, 4.0, 0.0]), "dx")
    expect_untouched(forward, backward, {"x": _rng().standard_normal((2, 3, 3, 4))})


@visible("sigmoid-forward-check", "sigmoid_forward", points=1)
def check_sigmoid_forward(forward: Pass) -> None:
    """Three values that one knows."""
    y, _ = forward(np.array([0.0, np.log(3.0), -np.log(3.0)]))
    expect(y, np.array([0.5, 0.75, 0.25]), "y", "σ(x) = 1 / (1 + e^(−x)).")
    passed("sigmoid forward")


@visible("sigmoid-backward-check", "sigmoid_forward", "sigmoid_backward", points=1)
def check_sigmoid_backward(forward: Pass, backward: Pass) -> None:
    """Finite differences."""
    expect_gradients(forward, backward, {"x": _rng().standard_normal((3, 4))})
    passed("sigmoid backward")


@hidden("sigmoid-hidden", "sigmoid_forward", "sigmoid_backward", points=2)
def grade_sigmoid(forward: Pass, backward: Pass) -> None:
    """Large inputs overflow nowhere, and nothing is changed on the way."""
    x = np.array([-1000.0, -800.0, 800.0, 1000.0], np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, cache = forward(x)
        dx = backward(np.ones_like(x), cache)
    require(bool(np.isfinite(y).all() and np.isfinite(dx).all()), "σ(±1000) or its gradient is not finite")
    expect(y, np.array([0.0, 0.0, 1.0, 1.0], np.float32), "y")
    expect_untouched(forward, backward, {"x": _rng().standard_normal((5, 3))})


def _linear_args(n: int = 3, d: int = 5, m: int = 4) -> dict[str, np.ndarray]:
    rng = _rng()
    return {"x": rng.standard_normal((n, d)), "w": rng.standard_normal((d, m)), "b": rng.standard_normal(m)}


@visible("linear-forward-check", "linear_forward", points=1)
def check_linear_forward(forward: Pass) -> None:
    """Two rows by hand."""
    x, w = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[1.0, 0.0, 2.0], [3.0, 1.0, 0.0]])
    y, _ = forward(x, w, np.array([0.0, 10.0, 0.0]))
    expect(y, np.array([[7.0, 12.0, 2.0], [-3.0, 9.0, 0.0]]), "y", "y = x w + b, samples are rows.")
    passed("linear forward")


@visible("linear-backward-check", "linear_forward", "linear_backward", points=1)
def check_linear_backward(forward: Pass, backward: Pass) -> None:
    """Finite differences for x, w and b."""
    expect_gradients(forward, backward, _linear_args())
    passed("linear backward")


@hidden("linear-hidden", "linear_forward", "linear_backward", points=2)
def grade_linear(forward: Pass, backward: Pass) -> None:
    """One row, one column, many rows; and nothing is changed on the way."""
    for sizes in ((1, 4, 3), (6, 1, 2), (7, 3, 1)):
        args = _linear_args(*sizes)
        dy = _rng().standard_normal((sizes[0], sizes[2]))
        y_loops, cache_loops = reference.linear_forward(**args)
        y, cache = forward(**args)
        expect(y, y_loops, "y")
        for name, ours, right in zip(
            ("dx", "dw", "db"), backward(dy, cache), reference.linear_backward(dy, cache_loops), strict=True
        ):
            expect(ours, right, name)
    expect_untouched(forward, backward, _linear_args())


@visible("pool-forward-check", "global_avg_pool_forward", points=1)
def check_pool_forward(forward: Pass) -> None:
    """Two channels by hand."""
    x = np.array([[[[1.0, 10.0], [2.0, 20.0]], [[3.0, 30.0], [6.0, 60.0]]]])  # (1, 2, 2, 2)
    z, _ = forward(x)
    expect(z, np.array([[3.0, 30.0]]), "z", "One mean a channel and image, over H and W: shape (N, C).")
    passed("global average pooling forward")


@visible("pool-backward-check", "global_avg_pool_forward", "global_avg_pool_backward", points=1)
def check_pool_backward(forward: Pass, backward: Pass) -> None:
    """Two channels by hand, then finite differences."""
    _, cache = forward(np.ones((1, 2, 2, 2)))
    dx = backward(np.array([[4.0, 8.0]]), cache)
    expect(_own(dx), np.ones((1, 2, 2, 1)) * [1.0, 2.0], "dx", "Each of the H·W positions has the share 1/(H·W).")
    expect_gradients(forward, backward, {"x": _rng().standard_normal((2, 3, 4, 2))})
    passed("global average pooling backward")


@hidden("pool-hidden", "global_avg_pool_forward", "global_avg_pool_backward", points=2)
def grade_pool(forward: Pass, backward: Pass) -> None:
    """Pictures that are not square, one pixel, float32; and nothing is changed on the way."""
    for shape in ((2, 5, 3, 4), (3, 1, 1, 2), (1, 2, 7, 1)):
        x, dz = _rng().standard_normal(shape), _rng().standard_normal((shape[0], shape[3]))
        (z, cache), (z_loops, cache_loops) = forward(x), reference.global_avg_pool_forward(x)
        expect(z, z_loops, "z")
        expect(_own(backward(dz, cache)), reference.global_avg_pool_backward(dz, cache_loops), "dx")
    expect_untouched(forward, backward, {"x": _rng().standard_normal((2, 3, 4, 5))})


def _scale_args(shape: tuple[int, ...] = (2, 3, 4, 5)) -> dict[str, np.ndarray]:
    rng = _rng()
    return {"u": rng.standard_normal(shape), "s": rng.uniform(0.1, 0.9, (shape[0], shape[3]))}


@visible("scale-forward-check", "channel_scale_forward", points=1)
def check_scale_forward(forward: Pass) -> None:
    """Two gates by hand."""
    u = np.arange(8.0).reshape(1, 2, 2, 2)
    y, _ = forward(u, np.array([[1.0, 0.5]]))
    expect(y, u * np.array([1.0, 0.5]), "y", "Every position of channel c is multiplied by s[n, c].")
    passed("channel scaling forward")


@visible("scale-backward-check", "channel_scale_forward", "channel_scale_backward", points=1)
def check_scale_backward(forward: Pass, backward: Pass) -> None:
    """Finite differences for u and s."""
    expect_gradients(forward, backward, _scale_args())
    passed("channel scaling backward")


@hidden("scale-hidden", "channel_scale_forward", "channel_scale_backward", points=2)
def grade_scale(forward: Pass, backward: Pass) -> None:
    """Several images with gates of their own, pictures that are not square; and nothing is changed on the way."""
    for shape in ((3, 4, 2, 3), (1, 5, 1, 2)):
        args, dy = _scale_args(shape), _rng().standard_normal(shape)
        (y, cache), (y_loops, cache_loops) = forward(**args), reference.channel_scale_forward(**args)
        expect(y, y_loops, "y")
        for name, ours, right in zip(
            ("du", "ds"), backward(dy, cache), reference.channel_scale_backward(dy, cache_loops), strict=True
        ):
            expect(ours, right, name)
    expect_untouched(forward, backward, _scale_args())
