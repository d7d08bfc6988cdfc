"""Batch normalization: give each channel mean 0 and variance 1 over the batch, then a learned scale and shift.

In training the statistics come from the batch itself, so every image's gradient depends on every other image. In
evaluation they are constants, and the op is a scale and a shift.
"""

from typing import NamedTuple

import numpy as np

from .arguments import check_array


class BatchNormCache(NamedTuple):
    """What batch norm remembers."""

    x_hat: np.ndarray  # shape of x: the normalized input
    inv_std: np.ndarray  # (C,) 1/√(var + eps)
    gamma: np.ndarray  # (C,)
    batch: bool  # whether mean and var were computed from x, and so carry gradient
    mean: np.ndarray  # (C,) not for the backward pass: a layer feeds its running mean from it
    var: np.ndarray  # (C,) likewise


def batch_norm_forward(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    mean: np.ndarray | None = None,
    var: np.ndarray | None = None,
    eps: float = 1e-5,
) -> tuple[np.ndarray, BatchNormCache]:
    """Normalize each channel, then scale by gamma and shift by beta.

    mean[c] = (1/m) Σ x[…,c],    var[c] = (1/m) Σ (x[…,c] − mean[c])²      over all m = N·H·W positions
    x̂ = (x − mean) / √(var + eps),    y = gamma · x̂ + beta

    Args:
        x: (N, H, W, C) or (N, C), float32 or float64.
        gamma, beta: scale and shift, (C,), dtype of x.
        mean, var: None to take them from x (training); or both given as constants, (C,), dtype of x (evaluation).
        eps: keeps the division finite where a channel is constant, in squared units of x.

    Returns:
        y: shape and dtype of x.
        cache: for `batch_norm_backward`, with the mean and var that were used.

    Raises:
        ValueError: a shape or dtype that does not fit, or only one of mean and var given.

    Source: Ioffe and Szegedy 2015, Algorithm 1.
    """
    check_batch_norm(x, gamma, beta, mean, var)
    batch = mean is None
    if mean is None or var is None:
        mean, var = _mean_and_var(x)  # (C,)
    inv_std = 1 / np.sqrt(var + float(eps))  # (C,)
    x_hat = (x - mean) * inv_std  # (N, H, W, C)
    y = gamma * x_hat + beta  # (N, H, W, C)
    return y, BatchNormCache(x_hat, inv_std, gamma, batch, mean, var)


def batch_norm_backward(dy: np.ndarray, cache: BatchNormCache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of batch norm with respect to its input, scale and shift.

    Derivation: y = γx̂ + β gives dβ = Σ dy, dγ = Σ dy·x̂ and dx̂ = γ·dy. In training x̂ depends on x in three ways,
        directly:        dx̂ · inv_std
        through mean:    −inv_std · (1/m) Σ dx̂             (the direct parts, averaged and with the other sign)
        through var:     −inv_std · x̂ · (1/m) Σ dx̂·x̂      (as ∂inv_std/∂var = −½ inv_std³ and ∂var/∂x = 2 (x − mean)/m)
    which add up to dx = inv_std · (dx̂ − mean(dx̂) − x̂ · mean(dx̂·x̂)): dx̂ without its parts along 1 and along x̂.
    In evaluation mean and var are constants, and only the direct part is left.

    Args:
        dy: ∂L/∂y, shape and dtype of x.

    Returns:
        dx (shape of x), dgamma (C,), dbeta (C,); dtype of x.

    Source: Ioffe and Szegedy 2015, section 3; simplified as above.
    """
    x_hat, inv_std, gamma, batch, _, _ = cache
    check_array("dy", dy, x_hat.shape, x_hat.dtype)
    axes = tuple(range(dy.ndim - 1))  # all but the channel
    dbeta = dy.sum(axis=axes)  # (C,)
    dgamma = (dy * x_hat).sum(axis=axes)  # (C,)
    dx_hat = dy * gamma  # (N, H, W, C)
    if not batch:
        return dx_hat * inv_std, dgamma, dbeta
    dx = inv_std * (dx_hat - dx_hat.mean(axis=axes) - x_hat * (dx_hat * x_hat).mean(axis=axes))
    return dx, dgamma, dbeta


def _mean_and_var(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each channel, over all positions of all images; in float32 the sums of so many numbers would drift."""
    axes = tuple(range(x.ndim - 1))  # all but the channel
    return x.mean(axis=axes, dtype=np.float64).astype(x.dtype), x.var(axis=axes, dtype=np.float64).astype(x.dtype)


def check_batch_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray | None, var: np.ndarray | None
) -> None:
    """Raise ValueError unless the arguments of `batch_norm_forward` fit together."""
    check_array("x", x, ("N", "C") if getattr(x, "ndim", 0) == 2 else ("N", "H", "W", "C"))
    for name, array in (("gamma", gamma), ("beta", beta), ("mean", mean), ("var", var)):
        if array is not None or name in ("gamma", "beta"):
            check_array(name, array, (x.shape[-1],), x.dtype)
    if (mean is None) != (var is None):
        raise ValueError("one of mean and var is given, expected both (evaluation) or neither (training)")
