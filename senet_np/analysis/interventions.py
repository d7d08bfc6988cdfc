"""Does it matter that gates look at the image? Accuracy with gates that do not, or that look at another one.

A gate that were the same for every image would be no attention: it would fold into the next convolution. So
the gates of one block, or of all, are replaced, and the test images classified again:

    learned                     as trained: every image has its own gates
    ones                        the scale is gone; later layers have never seen such large maps
    mean                        each channel's mean gate over the training images: the same for every image
    mean of the predicted class the class is the network's own guess, from a first pass with the learned gates
    mean of the true class      an oracle: it is told the answer that it is asked for. No fair comparison
    another image, same class   also an oracle, for the same reason
    another image, other class  what misleading gates cost
    shuffled                    each channel's gate from an image of its own: the channel's mean and spread are kept,
                                and what channels say together is lost
"""

from typing import NamedTuple

import numpy as np

from ..data.augment import Normalizer
from ..fast.workers import Workers
from ..layers import Layer
from ..tree import Tree
from .replace import Gates, predict

CONTROLS = (
    "ones", "mean", "mean of the predicted class", "mean of the true class (oracle)",
    "another image, same class (oracle)", "another image, other class", "shuffled",
)  # fmt: skip
ALL = "all blocks"


class Controls(NamedTuple):
    """How many test images were classified correctly, of n."""

    n: int
    learned: int
    correct: dict[str, dict[str, int]]  # by block (or ALL), then by control


def replacements(
    gates: np.ndarray, means: np.ndarray, overall: np.ndarray, labels: np.ndarray, predicted: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """The gates that each control puts in a block's place.

    Args:
        gates: the block's own, of the images to be classified, (n, C).
        means: each class's mean gate over the training images, (classes, C).
        overall: the mean over all training images, (C,).
        labels: the images' true classes, (n,).
        predicted: what the network says with its own gates, (n,).
        seed: which images lend their gates; all blocks of one network have to be given the same.

    Returns:
        {control: (C,) or (n, C)}, in the order of CONTROLS.
    """
    rng = np.random.default_rng(seed)
    same, other = _partners(labels, rng)
    columns = np.stack([rng.permutation(len(gates)) for _ in range(gates.shape[1])], axis=1)
    shuffled = np.take_along_axis(gates, columns, axis=0)
    values = (np.ones_like(overall), overall, means[predicted], means[labels], gates[same], gates[other], shuffled)
    return dict(zip(CONTROLS, values, strict=True))


def measure(
    net: Layer,
    params: Tree,
    state: Tree,
    images: np.ndarray,
    labels: np.ndarray,
    normalizer: Normalizer,
    gates: Gates,
    training: dict[str, tuple[np.ndarray, np.ndarray]],
    workers: Workers,
    seed: int = 0,
) -> Controls:
    """Classify the images once with each control, block by block and in all blocks together.

    Args:
        net, params, state: the network.
        images, labels: what to classify, (n, H, W, 3) uint8 and (n,).
        normalizer: that of the training images.
        gates: every block's own gates of these images, {path: (n, C)}.
        training: every block's class means and overall mean over the training images, {path: ((classes, C), (C,))}.
        workers: who computes.
        seed: for what is drawn.

    Returns:
        The counts.
    """
    given = (net, params, state, images, normalizer, workers)
    predicted = predict(*given)
    new = {path: replacements(s, *training[path], labels, predicted, seed) for path, s in gates.items()}
    places = {path: [path] for path in gates} | ({ALL: [*gates]} if len(gates) > 1 else {})
    correct = {
        place: {
            control: int((predict(*given, {path: new[path][control] for path in paths}) == labels).sum())
            for control in CONTROLS
        }
        for place, paths in places.items()
    }
    return Controls(len(labels), int((predicted == labels).sum()), correct)


def _partners(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """For each image another one of its class, and one of another class; itself where its class has no other.

    Within a class the images stand in a random circle, and each lends its gates to the one before. For the other
    class, all images stand in one circle sorted by class, and lend to the one that is the largest class further on.
    """
    same, n = np.arange(len(labels)), len(labels)
    for k in np.unique(labels):
        circle = rng.permutation(np.flatnonzero(labels == k))
        same[circle] = np.roll(circle, -1)
    mixed = rng.permutation(n)
    circle = mixed[np.argsort(labels[mixed], kind="stable")]
    other = np.empty(n, np.int64)
    other[circle] = np.roll(circle, -int(np.bincount(labels).max()))
    return same, other
