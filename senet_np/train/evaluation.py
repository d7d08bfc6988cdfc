"""Evaluation: loss and accuracy of a network on one split, with running statistics and no augmentation."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..data.augment import Normalizer
from ..data.dataset import Split
from ..fast.workers import Workers
from ..layers import Layer
from ..ops import softmax_cross_entropy_forward
from ..tree import Tree

BATCH = 250  # fixed: another one would round differently


class Score(NamedTuple):
    """How a network did on a split."""

    loss: float  # mean cross-entropy, nats
    correct: int
    n: int

    @property
    def accuracy(self) -> float:
        """Share of the images that were classified correctly."""
        return self.correct / self.n


def evaluate(net: Layer, params: Tree, state: Tree, split: Split, normalizer: Normalizer, workers: Workers) -> Score:
    """Classify every image of a split.

    Args:
        net, params, state: the network.
        split: the images and their labels.
        normalizer: that of the training images.
        workers: who computes, a batch each; how many they are changes nothing else.

    Returns:
        Mean loss in nats, and how many of how many are right.
    """

    n = len(split.labels)
    starts = range(0, n, BATCH)
    images, labels = ([array[start : start + BATCH] for start in starts] for array in split)
    losses, hits = zip(*workers.map(_score, (net, params, state, normalizer), images, labels), strict=True)
    return Score(sum(losses) / n, sum(hits), n)


def _score(
    net: Layer, params: Tree, state: Tree, normalizer: Normalizer, images: np.ndarray, labels: np.ndarray
) -> tuple[float, int]:
    """Loss, summed up, and hits of one batch."""
    logits, _, _ = net.forward(params, state, normalizer(images), False)
    loss, _ = softmax_cross_entropy_forward(logits, labels)
    return float(loss) * len(labels), int((logits.argmax(axis=1) == labels).sum())


def batches(
    net: Layer, params: Tree, state: Tree, images: np.ndarray, normalizer: Normalizer
) -> Iterator[tuple[int, np.ndarray, Any]]:
    """Run images through a network in evaluation mode, a batch at a time.

    Args:
        net, params, state: the network.
        images: (n, H, W, 3) uint8.
        normalizer: that of the training images.

    Yields:
        (index of the batch's first image, logits (up to BATCH, classes), the network's cache).
    """
    for start in range(0, len(images), BATCH):
        logits, cache, _ = net.forward(params, state, normalizer(images[start : start + BATCH]), False)
        yield start, logits, cache


def result_line(correct: int, n: int, name: str, stamp: str) -> str:
    """The line that ends `train` and `evaluate`: 'test accuracy 0.7622 (7622 of 10000, cifar10, official bytes)'."""
    return f"test accuracy {correct / n:.4f} ({correct} of {n}, {name}, {stamp})"
