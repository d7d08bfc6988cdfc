"""Batch normalisation: give each channel mean 0 and variance 1 over the batch, then a learned scale and shift.

Floor 1. In training the statistics come from the batch itself, so every image's gradient depends on every other's.
In evaluation they are constants, and the op is a mere scale and shift.
"""

from typing import NamedTuple

import numpy as np

from .arguments import check_array


class BatchNormCache(NamedTuple):
    """What batch norm remembers."""

    x_hat: np.ndarray  # the normalised input: for dgamma, and for the variance's part of dx
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
    """Normalise each channel, then scale by gamma and shift by beta.

    x̂ = (x − mean) / √(var + eps),    y = gamma · x̂ + beta
    mean[c] = (1/m) Σ x[…,c],    var[c] = (1/m) Σ (x[…,c] − mean[c])²      over all m = N·H·W positions

    Args:
        x: (N, H, W, C) or (N, C), float32 or float64.
        gamma, beta: scale and shift, (C,), dtype of x.
        mean, var: None to take them from x (training); or both given as constants, (C,), dtype of x (evaluation).
        eps: keeps the division finite where a channel is constant, in squared units of x.

    Returns:
        y: shape and dtype of x.
        cache: what the backward pass needs, and the statistics that were used.

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

    if mean is None or var is None:
        batch, (mean, var) = True, _mean_and_var(x)
    else:
        batch = False
    inv_std = 1 / np.sqrt(var + x.dtype.type(eps))
    x_hat = (x - mean) * inv_std
    y = x_hat * gamma
    y += beta
    return y, BatchNormCache(x_hat, inv_std, gamma, batch, mean, var)


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
    x_hat, inv_std, gamma, batch, _, _ = cache
    check_array("dy", dy, x_hat.shape, x_hat.dtype)
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    scale = gamma * inv_std
    if not batch:
        return dy * scale, dgamma, dbeta
    m = dy.size // dy.shape[-1]
    dx = (dy - dbeta / m - x_hat * (dgamma / m)) * scale
    return dx, dgamma, dbeta


def _mean_and_var(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axis=axes)
    centred = x - mean  # two passes: E[x²] − E[x]² would cancel catastrophically in float32
    return mean, (centred * centred).mean(axis=axes)
