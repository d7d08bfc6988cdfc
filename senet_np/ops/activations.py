"""Element-wise non-linearities: ReLU (the paper's δ), sigmoid (the paper's σ) and tanh.

Each takes an array of any shape. The backward pass of an element-wise function y = f(x) is always
dx = dy · f′(x); only f′ differs, and each cache holds what makes f′ cheapest.
"""

import numpy as np

from .arguments import check_array


def relu_forward(x: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Keep what is positive.

    y = δ(x) = max(0, x)

    Args:
        x: any shape, float32 or float64.

    Returns:
        y: shape and dtype of x.
        cache: the mask x > 0, bool, of the shape of x; and x's dtype, which dy must share.

    Raises:
        ValueError: x is not a float array.

    Source: Hu et al. 2019, the δ of Eq. 3.
    """
    _check(x)
    mask = x > 0
    cache = (mask, x.dtype)
    return np.maximum(x, 0), cache


def relu_backward(dy: np.ndarray, cache: tuple) -> np.ndarray:
    """Let the gradient pass where the input was positive.

    Derivation: for x > 0, y = x and ∂y/∂x = 1; for x < 0, y = 0 and ∂y/∂x = 0. At x = 0 there is no derivative;
    like every library we take 0, so the mask asks x > 0. It is a mask of the *input*, not of dy.

    Args:
        dy: ∂L/∂y, shape and dtype of x.
        cache: from `relu_forward`.

    Returns:
        dx: shape and dtype of x.

    Raises:
        ValueError: dy is not of the output's shape and dtype.

    Source: the derivation above.
    """
    mask, dtype = cache
    check_array("dy", dy, mask.shape, dtype)
    return dy * mask


def sigmoid_forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squash each number into the open interval (0, 1): the gate of the paper.

    y = σ(x) = 1 / (1 + e^−x) = e^x / (1 + e^x)

    The first form overflows for x ≪ 0 and the second for x ≫ 0, so each serves on its own side.

    Args:
        x: any shape, float32 or float64.

    Returns:
        y: shape and dtype of x, dimensionless. Beyond |x| ≈ 17 float32 rounds y to 1, or y·(1 − y) towards 0.
        cache: y.

    Raises:
        ValueError: x is not a float array.

    Source: Hu et al. 2019, the σ of Eq. 3.
    """
    _check(x)
    e = np.exp(-np.abs(x))  # in (0, 1], whatever x is
    y = np.where(x >= 0, 1, e) / (1 + e)
    return y, y


def sigmoid_backward(dy: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """Multiply the gradient by the slope of the sigmoid, written in terms of its output.

    Derivation: with y = (1 + e^−x)^−1
        dy/dx = e^−x (1 + e^−x)^−2 = y · e^−x / (1 + e^−x) = y (1 − y)
    so ∂L/∂x = dy · y (1 − y). At most 1/4: a gate that is nearly shut or nearly open hardly learns.

    Args:
        dy: ∂L/∂y, shape and dtype of x.
        cache: y, from `sigmoid_forward`.

    Returns:
        dx: shape and dtype of x.

    Raises:
        ValueError: dy is not of the output's shape and dtype.

    Source: the derivation above.
    """
    y = cache
    check_array("dy", dy, y.shape, y.dtype)
    return dy * y * (1 - y)


def tanh_forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squash each number into (−1, 1): a gate of the paper's ablation, which can flip a channel's sign.

    y = tanh(x)

    Args:
        x: any shape, float32 or float64.

    Returns:
        y: shape and dtype of x, dimensionless.
        cache: y.

    Raises:
        ValueError: x is not a float array.

    Source: Hu et al. 2019, the ablation of the excitation's non-linearity.
    """
    _check(x)
    y = np.tanh(x)
    return y, y


def tanh_backward(dy: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """Multiply the gradient by the slope of tanh, written in terms of its output.

    Derivation: y = sinh x / cosh x, and the quotient rule gives
        dy/dx = (cosh² x − sinh² x) / cosh² x = 1 − y²
    so ∂L/∂x = dy (1 − y²).

    Args:
        dy: ∂L/∂y, shape and dtype of x.
        cache: y, from `tanh_forward`.

    Returns:
        dx: shape and dtype of x.

    Raises:
        ValueError: dy is not of the output's shape and dtype.

    Source: the derivation above.
    """
    y = cache
    check_array("dy", dy, y.shape, y.dtype)
    return dy * (1 - y * y)


def _check(x: np.ndarray) -> None:
    check_array("x", x, x.shape if isinstance(x, np.ndarray) else ("any",))
