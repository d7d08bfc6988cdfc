"""The gates of a trained network as numbers: collected over many images, then summarized by class and channel.

A gate is a function of the image, so "the learned weight of a channel" is a distribution. Everything here
keeps the spread beside the mean.
"""

from typing import NamedTuple

import numpy as np

from ..fast.workers import Workers
from ..model import Activations, Model, batches

MAX_ALONE = 0.05  # of the images: so many may be the only ones of their class, where spread within classes is told
BINS = 20  # of a histogram: a sigmoid gate's are 0.05 wide


def collect(model: Model, images: np.ndarray, workers: Workers) -> Activations:
    """Record every block's gates (n, C) and hidden units (n, C/r) for images (n, H, W, 3) uint8.

    Everything else is too large to keep. Both are empty for a net without SE.

    Source: s and δ(W₁z) of Hu et al. 2019, Eq. 3.
    """
    pieces = [images[piece] for piece in batches(images)]
    parts = zip(*workers.map(_collect, (model,), pieces), strict=True)
    gates, hidden = ({path: np.concatenate([p[path] for p in part]) for path in part[0]} for part in parts)
    return Activations({}, {}, gates, hidden)


def _collect(model: Model, images: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    _, activations = model.run(images, record=True)
    return activations.gates, activations.hidden


def gate_limits(gate: str, gates: dict[str, np.ndarray]) -> tuple[float, float]:
    """The range of the gates: that of the sigmoid or the tanh, up to the largest of all gates (n, C) for ReLU."""
    largest = max((float(s.max()) for s in gates.values()), default=1.0)
    return {"sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, largest or 1.0)}[gate]


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
    def spread_known(self) -> bool:
        """Whether hardly an image is the only one of its class: of one alone there is no spread."""
        return bool((self.images == 1).sum() <= MAX_ALONE * self.images.sum())

    @property
    def within(self) -> np.ndarray:
        """(C,) standard deviation between the images of a class: the root of the mean variance."""
        return np.sqrt(self.weights @ np.nan_to_num(self.sd) ** 2)

    @property
    def overall_sd(self) -> np.ndarray:
        """(C,) over all images: by the law of total variance, between² + within²."""
        return np.hypot(self.between, self.within)

    @property
    def histogram(self) -> np.ndarray:
        """(BINS,) the share of all the block's gates in each bin."""
        counts = self.counts.sum(axis=(0, 1))
        return counts / counts.sum()


def summarize(
    gates: np.ndarray, labels: np.ndarray, classes: int, limits: tuple[float, float] = (0.0, 1.0)
) -> GateStatistics:
    """Compute mean, standard deviation and histogram of each channel's gate (n, C) for each of K classes, in float64.

    `labels` (n,) are the images' true classes, `limits` the range of the histogram.
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
