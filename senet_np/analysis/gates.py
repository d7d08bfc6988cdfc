"""The gates of a trained network as numbers: collected over many images, then summed up by class and channel.

A gate is a function of the image, so "the learned weight of a channel" is a distribution. Everything here
keeps the spread beside the mean.
"""

from typing import NamedTuple

import numpy as np

from ..containers import image_gates, se_caches
from ..data.augment import Normalizer
from ..fast.workers import Workers
from ..layers import Layer
from ..se import SECache
from ..train.evaluation import BATCH
from ..tree import Tree

BINS = 20  # of a histogram: a sigmoid gate's are 0.05 wide


class Look(NamedTuple):
    """What a network did with some images."""

    predicted: np.ndarray  # (n,) int64
    gates: dict[str, np.ndarray]  # {path of the block: (n, C) float32, dimensionless}; empty for a net without SE
    hidden: dict[str, np.ndarray]  # {path of the block: (n, h) float32, not negative}; no entry for an ECA block


def look(net: Layer, params: Tree, state: Tree, images: np.ndarray, normalizer: Normalizer, workers: Workers) -> Look:
    """Classify images, and keep every SE block's gates and hidden units.

    Args:
        net, params, state: the network.
        images: (n, H, W, 3) uint8.
        normalizer: that of the training images.
        workers: who computes.

    Returns:
        What was said, and what was seen on the way.

    Source: s and δ(W₁z) of Hu et al. 2019, Eq. 3.
    """
    pieces = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    predicted, gates, hidden = zip(*workers.map(_look, (net, params, state, normalizer), pieces), strict=True)
    joined = ({path: np.concatenate([p[path] for p in parts]) for path in parts[0]} for parts in (gates, hidden))
    return Look(np.concatenate(predicted), *joined)


def _look(net: Layer, params: Tree, state: Tree, normalizer: Normalizer, images: np.ndarray) -> tuple:
    logits, cache, _ = net.forward(params, state, normalizer(images), False)
    blocks = se_caches(cache)
    hidden = {path: hidden_units(block) for path, block in blocks.items() if isinstance(block, SECache)}
    return logits.argmax(axis=1), {path: image_gates(block) for path, block in blocks.items()}, hidden


def hidden_units(block: SECache) -> np.ndarray:
    """The hidden units of each image, δ(W₁z + b₁).

    Args:
        block: the cache of an SE block, after a forward pass of N images.

    Returns:
        (N, h), not negative: the mean over positions where each position has its own, the sum of both where the
        block squeezed twice (the second FC adds them up just so).
    """
    h: np.ndarray = block.fc2_cache[0]  # what the second FC got
    images = len(block.s)
    if block.squeeze == "avg+max":
        return h[:images] + h[images:]
    return h.reshape(images, -1, h.shape[1]).mean(axis=1)


def gate_limits(gate: str, gates: dict[str, np.ndarray]) -> tuple[float, float]:
    """From where to where gates can go: the sigmoid's and the tanh's range, the largest of all for ReLU.

    Args:
        gate: "sigmoid", "tanh" or "relu".
        gates: {path: (n, C)}.

    Returns:
        The lower and the upper end.
    """
    most = max((float(s.max()) for s in gates.values()), default=1.0)
    return {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, most or 1.0)}[gate]


class GateStatistics(NamedTuple):
    """One block's gates, by class and channel."""

    images: np.ndarray  # (K,) how many of each class
    mean: np.ndarray  # (K, C) over the images of each class; NaN for a class that has no image
    sd: np.ndarray  # (K, C) standard deviation between the images of each class
    counts: np.ndarray  # (K, C, BINS) histogram: how many of the class's images lie in each bin
    limits: tuple[float, float]  # where the first bin begins and the last one ends

    @property
    def weights(self) -> np.ndarray:
        """(K,) each class's share of the images."""
        return self.images / self.images.sum()

    @property
    def overall_mean(self) -> np.ndarray:
        """(C,) over all images."""
        return self.weights @ np.nan_to_num(self.mean)

    @property
    def between(self) -> np.ndarray:
        """(C,) standard deviation between the classes' means."""
        return np.sqrt(self.weights @ np.nan_to_num(self.mean - self.overall_mean) ** 2)

    @property
    def within(self) -> np.ndarray:
        """(C,) standard deviation between the images of a class: the root of the mean variance."""
        return np.sqrt(self.weights @ np.nan_to_num(self.sd) ** 2)

    @property
    def overall_sd(self) -> np.ndarray:
        """(C,) over all images: by the law of total variance, between² + within²."""
        return np.hypot(self.between, self.within)


def summarize(
    gates: np.ndarray, labels: np.ndarray, classes: int, limits: tuple[float, float] = (0.0, 1.0)
) -> GateStatistics:
    """Mean, standard deviation and histogram of each channel's gate, for every class.

    Args:
        gates: (n, C), dimensionless.
        labels: (n,) the images' true classes.
        classes: K, how many classes there are.
        limits: from where to where the histogram goes.

    Returns:
        The statistics, in float64.
    """
    wide, channels = gates.astype(np.float64), gates.shape[1]
    low, high = limits
    mean, sd = np.full((2, classes, channels), np.nan)
    for k in np.unique(labels):
        mean[k], sd[k] = wide[labels == k].mean(axis=0), wide[labels == k].std(axis=0)
    bins = np.clip((wide - low) / (high - low) * BINS, 0, BINS - 1).astype(np.int64)  # 1 belongs to the last bin
    cells = (labels[:, None] * channels + np.arange(channels)) * BINS + bins
    counts = np.bincount(cells.ravel(), minlength=classes * channels * BINS).reshape(classes, channels, BINS)
    return GateStatistics(np.bincount(labels, minlength=classes), mean, sd, counts, limits)
