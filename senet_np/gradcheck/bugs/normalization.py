"""Planted mistakes in batch_norm, whose x is used three times: directly, in the mean and in the variance."""

# ruff: noqa: RUF059
# Names are unpacked that are not used: to strike them out would give the mistake away.

import numpy as np

from .registry import Mistake, planter

MISTAKES: list[Mistake] = []
mistake = planter(MISTAKES)


@mistake(
    "batch_norm",
    "statistics taken for constants",
    cause="statistics taken for constants",
    why="Once they are computed, mean and var are just numbers in the formula, and it is forgotten that every x had a "
    "say in them.",
)
def _freezes_the_statistics(dy, cache):
    centered, inv_std, gamma, batch, _, _ = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    return dy * gamma * inv_std, dgamma, dbeta


@mistake(
    "batch_norm",
    "constants taken for statistics",
    cause="mode of the forward pass ignored",
    why="Nobody trains in evaluation mode, so its branch is left out, until someone fine-tunes a net with frozen "
    "statistics.",
)
def _ignores_the_mode(dy, cache):
    centered, inv_std, gamma, batch, _, _ = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    m = dy.size // dy.shape[-1]
    dx = (dy - dbeta / m - x_hat * dgamma / m) * gamma * inv_std
    return dx, dgamma, dbeta


@mistake(
    "batch_norm",
    "path through the mean dropped",
    cause="path through the mean dropped",
    why="As Σ (x − mean) = 0, the mean drops out of the variance's derivative, and its direct part is thrown out with "
    "it.",
)
def _drops_the_mean(dy, cache):
    centered, inv_std, gamma, batch, _, _ = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    if not batch:
        return dy * gamma * inv_std, dgamma, dbeta
    m = dy.size // dy.shape[-1]
    dx = (dy - x_hat * dgamma / m) * gamma * inv_std
    return dx, dgamma, dbeta


@mistake(
    "batch_norm",
    "path through the variance dropped",
    cause="path through the variance dropped",
    why="Dividing by the standard deviation looks like a mere change of units, so only the subtracted mean is "
    "differentiated.",
)
def _drops_the_variance(dy, cache):
    centered, inv_std, gamma, batch, _, _ = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    if not batch:
        return dy * gamma * inv_std, dgamma, dbeta
    m = dy.size // dy.shape[-1]
    dx = (dy - dbeta / m) * gamma * inv_std
    return dx, dgamma, dbeta


@mistake(
    "batch_norm",
    "gamma forgotten in dx",
    cause="factor of a later step forgotten",
    why="The derivation starts from ∂L/∂x̂, and in the program dy takes its place, though gamma stands between the two.",
)
def _forgets_gamma(dy, cache):
    centered, inv_std, gamma, batch, _, _ = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    if not batch:
        return dy * inv_std, dgamma, dbeta
    m = dy.size // dy.shape[-1]
    dx = (dy - dbeta / m - x_hat * (dy * x_hat).mean(axis=axes)) * inv_std
    return dx, dgamma, dbeta


@mistake(
    "batch_norm",
    "m counts images only",
    cause="positions left out of the count",
    why="It is called the mean over the batch, so m becomes the number of images, although H·W positions of each took "
    "part.",
)
def _counts_images(dy, cache):
    centered, inv_std, gamma, batch, _, _ = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    if not batch:
        return dy * gamma * inv_std, dgamma, dbeta
    m = dy.shape[0]
    dx = (dy - dbeta / m - x_hat * dgamma / m) * gamma * inv_std
    return dx, dgamma, dbeta


@mistake(
    "batch_norm",
    "m − 1 behind, m in front",
    cause="unbiased variance in one pass only",
    why="The running variance of the big libraries divides by m − 1, so the backward pass does as well, while the "
    "forward pass divides by m.",
)
def _mixes_divisors(dy, cache):
    centered, inv_std, gamma, batch, _, _ = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    if not batch:
        return dy * gamma * inv_std, dgamma, dbeta
    m = dy.size // dy.shape[-1]
    dx = (dy - dbeta / m - x_hat * dgamma / (m - 1)) * gamma * inv_std
    return dx, dgamma, dbeta


@mistake(
    "batch_norm",
    "eps left out of the slope",
    cause="small constant left out",
    why="eps only guards against a division by zero, so it seems to have done its work once the forward pass is "
    "through.",
)
def _leaves_out_eps(dy, cache):
    centered, inv_std, gamma, batch, _, var = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    scale = gamma / np.sqrt(var)
    if not batch:
        return dy * scale, dgamma, dbeta
    m = dy.size // dy.shape[-1]
    dx = (dy - dbeta / m - x_hat * dgamma / m) * scale
    return dx, dgamma, dbeta


@mistake(
    "batch_norm",
    "dbeta returned before dgamma",
    cause="gradients returned in another order",
    why="dbeta is the simpler sum, is computed first and so is returned first, and as both are (C,) nothing complains.",
)
def _returns_in_another_order(dy, cache):
    centered, inv_std, gamma, batch, _, _ = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    if not batch:
        return dy * gamma * inv_std, dbeta, dgamma
    m = dy.size // dy.shape[-1]
    dx = (dy - dbeta / m - x_hat * dgamma / m) * gamma * inv_std
    return dx, dbeta, dgamma


@mistake(
    "batch_norm",
    "the square's 2 lost",
    cause="factor 2 of a square lost",
    why="The 2 of the square and the ½ of the square root cancel, and on paper only one of the two got struck out.",
)
def _loses_the_two(dy, cache):
    centered, inv_std, gamma, batch, _, _ = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    dx_hat = dy * gamma
    if not batch:
        return dx_hat * inv_std, dgamma, dbeta
    m = dy.size // dy.shape[-1]
    centered = x_hat / inv_std
    dvar = (dx_hat * centered).sum(axis=axes) * -0.5 * inv_std**3
    dmean = -(dx_hat * inv_std).sum(axis=axes)
    dx = dx_hat * inv_std + dvar * centered / m + dmean / m
    return dx, dgamma, dbeta


@mistake(
    "batch_norm",
    "inv_std squared, not cubed",
    cause="exponent counted in the wrong variable",
    why="Differentiating var^(−½) lowers the exponent by one, which is read as one more factor inv_std although a "
    "power of var is two of them.",
)
def _squares_inv_std(dy, cache):
    centered, inv_std, gamma, batch, _, _ = cache
    x_hat = centered * inv_std
    axes = tuple(range(dy.ndim - 1))
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    dx_hat = dy * gamma
    if not batch:
        return dx_hat * inv_std, dgamma, dbeta
    m = dy.size // dy.shape[-1]
    centered = x_hat / inv_std
    dvar = (dx_hat * centered).sum(axis=axes) * -0.5 * inv_std**2
    dmean = -(dx_hat * inv_std).sum(axis=axes)
    dx = dx_hat * inv_std + dvar * 2 * centered / m + dmean / m
    return dx, dgamma, dbeta
