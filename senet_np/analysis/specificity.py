"""How much of a gate depends on the channel, how much on the class, and how much on the image: one number per block.

The paper reads from its Figure 6 that gates are generic in early stages and class-specific in late ones. Here
that is a number, so that it can be true or false.
"""

from typing import NamedTuple

import numpy as np

from .gates import GateStatistics

MIN_VARIANCE = 1e-12  # of gates: below it is rounding in float32


class Shares(NamedTuple):
    """Where the variance of a block's gates comes from; the three shares sum to 1."""

    channel: float  # channels differ in their mean gate, whatever the image
    class_: float  # the classes' means of one channel differ
    image: float  # images of one class differ
    variance: float  # what is divided up: the variance of all gates


def variance_shares(stats: GateStatistics) -> Shares:
    """Split the variance of a block's gates over images and channels into three parts.

    Var(s) = Var_c(E[s|c]) + E_c[Var_k(E[s|c,k])] + E_{c,k}[Var(s|c,k)]       c the channel, k the class

    the law of total variance, twice: between channels, between classes of a channel, between images of a class.
    Classes count by their number of images. Where all gates are equal, all shares are 0.
    """
    channel, class_ = float(stats.overall_mean.var()), float((stats.between**2).mean())
    image = float((stats.within**2).mean())
    total = channel + class_ + image
    if total < MIN_VARIANCE:
        return Shares(0.0, 0.0, 0.0, 0.0)
    return Shares(channel / total, class_ / total, image / total, total)


def class_share_interval(gates: np.ndarray, labels: np.ndarray, draws: int = 500, seed: int = 0) -> np.ndarray:
    """A 95 % interval of the class's share over images: how far other images of these classes might move it.

    The images of each class are drawn again with replacement, `draws` times, and the share is computed for each draw
    (bootstrap): 95 % of the shares lie between the two numbers. With few images in a class, the shares of the draws are
    too large, because the classes' means vary more in a draw. So all of them are moved until their mean is the share of
    the images themselves.

    Args:
        gates: (n, C), of one block.
        labels: (n,) the images' classes.
        draws, seed: how often, and of which generator.

    Returns:
        (2,) lowest and highest share, 0 to 1.

    Source: Efron 1979.
    """
    rng, classes = np.random.default_rng(seed), np.unique(labels)
    weights = np.array([np.mean(labels == k) for k in classes])
    means, variances = np.empty((2, len(classes), 1 + draws, gates.shape[1]))
    for k, class_ in enumerate(classes):
        s = gates[labels == class_].astype(np.float64)
        same = np.full(len(s), 1 / len(s))
        drawn = np.vstack([same, rng.multinomial(len(s), same, size=draws) / len(s)])  # (1 + draws, n), rows sum to 1
        means[k] = drawn @ s
        variances[k] = np.maximum(drawn @ s**2 - means[k] ** 2, 0)
    overall = np.tensordot(weights, means, 1)  # (1 + draws, C)
    class_ = np.tensordot(weights, (means - overall) ** 2, 1).mean(axis=1)
    total = overall.var(axis=1) + class_ + np.tensordot(weights, variances, 1).mean(axis=1)
    share, *others = np.where(total < MIN_VARIANCE, 0, class_ / np.maximum(total, MIN_VARIANCE))
    return np.clip(np.quantile(others, (0.025, 0.975)) + share - np.mean(others), 0, 1)


def class_selectivity(means: np.ndarray) -> np.ndarray:
    """Compute how much each channel's gate prefers its favorite class.

    (μ_max − μ_rest) / (μ_max + μ_rest),    μ_rest the mean over all the other classes

    from each class's mean gate (K, C), not negative: (C,), from 0 (all classes alike) to 1 (open for one class alone);
    0 where a gate is shut for all. Classes without images, whose means are NaN, are left out.

    Source: Morcos, Barrett, Rabinowitz, Botvinick 2018.
    """
    means = means[~np.isnan(means).any(axis=1)]
    if len(means) < 2:
        return np.zeros(means.shape[1])  # nothing to compare with
    best = means.max(axis=0)
    rest = (means.sum(axis=0) - best) / (len(means) - 1)
    total = best + rest
    return np.divide(best - rest, total, out=np.zeros_like(total), where=total > 0)
