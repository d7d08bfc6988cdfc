"""Evaluation: loss and accuracy of a model on one split, with running statistics and no augmentation."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..data.dataset import Split
from ..fast.workers import Workers
from ..model import Model, Result, batches
from ..ops import softmax_cross_entropy_forward


@dataclass(frozen=True)
class Score(Result):
    """How a model did on a split: `correct` of `n` images, and the loss."""

    loss: float  # mean cross-entropy, nats


def evaluate(model: Model, split: Split, workers: Workers, tta: bool = False) -> Score:
    """Classify every image of a split, one batch per worker; the number of workers affects speed only.

    With `tta` (test-time augmentation) logits are averaged over six views of each image: see `views`.
    """
    n = len(split.labels)
    images, labels = ([array[piece] for piece in batches(split.images)] for array in split)
    losses, correct = zip(*workers.map(_score, (model, tta), images, labels), strict=True)
    return Score(sum(correct), n, sum(losses) / n)


def views(images: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    """Each image as it is, and shifted by a pixel up and left, down and right; each of the three also mirrored.

    Args:
        images: (N, H, W, 3).

    Yields:
        (weight, images) six times; weights add up to 1, and what is not shifted has half of it.

    Source: the weights of Jordan 2024.
    """
    _, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    for offset, weight in ((1, 1 / 4), (0, 1 / 8), (2, 1 / 8)):
        view = padded[:, offset : offset + height, offset : offset + width]
        yield weight, view
        yield weight, view[:, :, ::-1]


def _score(model: Model, tta: bool, images: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
    """The loss, summed up, and the number of correct predictions of one batch."""
    logits = sum(weight * model.run(view) for weight, view in views(images)) if tta else model.run(images)
    loss, _ = softmax_cross_entropy_forward(np.asarray(logits), labels)
    return float(loss) * len(labels), int((np.asarray(logits).argmax(axis=1) == labels).sum())


def result_line(correct: int, n: int, name: str, provenance: str) -> str:
    """The line that ends `train` and `evaluate`: "test accuracy 0.7622 (7622 of 10000, cifar10, official bytes)"."""
    return f"test accuracy {correct / n:.4f} ({correct} of {n}, {name}, {provenance})"
