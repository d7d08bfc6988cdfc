"""Element-wise non-linearities: ReLU (the paper's δ), sigmoid (the paper's σ), tanh, and MobileNetV3's two.

Each takes an array of any shape. The backward pass of an element-wise function y = f(x) is always dx = dy · f′(x);
only f′ differs, and each cache holds what makes f′ cheapest.
"""

from typing import NamedTuple

import numpy as np

from .arguments import check_any_shape, check_array


class ReLUCache(NamedTuple):
    """What ReLU remembers."""

    mask: np.ndarray  # bool, shape of x: where x > 0
    dtype: np.dtype  # of x, which dy must share


def relu_forward(x: np.ndarray) -> tuple[np.ndarray, ReLUCache]:
    """Keep positive numbers and set all others to 0.

    y = δ(x) = max(0, x)

    Args:
        x: any shape, float32 or float64.

    Returns:
        y: shape and dtype of x.
        cache: the mask x > 0.

    Source: Hu et al. 2019, the δ of Eq. 3.
    """
    check_any_shape("x", x)
    y = np.maximum(x, 0)
    return y, ReLUCache(mask=x > 0, dtype=x.dtype)


def relu_backward(dy: np.ndarray, cache: ReLUCache) -> np.ndarray:
    """Let the gradient pass where the input was positive.

    Derivation: for x > 0, y = x and ∂y/∂x = 1; for x < 0, y = 0 and ∂y/∂x = 0. At x = 0 there is no derivative;
    like every library we take 0, so the mask is x > 0. It is a mask of the *input*, not of dy.

    Args:
        dy: ∂L/∂y, shape and dtype of x.

    Returns:
        dx: shape and dtype of x.
    """
    check_array("dy", dy, cache.mask.shape, cache.dtype)
    return dy * cache.mask


class SigmoidCache(NamedTuple):
    """What the sigmoid remembers."""

    y: np.ndarray  # its output: the slope is y (1 − y)


def sigmoid_forward(x: np.ndarray) -> tuple[np.ndarray, SigmoidCache]:
    """Squash each number into the open interval (0, 1): the gate of the paper.

    y = σ(x) = 1 / (1 + exp(−x)) = exp(x) / (1 + exp(x))

    The first form overflows for large negative x and the second for large positive x, so each is used on its own side.

    Args:
        x: any shape, float32 or float64.

    Returns:
        y: shape and dtype of x, dimensionless. In float32, y rounds to exactly 1 above x ≈ 17.
        cache: y.

    Source: Hu et al. 2019, the σ of Eq. 3.
    """
    check_any_shape("x", x)
    with np.errstate(under="ignore"):  # exp(−1000) is 0, as it should be
        power = np.exp(-np.abs(x))  # in [0, 1], whatever x is
    y = np.where(x >= 0, 1, power) / (1 + power)
    return y, SigmoidCache(y)


def sigmoid_backward(dy: np.ndarray, cache: SigmoidCache) -> np.ndarray:
    """Multiply the gradient by the slope of the sigmoid, written in terms of its output.

    Derivation: with y = (1 + exp(−x))^−1
        dy/dx = exp(−x) (1 + exp(−x))^−2 = y · exp(−x) / (1 + exp(−x)) = y (1 − y)
    so ∂L/∂x = dy · y (1 − y). The slope is at most 1/4: a gate that is nearly shut or nearly open hardly learns.

    Args:
        dy: ∂L/∂y, shape and dtype of x.

    Returns:
        dx: shape and dtype of x.
    """
    y = cache.y
    check_array("dy", dy, y.shape, y.dtype)
    with np.errstate(under="ignore"):  # where y is almost 0, so is dx
        return dy * y * (1 - y)


class TanhCache(NamedTuple):
    """What tanh remembers."""

    y: np.ndarray  # its output: the slope is 1 − y²


def tanh_forward(x: np.ndarray) -> tuple[np.ndarray, TanhCache]:
    """Squash each number into (−1, 1): a gate of the paper's ablation, which can flip a channel's sign.

    y = tanh(x)

    Args:
        x: any shape, float32 or float64.

    Returns:
        y: shape and dtype of x, dimensionless.
        cache: y.

    Source: Hu et al. 2019, the ablation of the excitation's non-linearity.
    """
    check_any_shape("x", x)
    y = np.tanh(x)
    return y, TanhCache(y)


def tanh_backward(dy: np.ndarray, cache: TanhCache) -> np.ndarray:
    """Multiply the gradient by the slope of tanh, written in terms of its output.

    Derivation: y = sinh x / cosh x, and the quotient rule gives
        dy/dx = (cosh² x − sinh² x) / cosh² x = 1 − y²
    so ∂L/∂x = dy (1 − y²).

    Args:
        dy: ∂L/∂y, shape and dtype of x.

    Returns:
        dx: shape and dtype of x.
    """
    y = cache.y
    check_array("dy", dy, y.shape, y.dtype)
    return dy * (1 - y * y)


class HardSigmoidCache(NamedTuple):
    """What the hard sigmoid remembers."""

    x: np.ndarray  # its input: which of the three parts it lies in


def hard_sigmoid_forward(x: np.ndarray) -> tuple[np.ndarray, HardSigmoidCache]:
    """Squash each number into [0, 1] by a straight line with two corners: the gate of MobileNetV3.

    y = min(1, max(0, x/6 + 1/2))

    It looks like the sigmoid and needs no exponential. Unlike the sigmoid it reaches 0 and 1.

    Args:
        x: any shape, float32 or float64.

    Returns:
        y: shape and dtype of x, dimensionless.
        cache: x.

    Source: Howard et al. 2019, "Searching for MobileNetV3", section 5.2.
    """
    check_any_shape("x", x)
    y = np.clip(x / 6 + x.dtype.type(0.5), 0, 1)
    return y, HardSigmoidCache(x)


def hard_sigmoid_backward(dy: np.ndarray, cache: HardSigmoidCache) -> np.ndarray:
    """Let a sixth of the gradient pass where the input lay between −3 and 3.

    Derivation: there y = x/6 + 1/2 and ∂y/∂x = 1/6; outside y is constant and ∂y/∂x = 0. At ±3 there is no
    derivative; as PyTorch does we take 0. So a gate that is shut or open for good learns nothing at all.

    Args:
        dy: ∂L/∂y, shape and dtype of x.

    Returns:
        dx: shape and dtype of x.
    """
    x = cache.x
    check_array("dy", dy, x.shape, x.dtype)
    return dy * ((x > -3) & (x < 3)) / 6


class HardSwishCache(NamedTuple):
    """What the hard swish remembers."""

    x: np.ndarray  # its input: the slope depends on it


def hard_swish_forward(x: np.ndarray) -> tuple[np.ndarray, HardSwishCache]:
    """Weigh each number by a hard sigmoid of itself: a smoother ReLU, which dips below 0 between −3 and 0.

    y = x · min(1, max(0, x/6 + 1/2))

    Args:
        x: any shape, float32 or float64.

    Returns:
        y: shape and dtype of x.
        cache: x.

    Source: Howard et al. 2019, "Searching for MobileNetV3", section 5.2.
    """
    check_any_shape("x", x)
    return x * np.clip(x / 6 + x.dtype.type(0.5), 0, 1), HardSwishCache(x)


def hard_swish_backward(dy: np.ndarray, cache: HardSwishCache) -> np.ndarray:
    """Multiply the gradient by the slope of the hard swish.

    Derivation: between −3 and 3, y = x²/6 + x/2 and ∂y/∂x = x/3 + 1/2; below, y = 0 and ∂y/∂x = 0; above, y = x and
    ∂y/∂x = 1. At ±3 there is no derivative; as PyTorch does we take the middle one's, −1/2 and 3/2.

    Args:
        dy: ∂L/∂y, shape and dtype of x.

    Returns:
        dx: shape and dtype of x.
    """
    x = cache.x
    check_array("dy", dy, x.shape, x.dtype)
    return dy * np.where(x < -3, 0, np.where(x > 3, 1, x / 3 + x.dtype.type(0.5)))
