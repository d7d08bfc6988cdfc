"""Which channels can go? Accuracy when channels are switched off, ranked by their gate, by their signal, or by chance.

If a small gate meant an unimportant channel, switching off the channels of the smallest gates would cost the
least, and those of the largest the most. The signal |s·u| is the control: a channel of large gate may carry little.
"""

from typing import NamedTuple

import numpy as np

from ..containers import image_gates, se_caches
from ..data.augment import Normalizer
from ..fast.workers import Workers
from ..layers import Layer
from ..train.evaluation import BATCH
from ..tree import Tree
from .replace import predict

SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)  # of each block's channels
DRAWS = 5  # random orders
ORDERS = ("mean gate", "mean |s·u|")


class Pruning(NamedTuple):
    """Accuracy by share of channels switched off."""

    shares: np.ndarray  # (K,)
    lowest: dict[str, np.ndarray]  # by what is ranked: accuracies (K,), the lowest switched off first
    highest: dict[str, np.ndarray]  # the highest first
    random: np.ndarray  # (DRAWS, K)
    n: int  # images


def channel_scores(
    net: Layer, params: Tree, state: Tree, images: np.ndarray, normalizer: Normalizer, workers: Workers
) -> dict[str, dict[str, np.ndarray]]:
    """What channels are ranked by, over some images.

    mean gate  (1/n) Σ_n s[n,c],        mean |s·u|  (1/(n·H·W)) Σ_{n,i,j} |x̃[n,i,j,c]|

    Args:
        net, params, state: the network.
        images: (n, H, W, 3) uint8.
        normalizer: that of the training images.
        workers: who computes.

    Returns:
        {"mean gate" or "mean |s·u|": {path of the block: (C,)}}.
    """
    pieces = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    scores: dict[str, dict[str, np.ndarray]] = {order: {} for order in ORDERS}
    for sums in workers.map(_score_sums, (net, params, state, normalizer), pieces):
        for path, both in sums.items():
            for order, values in zip(ORDERS, both, strict=True):
                scores[order][path] = scores[order].get(path, 0.0) + values / len(images)
    return scores


def _score_sums(
    net: Layer, params: Tree, state: Tree, normalizer: Normalizer, images: np.ndarray
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    _, cache, _ = net.forward(params, state, normalizer(images), False)
    sums = {}
    for path, block in se_caches(cache).items():
        gates, u = image_gates(block), block.scale_cache[0]
        size = np.abs(u).reshape(len(gates), -1, u.shape[3]).mean(axis=1) * np.abs(gates)
        sums[path] = gates.sum(axis=0, dtype=np.float64), size.sum(axis=0, dtype=np.float64)
    return sums


def measure(
    net: Layer,
    params: Tree,
    state: Tree,
    images: np.ndarray,
    labels: np.ndarray,
    normalizer: Normalizer,
    gates: dict[str, np.ndarray],
    scores: dict[str, dict[str, np.ndarray]],
    workers: Workers,
    seed: int = 0,
) -> Pruning:
    """Switch channels off in all blocks at once, in each order, and classify again.

    Args:
        net, params, state: the network.
        images, labels: what to classify.
        normalizer: that of the training images.
        gates: every block's own gates of these images, {path: (n, C)}; those of a channel that is off are 0.
        scores: from `channel_scores`, on other images.
        workers: who computes.
        seed: for the random orders.

    Returns:
        The accuracies.
    """
    rng = np.random.default_rng(seed)

    learned = float((predict(net, params, state, images, normalizer, workers) == labels).mean())

    def accuracies(ranks: dict[str, np.ndarray]) -> np.ndarray:
        found = [learned]
        for share in SHARES[1:]:
            kept = {p: s * (ranks[p] >= round(share * s.shape[1])).astype(s.dtype) for p, s in gates.items()}
            predicted = predict(net, params, state, images, normalizer, workers, kept)
            found.append(float((predicted == labels).mean()))
        return np.array(found)

    def rank(scores: np.ndarray) -> np.ndarray:
        return scores.argsort(kind="stable").argsort()  # 0 for the lowest

    lowest = {order: accuracies({p: rank(v) for p, v in by_path.items()}) for order, by_path in scores.items()}
    highest = {order: accuracies({p: rank(-v) for p, v in by_path.items()}) for order, by_path in scores.items()}
    random = [accuracies({p: rng.permutation(s.shape[1]) for p, s in gates.items()}) for _ in range(DRAWS)]
    return Pruning(np.array(SHARES), lowest, highest, np.stack(random), len(labels))
