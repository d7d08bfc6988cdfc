"""The fully connected layer (FC): one matrix product. An SE block has two of them."""

from typing import NamedTuple

import numpy as np

from .arguments import check_array


class LinearCache(NamedTuple):
    """What a fully connected layer remembers."""

    x: np.ndarray  # (N, D): for dw
    w: np.ndarray  # (D, M): for dx
    has_bias: bool


def linear_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, LinearCache]:
    """Multiply each row of x by a matrix and add a bias.

    y = x w + b

    Samples are rows here. The paper writes W z for a column z, so our w is the transpose of the paper's W.

    Args:
        x: (N, D), float32 or float64.
        w: (D, M), dtype of x.
        b: (M,), dtype of x; or None for no bias.

    Returns:
        y: (N, M), dtype of x.
    """
    check_array("x", x, ("N", "D"))
    check_array("w", w, (x.shape[1], "M"), x.dtype)
    if b is not None:
        check_array("b", b, (w.shape[1],), x.dtype)
    y = x @ w  # (N, M)
    if b is not None:
        y += b
    return y, LinearCache(x, w, b is not None)


def linear_backward(dy: np.ndarray, cache: LinearCache) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Gradients of the fully connected layer with respect to its input, matrix and bias.

    Derivation: y[n,m] = Σ_d x[n,d] w[d,m] + b[m], so
        ∂L/∂x[n,d] = Σ_m dy[n,m] w[d,m]      dx = dy wᵀ
        ∂L/∂w[d,m] = Σ_n x[n,d] dy[n,m]      dw = xᵀ dy
        ∂L/∂b[m]   = Σ_n dy[n,m]             db = column sums of dy
    The shapes leave no other choice, which is the quickest way to remember it.

    Args:
        dy: ∂L/∂y, (N, M), dtype of x.

    Returns:
        dx (N, D), dw (D, M), db (M,) or None where b was None; dtype of x.
    """
    x, w, has_bias = cache
    check_array("dy", dy, (x.shape[0], w.shape[1]), x.dtype)
    dx = dy @ w.T  # (N, D)
    dw = x.T @ dy  # (D, M)
    db = dy.sum(axis=0) if has_bias else None  # (M,)
    return dx, dw, db
