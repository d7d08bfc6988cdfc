"""The hidden units of the SE blocks, of which all gates are made: which of them speak for which class."""

from typing import NamedTuple

import numpy as np

SPEAKS = 2.0  # a unit speaks for a class where its mean there is this many times that over all images


class HiddenStatistics(NamedTuple):
    """One block's hidden units, by class."""

    images: np.ndarray  # (K,) how many of each class
    mean: np.ndarray  # (K, h) over the images of each class; NaN for a class that has no image
    awake: np.ndarray  # (K, h) share of the class's images in which the unit is above 0

    @property
    def overall_awake(self) -> np.ndarray:
        """(h,) share of all images in which the unit is above 0."""
        return self.images / self.images.sum() @ np.nan_to_num(self.awake)

    @property
    def overall_mean(self) -> np.ndarray:
        """(h,) over all images."""
        return self.images / self.images.sum() @ np.nan_to_num(self.mean)

    @property
    def dead(self) -> np.ndarray:
        """(h,) whether the unit is 0 in every image: it tells no gate anything."""
        return self.overall_awake == 0

    @property
    def favorite(self) -> np.ndarray:
        """(h,) the class of the largest mean."""
        return np.nan_to_num(self.mean).argmax(axis=0)

    @property
    def speaks(self) -> np.ndarray:
        """(h,) whether the unit's mean in its favorite class is at least SPEAKS times that over all images."""
        return (np.nan_to_num(self.mean).max(axis=0) >= SPEAKS * self.overall_mean) & ~self.dead


def summarize_hidden(hidden: np.ndarray, labels: np.ndarray, classes: int) -> HiddenStatistics:
    """Mean of each hidden unit, and how often it is above 0, for every class.

    Args:
        hidden: (n, h), not negative.
        labels: (n,) the images' true classes.
        classes: K, how many classes there are.

    Returns:
        The statistics, in float64.
    """
    mean, awake = np.full((2, classes, hidden.shape[1]), np.nan)
    for k in np.unique(labels):
        mean[k], awake[k] = hidden[labels == k].mean(axis=0, dtype=np.float64), (hidden[labels == k] > 0).mean(axis=0)
    return HiddenStatistics(np.bincount(labels, minlength=classes), mean, awake)
