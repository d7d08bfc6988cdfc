"""What every data set looks like to the rest of the package: three splits of images, and where they come from.

Images stay uint8 in memory (CIFAR-10 is 184 MB so, and 737 MB as float32); the training loop turns one
minibatch at a time into floats.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from .view import SMALL, View


class Split(NamedTuple):
    """Images and their labels."""

    images: np.ndarray  # (n, H, W, 3) uint8, red-green-blue
    labels: np.ndarray  # (n,) int64, 0 to K − 1


@dataclass(frozen=True)
class Dataset:
    """Color images of one size with their classes, in three splits.

    `val` is held out of the training images and may be looked at after every epoch; `test` is looked at once.
    """

    name: str  # "cifar10", "shapes", or the path of a folder
    classes: tuple[str, ...]  # K names, in the order of the labels
    train: Split
    val: Split
    test: Split
    provenance: str  # written on every result: "official bytes", "not the official bytes", "made by NumPy"
    origin: str  # the place that it was read from, or the call that made it
    fingerprint: str  # hex digest of what was read: a resumed run must see the same
    view: View = SMALL  # how images were made to fit, where they had other sizes

    @property
    def all(self) -> Split:
        """The images of all splits, for a network that has not learned from any of them."""
        images, labels = zip(self.train, self.val, self.test, strict=True)
        return Split(np.concatenate(images), np.concatenate(labels))

    def with_first(self, n: int) -> "Dataset":
        """The same with the first n training images only; all of them where n is 0 or there are no more."""
        images, labels = self.train
        return replace(self, train=Split(images[:n], labels[:n])) if n else self
