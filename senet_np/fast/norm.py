"""Batch norm along long rows, in as few passes over memory as NumPy needs; and for numbers whose squares overflow.

The cache holds x − mean and not x̂, which saves one pass: x̂ = (x − mean) · inv_std is put together where it is used.
"""

from typing import NamedTuple

import numpy as np

from ..ops.arguments import check_array
from ..ops.norm import check_batch_norm
from .long_rows import channel_dot, channel_sum, fit, long_rows


class FastBatchNormCache(NamedTuple):
    """As `ops.norm.BatchNormCache`, but for its first field."""

    centered: np.ndarray  # x − mean
    inv_std: np.ndarray
    gamma: np.ndarray
    batch: bool
    mean: np.ndarray
    var: np.ndarray


def batch_norm_forward(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    mean: np.ndarray | None = None,
    var: np.ndarray | None = None,
    eps: float = 1e-5,
) -> tuple[np.ndarray, FastBatchNormCache]:
    """`ops.batch_norm_forward`.

    A variance beyond a quarter of the dtype's largest number is stored in the cache as that quarter; y is right.
    """
    check_batch_norm(x, gamma, beta, mean, var)
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
    return y.reshape(x.shape), FastBatchNormCache(centered.reshape(x.shape), inv_std, gamma, batch, mean, var)


def batch_norm_backward(dy: np.ndarray, cache: FastBatchNormCache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`ops.batch_norm_backward`, written as dx = γ·inv_std · (dy − dβ/m − x̂·dγ/m), with the sums dβ and dγ."""
    centered, inv_std, gamma, batch, _, _ = cache
    check_array("dy", dy, centered.shape, centered.dtype)
    dbeta = channel_sum(dy)
    with np.errstate(over="ignore", invalid="ignore"):
        dgamma = channel_dot(dy, centered) * inv_std
    if not np.isfinite(dgamma).all():  # the sum overflowed: that over x̂ does not
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
    if not np.isfinite(mean).all():  # the sum overflowed though the numbers are finite: add up shares of the largest
        largest = np.abs(x).reshape(-1, x.shape[-1]).max(axis=0)
        mean = largest * (channel_sum(x / np.where(largest == 0, 1, largest)) / m)
    centered = rows - fit(mean, rows)
    return mean, channel_dot(centered.reshape(x.shape), centered) / m, centered


def _of_huge(centered: np.ndarray, eps: np.floating) -> tuple[np.ndarray, np.ndarray]:
    """inv_std and var where squares overflow (in float32, those of numbers beyond 1e19): divide by the largest first.

    The variance itself may be beyond the dtype; then a quarter of the dtype's largest number is given in its place.
    """
    largest = np.abs(centered).max(axis=0)
    std = largest * np.sqrt(np.square(centered / np.where(largest == 0, 1, largest)).mean(axis=0))
    highest = np.sqrt(np.finfo(std.dtype).max) / 2  # a quarter of the dtype: a correction by m / (m − 1) stays below
    return 1 / np.hypot(std, np.sqrt(eps)), np.square(np.minimum(std, highest))
