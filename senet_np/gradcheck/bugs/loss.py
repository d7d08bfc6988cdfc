"""Planted mistakes in softmax_cross_entropy; its cache holds the probabilities p (N, K) and the labels (N,)."""

import numpy as np

from .registry import Mistake, planter

MISTAKES: list[Mistake] = []
mistake = planter(MISTAKES)


@mistake(
    "softmax_cross_entropy",
    "right class not subtracted",
    cause="simplest term of a sum forgotten",
    why="All the work goes into log Σ e^l, whose derivative is p, and the loss's other term, the right class's own "
    "logit, looks too simple to matter.",
)
def _forgets_the_label(dloss, cache):
    p, labels = cache
    return p * dloss / len(labels)


@mistake(
    "softmax_cross_entropy",
    "sign flipped",
    cause="sign",
    why="Maximum likelihood climbs with onehot − p, and the minus in front of the logarithm that turns this into a "
    "loss is forgotten.",
)
def _climbs(dloss, cache):
    p, labels = cache
    onehot = np.eye(p.shape[1])[labels]
    return (onehot - p) * dloss / len(labels)


@mistake(
    "softmax_cross_entropy",
    "labels counted from 1",
    cause="labels off by one",
    why="The data set's page numbers its classes from 1, so 1 is subtracted from labels that start at 0 already, and "
    "−1 is a valid index.",
)
def _counts_from_one(dloss, cache):
    p, labels = cache
    n = len(labels)
    dlogits = p.copy()
    dlogits[np.arange(n), labels - 1] -= 1
    return dlogits * dloss / n


@mistake(
    "softmax_cross_entropy",
    "dloss ignored",
    cause="upstream gradient ignored",
    why="The loss is the end of the chain, where dloss is 1, so the argument is taken for a formality.",
)
def _ignores_dloss(dloss, cache):
    p, labels = cache
    n = len(labels)
    dlogits = p.copy()
    dlogits[np.arange(n), labels] -= 1
    return dlogits / n


@mistake(
    "softmax_cross_entropy",
    "columns in place of elements",
    cause="slice in place of paired indices",
    why="[:, labels] reads like “in each row at its label”, but NumPy takes the columns of all labels in every row.",
)
def _indexes_columns(dloss, cache):
    p, labels = cache
    dlogits = p.copy()
    dlogits[:, labels] -= 1
    return dlogits * dloss / len(labels)


@mistake(
    "softmax_cross_entropy",
    "softmax differentiated element by element",
    cause="diagonal taken for the whole Jacobian",
    why="The sigmoid's p(1 − p) is used for softmax, as if a probability depended on its own logit alone and not on "
    "all of its row.",
)
def _uses_the_diagonal(dloss, cache):
    p, labels = cache
    n = len(labels)
    dp = np.zeros_like(p)
    dp[np.arange(n), labels] = -dloss / (n * p[np.arange(n), labels])
    return dp * p * (1 - p)
