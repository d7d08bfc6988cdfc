"""Batch normalization: give each channel mean 0 and variance 1 over the batch, then a learned scale and shift.

In training the statistics come from the batch itself, so every image's gradient depends on every other's.
In evaluation they are constants, and the op is a mere scale and shift.
"""

from typing import NamedTuple

import numpy as np

from ..fast.long_rows import channel_dot, channel_sum, fit, long_rows
from .arguments import check_array


class BatchNormCache(NamedTuple):
    """What batch norm remembers."""

    centered: np.ndarray  # x − mean, that is x̂/inv_std: for dgamma, and for the variance's part of dx
    inv_std: np.ndarray  # (C,) 1/√(var + eps): for dx
    gamma: np.ndarray  # (C,): for dx
    batch: bool  # whether mean and var came from x, and so carry gradient
    mean: np.ndarray  # (C,) and
    var: np.ndarray  # (C,): not for the backward pass; the layer's running statistics are fed from here


def batch_norm_forward(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    mean: np.ndarray | None = None,
    var: np.ndarray | None = None,
    eps: float = 1e-5,
) -> tuple[np.ndarray, BatchNormCache]:
    """Normalize each channel, then scale by gamma and shift by beta.

    x̂ = (x − mean) / √(var + eps),    y = gamma · x̂ + beta
    mean[c] = (1/m) Σ x[…,c],    var[c] = (1/m) Σ (x[…,c] − mean[c])²      over all m = N·H·W positions

    Args:
        x: (N, H, W, C) or (N, C), float32 or float64.
        gamma, beta: scale and shift, (C,), dtype of x.
        mean, var: None to take them from x (training); or both given as constants, (C,), dtype of x (evaluation).
        eps: keeps the division finite where a channel is constant, in squared units of x.

    Returns:
        y: shape and dtype of x.
        cache: what the backward pass needs, and the statistics that were used; a variance beyond a quarter of the
            dtype's largest number is given as that quarter, while y is as it should be.

    Raises:
        ValueError: a shape or dtype that does not fit, or only one of mean and var given.

    Source: Ioffe and Szegedy 2015, Algorithm 1.
    """
    spatial = ("N", "C") if getattr(x, "ndim", 0) == 2 else ("N", "H", "W", "C")
    check_array("x", x, spatial)
    for name, array in (("gamma", gamma), ("beta", beta), ("mean", mean), ("var", var)):
        if array is not None or name in ("gamma", "beta"):
            check_array(name, array, (x.shape[-1],), x.dtype)
    if (mean is None) != (var is None):
        raise ValueError("one of mean and var is given, expected both (evaluation) or neither (training)")

    rows = long_rows(x)
    if mean is None or var is None:
        with np.errstate(over="ignore", invalid="ignore"):  # see _of_huge
            batch, (mean, var, centered) = True, _mean_var_and_centered(x)
    else:
        batch, centered = False, rows - fit(mean, rows)
    inv_std = 1 / np.sqrt(var + x.dtype.type(eps))
    if batch and not np.isfinite(var).all():
        inv_std, var = _of_huge(centered.reshape(-1, x.shape[-1]), x.dtype.type(eps))
    y = centered * fit(gamma * inv_std, rows)
    y += fit(beta, rows)
    return y.reshape(x.shape), BatchNormCache(centered.reshape(x.shape), inv_std, gamma, batch, mean, var)


def batch_norm_backward(dy: np.ndarray, cache: BatchNormCache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of batch norm with respect to its input, scale and shift.

    Derivation: y = γx̂ + β gives dβ = Σ dy, dγ = Σ dy·x̂ and dx̂ = γ·dy. In training x̂ depends on x three ways,
        directly:        dx̂ · inv_std
        through mean:    −inv_std · (1/m) Σ dx̂             (the direct parts, averaged and with the other sign)
        through var:     −inv_std · x̂ · (1/m) Σ dx̂·x̂      (as ∂inv_std/∂var = −½ inv_std³ and ∂var/∂x = 2 (x − mean)/m)
    which add up to dx = γ·inv_std · (dy − dβ/m − x̂·dγ/m): dy without its parts along 1 and along x̂.
    In evaluation mean and var are constants, and only the direct part is left.

    Args:
        dy: ∂L/∂y, shape and dtype of x.
        cache: from `batch_norm_forward`.

    Returns:
        dx (shape of x), dgamma (C,), dbeta (C,); dtype of x.

    Raises:
        ValueError: dy is not of the output's shape and dtype.

    Source: Ioffe and Szegedy 2015, section 3; simplified as above.
    """
    centered, inv_std, gamma, batch, _, _ = cache
    check_array("dy", dy, centered.shape, centered.dtype)
    dbeta = channel_sum(dy)
    with np.errstate(over="ignore", invalid="ignore"):
        dgamma = channel_dot(dy, centered) * inv_std
    if not np.isfinite(dgamma).all():  # a sum beyond the dtype: of x̂ it is not
        dgamma = channel_dot(dy, centered.reshape(dy.shape) * inv_std)
    rows, scale = long_rows(dy), gamma * inv_std
    if not batch:
        return (rows * fit(scale, rows)).reshape(dy.shape), dgamma, dbeta
    m = dy.size // dy.shape[-1]
    dx = centered.reshape(rows.shape) * fit(-inv_std * dgamma / m, rows)
    dx += rows
    dx -= fit(dbeta / m, rows)
    dx *= fit(scale, rows)
    return dx.reshape(dy.shape), dgamma, dbeta


def _mean_var_and_centered(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two passes, the second over x − mean (in long rows): E[x²] − E[x]² would cancel catastrophically in float32."""
    m, rows = x.size // x.shape[-1], long_rows(x)
    mean = channel_sum(x) / m
    if not np.isfinite(mean).all():  # a sum beyond the dtype, of numbers that are not: add up shares of the largest
        largest = np.abs(x).reshape(-1, x.shape[-1]).max(axis=0)
        mean = largest * (channel_sum(x / np.where(largest == 0, 1, largest)) / m)
    centered = rows - fit(mean, rows)
    return mean, channel_dot(centered.reshape(x.shape), centered) / m, centered


def _of_huge(centered: np.ndarray, eps: np.floating) -> tuple[np.ndarray, np.ndarray]:
    """inv_std and var where squares overflow, in float32 those of numbers beyond 1e19: divide by the largest first.

    The variance itself may be beyond the dtype; then a quarter of the dtype's largest number is given in its place.
    """
    largest = np.abs(centered).max(axis=0)
    std = largest * np.sqrt(np.square(centered / np.where(largest == 0, 1, largest)).mean(axis=0))
    highest = np.sqrt(np.finfo(std.dtype).max) / 2  # a quarter of the dtype: who corrects by m / (m − 1) stays below
    return 1 / np.hypot(std, np.sqrt(eps)), np.square(np.minimum(std, highest))
