"""The hidden units of the SE blocks, from which all gates are made: which of them are selective for a class."""

from typing import NamedTuple

import numpy as np

SELECTIVE_RATIO = 2.0  # a unit is selective if its largest class mean is this many times its mean over all images


class HiddenStatistics(NamedTuple):
    """One block's hidden units, by class."""

    images: np.ndarray  # (K,) how many of each class
    mean: np.ndarray  # (K, C/r) over the images of each class; NaN for a class that has no image
    active: np.ndarray  # (K, C/r) share of the class's images in which the unit is above 0

    @property
    def overall_active(self) -> np.ndarray:
        """(C/r,) share of all images in which the unit is above 0."""
        return self.images / self.images.sum() @ np.nan_to_num(self.active)

    @property
    def overall_mean(self) -> np.ndarray:
        """(C/r,) over all images."""
        return self.images / self.images.sum() @ np.nan_to_num(self.mean)

    @property
    def dead(self) -> np.ndarray:
        """(C/r,) whether the unit is 0 in every image, so that it affects no gate."""
        return self.overall_active == 0

    @property
    def favorite(self) -> np.ndarray:
        """(C/r,) the class of the largest mean."""
        return np.nan_to_num(self.mean).argmax(axis=0)

    @property
    def selective(self) -> np.ndarray:
        """(C/r,) whether the mean in the favorite class is at least SELECTIVE_RATIO times the mean over all images."""
        return (np.nan_to_num(self.mean).max(axis=0) >= SELECTIVE_RATIO * self.overall_mean) & ~self.dead


def summarize_hidden(hidden: np.ndarray, labels: np.ndarray, classes: int) -> HiddenStatistics:
    """Compute the mean of each hidden unit (n, C/r), and how often it is above 0, for each of K classes, in float64."""
    mean, active = np.full((2, classes, hidden.shape[1]), np.nan)
    for k in np.unique(labels):
        mean[k], active[k] = hidden[labels == k].mean(axis=0, dtype=np.float64), (hidden[labels == k] > 0).mean(axis=0)
    return HiddenStatistics(np.bincount(labels, minlength=classes), mean, active)
