"""Which channels can be removed? Accuracy when channels are switched off, ranked by gate, by signal, or at random.

If a small gate marked an unimportant channel, switching off the channels with the smallest gates would cost the
least, and those with the largest the most. The signal |s·u| is the baseline: a channel with a large gate may carry
little.
"""

from typing import NamedTuple

import numpy as np

from ..containers import image_gates
from ..data.dataset import Split
from ..fast.workers import Workers
from ..model import Model, batches
from .replace import Gates, predict

SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)  # of each block's channels
DRAWS, SEED = 5, 0  # of random orders
ORDERS = ("mean gate", "mean |s·u|")


class Pruning(NamedTuple):
    """Accuracy by share of channels switched off."""

    shares: np.ndarray  # (K,)
    lowest: dict[str, np.ndarray]  # by what is ranked: accuracies (K,), the lowest switched off first
    highest: dict[str, np.ndarray]  # the highest first
    random: np.ndarray  # (DRAWS, K)
    n: int  # images


def channel_scores(model: Model, images: np.ndarray, workers: Workers) -> dict[str, Gates]:
    """Compute what channels are ranked by, over some images.

    mean gate  (1/n) Σ_n s[n,c],        mean |s·u|  (1/(n·H·W)) Σ_{n,i,j} |x̃[n,i,j,c]|

    as {"mean gate" or "mean |s·u|": {path of the block: (C,)}}.
    """
    pieces = [images[piece] for piece in batches(images)]
    sums = workers.map(_score_sums, (model,), pieces)
    means = {path: np.sum([piece[path] / len(images) for piece in sums], axis=0) for path in sums[0]}
    return {order: {path: both[k] for path, both in means.items()} for k, order in enumerate(ORDERS)}


def _score_sums(model: Model, images: np.ndarray) -> Gates:
    """Both scores of every block, (2, C), added up over a batch of images."""
    _, activations = model.run(images, record=True)
    sums = {}
    for path, block in activations.blocks.items():
        gates, channels = image_gates(block), block.u.shape[3]
        signal = np.abs(block.u).reshape(len(gates), -1, channels).mean(axis=1) * np.abs(gates)
        sums[path] = np.stack([gates, signal]).sum(axis=1, dtype=np.float64)
    return sums


def measure(model: Model, split: Split, gates: Gates, scores: dict[str, Gates], workers: Workers) -> Pruning:
    """Switch channels off in all blocks at once, in each order, and classify a split again.

    `gates` are every block's own gates of these images, {path: (n, C)}; those of a channel that is off are 0. `scores`
    come from `channel_scores`, on other images.
    """
    images, labels = split
    rng = np.random.default_rng(SEED)
    learned = float((predict(model, images, workers) == labels).mean())

    def accuracies(ranks: Gates) -> np.ndarray:
        found = [learned]
        for share in SHARES[1:]:
            kept = {p: s * (ranks[p] >= round(share * s.shape[1])).astype(s.dtype) for p, s in gates.items()}
            found.append(float((predict(model, images, workers, kept) == labels).mean()))
        return np.array(found)

    def rank(scores: np.ndarray) -> np.ndarray:
        return scores.argsort(kind="stable").argsort()  # 0 for the lowest

    lowest = {order: accuracies({p: rank(v) for p, v in by_path.items()}) for order, by_path in scores.items()}
    highest = {order: accuracies({p: rank(-v) for p, v in by_path.items()}) for order, by_path in scores.items()}
    random = [accuracies({p: rng.permutation(s.shape[1]) for p, s in gates.items()}) for _ in range(DRAWS)]
    return Pruning(np.array(SHARES), lowest, highest, np.stack(random), len(labels))
