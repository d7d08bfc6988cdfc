"""The gates of a trained network as numbers: collected over many images, then summed up by class and channel.

Floor 4. A gate is a function of the image, so "the learned weight of a channel" is a distribution. Everything here
keeps the spread beside the mean.
"""

from typing import NamedTuple

import numpy as np

from ..compose import image_gates, se_caches
from ..data.augment import Normaliser
from ..layers import Layer
from ..training.evaluate import batches
from ..tree import Tree


def collect_gates(
    net: Layer, params: Tree, state: Tree, images: np.ndarray, normaliser: Normaliser
) -> dict[str, np.ndarray]:
    """Compute the gates of every SE block for every image.

    Args:
        net, params, state: the network.
        images: (n, H, W, 3) uint8.
        normaliser: that of the training images.

    Returns:
        {path of the block: gates (n, C) float32, dimensionless}; empty for a net without SE.

    Source: s of Hu et al. 2019, Eq. 3.
    """
    gates: dict[str, list[np.ndarray]] = {}
    for _, _, cache in batches(net, params, state, images, normaliser):
        for path, block in se_caches(cache).items():
            gates.setdefault(path, []).append(image_gates(block))
    return {path: np.concatenate(parts) for path, parts in gates.items()}


class GateStatistics(NamedTuple):
    """Mean and spread of one block's gates."""

    mean: np.ndarray  # (classes, C) over the images of each class
    sd: np.ndarray  # (classes, C) standard deviation between the images of each class
    overall_mean: np.ndarray  # (C,) over all images
    overall_sd: np.ndarray  # (C,)


def summarise(gates: np.ndarray, labels: np.ndarray, classes: int) -> GateStatistics:
    """Mean and standard deviation of each channel's gate, for every class and for all images.

    Args:
        gates: (n, C), dimensionless.
        labels: (n,) the images' true classes.
        classes: how many classes there are.

    Returns:
        The statistics, in float64; NaN for a class that has no image.
    """
    wide = gates.astype(np.float64)
    mean, sd = np.full((2, classes, wide.shape[1]), np.nan)
    for k in np.unique(labels):
        mean[k], sd[k] = wide[labels == k].mean(axis=0), wide[labels == k].std(axis=0)
    return GateStatistics(mean, sd, wide.mean(axis=0), wide.std(axis=0))
