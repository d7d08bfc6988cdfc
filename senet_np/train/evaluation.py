"""Evaluation: loss and accuracy of a model on one split, with running statistics and no augmentation."""

from dataclasses import dataclass

import numpy as np

from ..data.dataset import Split
from ..fast.workers import Workers
from ..model import BATCH, Model, Result
from ..ops import softmax_cross_entropy_forward


@dataclass(frozen=True)
class Score(Result):
    """How a model did on a split: `correct` of `n` images, and the loss."""

    loss: float  # mean cross-entropy, nats


def evaluate(model: Model, split: Split, workers: Workers) -> Score:
    """Classify every image of a split, one batch per worker; the number of workers affects speed only."""
    n = len(split.labels)
    starts = range(0, n, BATCH)
    images, labels = ([array[start : start + BATCH] for start in starts] for array in split)
    losses, correct = zip(*workers.map(_score, (model,), images, labels), strict=True)
    return Score(sum(correct), n, sum(losses) / n)


def _score(model: Model, images: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
    """The loss, summed up, and the number of correct answers of one batch."""
    logits = model.run(images)
    loss, _ = softmax_cross_entropy_forward(logits, labels)
    return float(loss) * len(labels), int((logits.argmax(axis=1) == labels).sum())


def result_line(correct: int, n: int, name: str, provenance: str) -> str:
    """The line that ends `train` and `evaluate`: "test accuracy 0.7622 (7622 of 10000, cifar10, official bytes)"."""
    return f"test accuracy {correct / n:.4f} ({correct} of {n}, {name}, {provenance})"
