"""Exercises of notebook 7: batch norm, max pooling, cross-entropy."""

from typing import Any

import numpy as np

from .. import ops
from ..grading.marks import Answer, Wrong, draw, expect_gradients, require, with_cache
from .checking import exercise

LABEL, TARGET = 3, np.where(np.arange(10) == 3, 0.91, 0.01)  # of exercise 7.4: α = 0.1, ten classes
SMALLEST = float(-(TARGET * np.log(TARGET)).sum())


@exercise("7.1")
def short_batch_norm(short_dx: Answer) -> str:
    """dx of batch norm from x̂, inv_std, γ and dy alone."""
    for shape in ((6, 3), (2, 3, 4, 5)):
        args = draw(1, x=shape, gamma=shape[-1], beta=shape[-1], dy=shape)
        dy = args["dy"]
        _, cache = ops.batch_norm_forward(args["x"], args["gamma"], args["beta"])
        right, _, _ = ops.batch_norm_backward(dy, cache)
        found = short_dx(dy.copy(), cache.x_hat.copy(), cache.inv_std.copy(), cache.gamma.copy())
        require(found is not None, "dx is None: does the function return it?")
        dx = np.asarray(found, np.float64)
        require(dx.shape == shape, f"dx has shape {dx.shape}, expected {shape}")
        _look_at_dx(dx, right, cache, f"for dy of shape {shape} ")
    return "dx is γ·inv_std times dy without its mean and without its part along x̂: what moves no y is taken out."


def _look_at_dx(dx: np.ndarray, right: np.ndarray, cache: Any, given: str) -> None:
    """Say which property of dx is missing."""
    if np.allclose(dx, right, rtol=1e-6, atol=1e-9 * np.abs(right).max()):
        return
    axes = tuple(range(dx.ndim - 1))
    per_channel = np.abs(dx).sum(axis=axes)
    total, along = dx.sum(axis=axes), (dx * cache.x_hat).sum(axis=axes)
    if (np.abs(total) > 1e-6 * per_channel).any():
        reason = "A number that is added to all x of a channel changes no y"
        raise Wrong(f"{given}dx adds up to {total[0]:.3g} in channel 0. {reason}, so it must add up to 0")
    if (np.abs(along) > 1e-3 * per_channel).any():
        reason = "A factor on all x of a channel changes no y"
        raise Wrong(f"{given}Σ dx·x̂ is {along[0]:.3g} in channel 0. {reason}, so it must be nearly 0")
    ratio = (dx * right).sum(axis=axes) / (right * right).sum(axis=axes)
    if np.allclose(dx, ratio * right, rtol=1e-6, atol=1e-9):
        raise Wrong(f"{given}dx has the right pattern, but in channel 0 it is {ratio[0]:.4g} times what it should be")
    raise Wrong(f"{given}dx is wrong by up to {np.abs(dx - right).max():.3g}")


@exercise("7.2")
def layer_norm(forward: Answer, backward: Answer) -> str:
    """Mean and variance over the channels of each image."""
    x = np.array([[1.0, 1, 3, 3], [10, 30, 30, 10], [2, 0, 0, 2]])
    gamma, beta = np.array([1.0, 2, 1, 1]), np.array([0.0, 0, 0, 5])
    result = with_cache("layer_norm_forward", forward)(x.copy(), gamma.copy(), beta.copy())
    y = np.asarray(result[0], np.float64)
    require(y.shape == x.shape, f"y has shape {y.shape}, expected that of x, {x.shape}")
    alone = np.asarray(forward(x[:1].copy(), gamma, beta)[0])
    require(np.allclose(alone[0], y[0]), "an image's result depends on its neighbors: over which axis is the mean?")
    right = gamma * (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5) + beta
    if np.allclose(y - beta, (right - beta) * np.sqrt(3 / 4), rtol=1e-3):
        raise Wrong("the variance divides by C − 1. Here it is the mean of the squares: divide by C")
    numbers = f"for x = 1, 1, 3, 3 with γ = 1, 2, 1, 1 and β = 0, 0, 0, 5 y is {np.round(y[0], 3).tolist()}"
    require(np.allclose(y, right, rtol=1e-3, atol=1e-4), f"{numbers}. What are the mean and the variance of this x?")
    expect_gradients(forward, backward, draw(2, x=(3, 5), gamma=5, beta=5))
    return "Each image has its own mean and variance, so training and evaluation compute the same."


@exercise("7.3")
def revealing_input(x_revealing: Any) -> str:
    """An x for which comparing values is no way back through a maximum."""
    x = np.asarray(x_revealing, np.float64)
    require(x.size == 16, f"x_revealing has shape {x.shape}, expected (1, 4, 4, 1)")
    require(np.isfinite(x).all(), "x_revealing must be made of finite numbers")
    windows = x.reshape(2, 2, 2, 2)  # (rows of windows, p, columns of windows, q)
    times = (windows == windows.max(axis=(1, 3), keepdims=True)).sum(axis=(1, 3))
    once = "with this x each of the four windows hands its dy on exactly once, so the sum of dx is that of dy"
    require((times != 1).any(), f"{once}. Which x did random numbers never give?")
    return (
        "At a tie every pixel that equals the maximum gets all of dy. After a ReLU, windows of four zeros are common."
    )


@exercise("7.4")
def smallest_loss(best_logits: Any, smallest_loss: Any) -> str:
    """Where the loss with label smoothing is smallest, and how small."""
    logits = np.asarray(best_logits, np.float64).ravel()
    require(logits.size == 10, f"best_logits has {logits.size} numbers, expected 10: one per class")
    require(np.isfinite(logits).all(), "some logits are not finite. With a target above 0, no share may become 0")
    p = np.exp(logits - logits.max())
    p /= p.sum()
    share = f"these logits give the right class a share of {p[LABEL]:.3f}, where dlogits is {p[LABEL] - 0.91:.3f}"
    same = np.allclose(np.delete(p, LABEL), np.delete(p, LABEL)[0], rtol=2e-2)
    require(same, "these logits give some wrong classes more than others. Their targets are equal")
    require(abs(p[LABEL] - 0.91) < 2e-3, f"{share}. At the smallest loss it is 0")
    loss = float(smallest_loss)
    known = {
        0.0: "0 would need a share of 1 for the right class. What do the other classes' terms then become?",
        float(-np.log(0.91)): "this is −log of the right class's share alone. The other nine classes have a target too",
        float(np.log(10)): "this is the loss for ten equal logits",
        SMALLEST / np.log(2): "this is the loss with a logarithm of base 2; log is the natural logarithm",
        -SMALLEST: "the sign is wrong: −log p is never negative",
    }
    for number, words in known.items():
        require(abs(loss - number) > 6e-4, f"smallest_loss is {loss:.4g}: {words}")
    require(
        abs(loss - SMALLEST) < 6e-4, f"the logits are right, but their loss is not {loss:.4g}: put p into the formula"
    )
    return "At p = t the gradient is 0. The loss stays above 0, and no logit has to grow without limit."
