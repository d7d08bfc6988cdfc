"""Augmentation and the order of an epoch, all drawn at once from (seed, epoch).

Nothing depends on how far an epoch has come, so a run that was stopped within one goes on exactly as it would have.
"""

from typing import NamedTuple

import numpy as np

FIRST_FLIPS = 1  # marks the generator that draws which images are mirrored first, where flips alternate


class Augmentation(NamedTuple):
    """How training images are varied."""

    flip: str = "random"  # each image mirrored or not, drawn anew every epoch; "alternating": drawn once, then in turns
    shift: int = 4  # pixels that an image may be shifted by, each way
    border: str = "black"  # what comes in from outside; "reflect": the image itself, mirrored at its edge


class EpochPlan(NamedTuple):
    """What happens to each image of the training set in one epoch."""

    order: np.ndarray  # (n,) a permutation: the images in the order in which they come
    how: Augmentation | None = None  # None where nothing is augmented, and then nor is there what follows
    flips: np.ndarray | None = None  # (n,) bool: mirrored left to right
    shifts: np.ndarray | None = None  # (n, 2) rows and columns, 0 to 2·shift: where the crop begins in the padded image


def plan_epoch(n: int, seed: int, epoch: int, how: Augmentation | None) -> EpochPlan:
    """Draw an epoch's order of n images, and how each is augmented: the same for the same arguments.

    Where flips alternate, an image that was mirrored in one epoch is not in the next: each pair of epochs shows both
    sides of every image, which by chance happens to half of them only.

    Source: alternating flip, Jordan 2024.
    """
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(n)
    if how is None:
        return EpochPlan(order)
    flips = rng.random(n) < 0.5
    if how.flip == "alternating":
        first = np.random.default_rng([seed, 0, FIRST_FLIPS]).random(n) < 0.5
        flips = first ^ (epoch % 2 == 1)
    return EpochPlan(order, how, flips, rng.integers(0, 2 * how.shift + 1, size=(n, 2)))


def take_batch(images: np.ndarray, plan: EpochPlan, start: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Take one minibatch of an epoch, from `start` on in its order, augmented as planned: flip, pad, crop.

    Of the training images (n, H, W, 3) uint8 it returns the batch (size, H, W, 3) uint8 and its indices (size,).
    """
    index = plan.order[start : start + size]
    batch = images[index]
    if plan.how is None or plan.flips is None or plan.shifts is None:
        return batch, index
    _, height, width, _ = batch.shape
    pad, mode = (plan.how.shift, plan.how.shift), "reflect" if plan.how.border == "reflect" else "constant"
    padded = np.pad(batch, ((0, 0), pad, pad, (0, 0)), mode)
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
