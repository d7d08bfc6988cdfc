"""The fully connected layer: one matrix product. Both FCs of an SE block are this op."""

import numpy as np

from .arguments import check_array


def linear_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, tuple]:
    """Multiply each row of x by a matrix and add a bias.

    y = x w + b

    Samples are rows here. The paper writes W z for a column z, so our w is the transpose of the paper's W.

    Args:
        x: (N, D), float32 or float64.
        w: (D, M), dtype of x.
        b: (M,), dtype of x; or None for no bias.

    Returns:
        y: (N, M), dtype of x.
        cache: what the backward pass needs.

    Raises:
        ValueError: a shape or dtype that does not fit.

    Source: the definition.
    """
    check_array("x", x, ("N", "D"))
    check_array("w", w, (x.shape[1], "M"), x.dtype)
    if b is not None:
        check_array("b", b, (w.shape[1],), x.dtype)
    y = x @ w
    if b is not None:
        y += b
    cache = (x, w, b is not None)  # x: for dw.  w: for dx.
    return y, cache


def linear_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Gradients of the fully connected layer with respect to its input, matrix and bias.

    Derivation: y[n,m] = Σ_d x[n,d] w[d,m] + b[m], so
        ∂L/∂x[n,d] = Σ_m dy[n,m] w[d,m]      dx = dy wᵀ
        ∂L/∂w[d,m] = Σ_n x[n,d] dy[n,m]      dw = xᵀ dy
        ∂L/∂b[m]   = Σ_n dy[n,m]             db = column sums of dy
    The shapes leave no other choice, which is the quickest way to remember it.

    Args:
        dy: ∂L/∂y, (N, M), dtype of x.
        cache: from `linear_forward`.

    Returns:
        dx (N, D), dw (D, M), db (M,) or None where b was None; dtype of x.

    Raises:
        ValueError: dy is not of the output's shape and dtype.

    Source: the derivation above.
    """
    x, w, has_bias = cache
    check_array("dy", dy, (x.shape[0], w.shape[1]), x.dtype)
    dx = dy @ w.T
    dw = x.T @ dy
    db = dy.sum(axis=0) if has_bias else None
    return dx, dw, db
