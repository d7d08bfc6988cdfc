"""Does it matter that gates look at the image? Accuracy with gates that do not, or that look at another one.

A gate that is the same for every image is no attention: it could be folded into the next convolution. So the gates of
one block, or of all, are replaced, and the test images classified again:

    learned                     as trained: every image has its own gates
    ones                        no scaling; later layers have never seen such large maps
    mean                        each channel's mean gate over the training images: the same for every image
    mean of the predicted class the class is the network's own answer, from a first pass with the learned gates
    mean of the true class      an oracle: it is told the right answer. No fair comparison
    another image, same class   also an oracle, for the same reason
    another image, other class  what misleading gates cost
    shuffled                    each channel's gate from a different image: the channel's mean and spread are kept, and
                                what the channels say together is lost
"""

from typing import NamedTuple

import numpy as np

from ..data.dataset import Split
from ..fast.workers import Workers
from ..model import Model
from .gates import MAX_ALONE
from .replace import Gates, predict

INTERVENTIONS = (
    "ones", "mean", "mean of the predicted class", "mean of the true class (oracle)",
    SAME_CLASS := "another image, same class (oracle)", "another image, other class", "shuffled",
)  # fmt: skip
ALL = "all blocks"
SEED = 0  # for the choice of other images


class Interventions(NamedTuple):
    """How many test images were classified correctly, of n."""

    n: int
    learned: int
    correct: dict[str, dict[str, int]]  # by block (or ALL), then by intervention, in their order

    @property
    def names(self) -> list[str]:
        """The interventions that were made."""
        return [*next(iter(self.correct.values()))]


def replacements(
    gates: np.ndarray, means: np.ndarray, overall: np.ndarray, labels: np.ndarray, predicted: np.ndarray
) -> dict[str, np.ndarray]:
    """The gates that each intervention puts in place of a block's own: {intervention: (C,) or (n, C)}.

    All blocks of one network lend from the same other images.

    Args:
        gates: the block's own, of the images to be classified, (n, C).
        means: each class's mean gate over the training images, (classes, C).
        overall: the mean over all training images, (C,).
        labels: the images' true classes, (n,).
        predicted: the network's answers with its own gates, (n,).
    """
    rng = np.random.default_rng(SEED)
    same, other = _partners(labels, rng)
    columns = np.stack([rng.permutation(len(gates)) for _ in range(gates.shape[1])], axis=1)
    shuffled = np.take_along_axis(gates, columns, axis=0)
    values = (np.ones_like(overall), overall, means[predicted], means[labels], gates[same], gates[other], shuffled)
    return dict(zip(INTERVENTIONS, values, strict=True))


def measure(
    model: Model, split: Split, gates: Gates, training: dict[str, tuple[np.ndarray, np.ndarray]], workers: Workers
) -> Interventions:
    """Classify a split once with each intervention, block by block and in all blocks together.

    `gates` are every block's own gates of these images, {path: (n, C)}; `training` has every block's class means and
    overall mean over the training images, {path: ((classes, C), (C,))}.
    """
    images, labels = split
    predicted = predict(model, images, workers)
    new = {path: replacements(s, *training[path], labels, predicted) for path, s in gates.items()}
    places = {path: [path] for path in gates} | ({ALL: [*gates]} if len(gates) > 1 else {})
    alone = (np.bincount(labels) == 1).sum() > MAX_ALONE * len(labels)  # images that have no other of their class
    names = [name for name in INTERVENTIONS if not (alone and name == SAME_CLASS)]

    def correct(intervention: str, paths: list[str]) -> int:
        answers = predict(model, images, workers, {path: new[path][intervention] for path in paths})
        return int((answers == labels).sum())

    counts = {place: {name: correct(name, paths) for name in names} for place, paths in places.items()}
    return Interventions(len(labels), int((predicted == labels).sum()), counts)


def _partners(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """For each image another one of its class, and one of another class; itself where its class has no other.

    Within a class the images stand in a random circle, and each lends its gates to the one before. For the other
    class, all images stand in one circle sorted by class, and lend to the one that is the largest class further on. A
    class of more than half of the images finds too few others in this way: the rest of it draws some of them again.
    """
    same, n = np.arange(len(labels)), len(labels)
    for k in np.unique(labels):
        circle = rng.permutation(np.flatnonzero(labels == k))
        same[circle] = np.roll(circle, -1)
    mixed = rng.permutation(n)
    circle = mixed[np.argsort(labels[mixed], kind="stable")]
    other = np.empty(n, np.int64)
    other[circle] = np.roll(circle, -int(np.bincount(labels).max()))
    left = np.flatnonzero(labels[other] == labels)
    if len(left) and len(left) < n:
        other[left] = rng.choice(np.flatnonzero(labels != labels[left[0]]), len(left))
    return same, other
