"""Exercises of notebook 7: batch norm, max pooling, cross-entropy."""

from typing import Any

import numpy as np

from .. import ops
from ..grading.marks import Answer, Array, Wrong, draw, expect_gradients, require, with_cache
from . import reading
from .checking import exercise

EPS = 1e-5  # of batch norm and layer norm
LABEL, TARGET = 3, np.where(np.arange(10) == 3, 0.91, 0.01)  # of exercise 7.4: α = 0.1, ten classes
SMALLEST = float(-(TARGET * np.log(TARGET)).sum())


@exercise("7.1")
def short_batch_norm(short_dx: Answer) -> str:
    """dx of batch norm from x̂, inv_std, γ and dy alone."""
    require(callable(short_dx), "short_dx is no function: give its name, without parentheses")
    for shape in ((7, 5), (5, 3, 7, 11)):
        args = draw(1, x=shape, gamma=shape[-1], beta=shape[-1], dy=shape)
        dy = args["dy"]
        _, cache = ops.batch_norm_forward(args["x"], args["gamma"], args["beta"])
        right, _, _ = ops.batch_norm_backward(dy, cache)
        found = short_dx(dy.copy(), cache.x_hat.copy(), cache.inv_std.copy(), cache.gamma.copy())
        require(found is not None, "dx is None: does the function return it?")
        dx = reading.numbers(found[0] if isinstance(found, (tuple, list)) and len(found) == 1 else found, "dx", shape)
        _look_at_dx(dx, right, cache, f"for dy of shape {shape} ")
    return "dx is γ·inv_std times dy without its mean and without its part along x̂: what moves no y is taken out."


def _look_at_dx(dx: Array, right: Array, cache: Any, given: str) -> None:
    """Say which property of dx is missing."""
    if np.allclose(dx, right, rtol=1e-6, atol=1e-6 * np.abs(right).max()):
        return
    require(dx.any(), f"{given}dx is 0 everywhere, and this dy is random")
    axes = tuple(range(dx.ndim - 1))
    per_channel = np.abs(dx).sum(axis=axes)
    total, along = dx.sum(axis=axes), (dx * cache.x_hat).sum(axis=axes)
    worst = int((np.abs(total) / np.maximum(per_channel, 1e-30)).argmax())
    if abs(total[worst]) > 1e-5 * per_channel[worst]:
        reason = "A number that is added to all x of a channel changes no y"
        raise Wrong(f"{given}dx adds up to {total[worst]:.3g} in channel {worst}. {reason}, so it must add up to 0")
    worst = int((np.abs(along) / np.maximum(per_channel, 1e-30)).argmax())
    if abs(along[worst]) > 1e-3 * per_channel[worst]:
        reason = "A factor on all x of a channel changes no y"
        raise Wrong(f"{given}Σ dx·x̂ is {along[worst]:.3g} in channel {worst}. {reason}, so it must be nearly 0")
    ratio = (dx * right).sum(axis=axes) / (right * right).sum(axis=axes)
    if np.allclose(dx, ratio * right, rtol=1e-5, atol=1e-5 * np.abs(dx).max()):
        worst = int(np.abs(ratio - 1).argmax())
        factor = f"in channel {worst} it is {ratio[worst]:.4g} times what it should be"
        raise Wrong(f"{given}dx has the right pattern, but {factor}")
    raise Wrong(f"{given}dx is wrong by up to {np.abs(dx - right).max():.3g}")


@exercise("7.2")
def layer_norm(layer_norm_forward: Answer, layer_norm_backward: Answer) -> str:
    """Mean and variance over the channels of each image."""
    for name, answer in (("layer_norm_forward", layer_norm_forward), ("layer_norm_backward", layer_norm_backward)):
        require(callable(answer), f"{name} is no function: give its name, without parentheses")
    forward = with_cache("layer_norm_forward", layer_norm_forward)
    x = np.array([[1.0, 1, 3, 3], [10, 30, 30, 10], [2, 0, 0, 2], [0, 0.004, 0.004, 0]])
    gamma, beta = np.array([1.0, 2, 1, 1]), np.array([0.0, 0, 0, 5])
    y = reading.numbers(forward(x.copy(), gamma.copy(), beta.copy())[0], "y", x.shape)
    alone = reading.numbers(forward(x[:1].copy(), gamma.copy(), beta.copy())[0], "y", (1, 4))
    require(np.allclose(alone[0], y[0]), "an image's result depends on its neighbors: over which axis is the mean?")
    centered, var = x - x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    right = gamma * centered / np.sqrt(var + EPS) + beta
    unbiased = np.allclose((y - beta)[:3], (right - beta)[:3] * np.sqrt(3 / 4), rtol=1e-3)
    require(not unbiased, "the variance divides by C − 1. Here it is the mean of the squares: divide by C")
    numbers = f"for x = 1, 1, 3, 3 with γ = 1, 2, 1, 1 and β = 0, 0, 0, 5 y is {np.round(y[0], 3).tolist()}"
    near = np.allclose(y[:3], right[:3], rtol=2e-3, atol=1e-2)
    require(near, f"{numbers}. What are the mean and the variance of this x?")
    small = f"for x = 0, 0.004, 0.004, 0, whose variance is {var[3, 0]:.0e}, y[0] is {y[3, 0]:.4g}"
    outside = np.allclose(y[3], (gamma * centered / (np.sqrt(var) + EPS) + beta)[3], rtol=1e-5)
    require(not outside, f"{small}. ε is added to the root here. It belongs under the root, to the variance")
    require(np.allclose(y, right, rtol=1e-6), f"{small}. Which ε does this take, and where does it stand?")
    expect_gradients(forward, layer_norm_backward, draw(2, x=(3, 5), gamma=5, beta=5))
    return "Each image has its own mean and variance, so training and evaluation compute the same."


@exercise("7.3")
def revealing_input(x_revealing: Any) -> str:
    """An x for which comparing values is no way back through a maximum."""
    x = reading.numbers(x_revealing, "x_revealing", (1, 4, 4, 1), (4, 4))
    windows = x.reshape(2, 2, 2, 2)  # (rows of windows, p, columns of windows, q)
    times = (windows == windows.max(axis=(1, 3), keepdims=True)).sum(axis=(1, 3))
    once = "with this x_revealing each of the four windows hands its dy on exactly once, so the sum of dx is that of dy"
    require((times != 1).any(), f"{once}. Which x did random numbers never give?")
    return (
        "At a tie every pixel that equals the maximum gets all of dy. After a ReLU, windows of four zeros are common."
    )


@exercise("7.4")
def label_smoothing(best_logits: Any, smallest_loss: Any) -> str:
    """Where the loss with label smoothing is smallest, and how small."""
    logits = reading.numbers(best_logits, "best_logits", (10,), (1, 10)).ravel()
    p = np.exp(logits - logits.max())
    p /= p.sum()
    same = np.allclose(np.delete(p, LABEL), np.delete(p, LABEL)[0], rtol=2e-2)
    require(same, "best_logits gives some wrong classes more than others. Their targets are equal")
    share = f"best_logits gives the right class a share of {p[LABEL]:.3f}, where dlogits is {p[LABEL] - 0.91:.3f}"
    require(abs(p[LABEL] - 0.91) < 5e-3, f"{share}. At the smallest loss it is 0")
    loss = reading.number(smallest_loss, "smallest_loss")
    known = {
        0.0: "0 would need a share of 1 for the right class. What do the other classes' terms then become?",
        float(-np.log(0.91)): "this is −log of the right class's share alone. The other nine classes have a target too",
        float(np.log(10)): "this is the loss for ten equal logits",
        SMALLEST / np.log(2): "this is the loss with a logarithm of base 2; log is the natural logarithm",
        -SMALLEST: "the sign is wrong: −log p is never negative",
    }
    for number, words in known.items():
        require(not np.isclose(loss, number, rtol=0.01, atol=1e-3), f"smallest_loss is {loss:.4g}: {words}")
    near = np.isclose(loss, SMALLEST, rtol=0.01)
    require(near, f"best_logits is right, but smallest_loss is not: it is {loss:.4g}. Put p into the formula")
    return "At p = t the gradient is 0. The loss stays above 0, and no logit has to grow without limit."
