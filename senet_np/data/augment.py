"""Augmentation and the order of an epoch, all drawn at once from (seed, epoch).

Nothing depends on how far an epoch has come, so a run that was stopped within one goes on exactly as it would have.
"""

from typing import NamedTuple

import numpy as np

PAD = 4  # pixels a crop may be shifted by, each way


class EpochPlan(NamedTuple):
    """What happens to each image of the training set in one epoch."""

    order: np.ndarray  # (n,) a permutation: the images in the order in which they come
    flips: np.ndarray | None  # (n,) bool: mirrored left to right; None where nothing is augmented
    shifts: np.ndarray | None  # (n, 2) rows and columns, 0 to 2·PAD: where the crop begins in the padded image


def plan_epoch(n: int, seed: int, epoch: int, augment: bool) -> EpochPlan:
    """Draw an epoch's order of n images, and with `augment` flips and shifts: the same for the same arguments."""
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(n)
    if not augment:
        return EpochPlan(order, None, None)
    return EpochPlan(order, rng.random(n) < 0.5, rng.integers(0, 2 * PAD + 1, size=(n, 2)))


def take_batch(images: np.ndarray, plan: EpochPlan, start: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Take one minibatch of an epoch, from `start` on in its order, augmented as planned: flip, pad with black, crop.

    Of the training images (n, H, W, 3) uint8 it returns the batch (size, H, W, 3) uint8 and its indices (size,).
    """
    index = plan.order[start : start + size]
    batch = images[index]
    if plan.flips is None or plan.shifts is None:
        return batch, index
    _, height, width, _ = batch.shape
    padded = np.pad(batch, ((0, 0), (PAD, PAD), (PAD, PAD), (0, 0)))
    rows = plan.shifts[index, :1] + np.arange(height)  # (size, H) where each row of the crop comes from
    cols = plan.shifts[index, 1:] + np.arange(width)
    cols = np.where(plan.flips[index, None], cols[:, ::-1], cols)
    return padded[np.arange(len(index))[:, None, None], rows[:, :, None], cols[:, None, :]], index


class Normalizer(NamedTuple):
    """Maps pixels to the net's input: each color with mean 0 and standard deviation 1 over the training images."""

    mean: np.ndarray  # (3,) float32, pixel values 0 to 255
    std: np.ndarray  # (3,) float32, pixel values

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """(uint8 − mean) / std, as float32."""
        return (images.astype(np.float32) - self.mean) / self.std


def fit_normalizer(images: np.ndarray) -> Normalizer:
    """Measure mean and standard deviation of each color over the training images, (n, H, W, 3) uint8."""
    counts = np.stack([np.bincount(images[..., c].ravel(), minlength=256) for c in range(3)])  # exact, and small
    values, n = np.arange(256), counts.sum(axis=1)
    mean = counts @ values / n
    std = np.sqrt(counts @ values**2 / n - mean**2)
    return Normalizer(mean.astype(np.float32), np.maximum(std, 1).astype(np.float32))
