"""One minibatch on several cores: each micro-batch goes through the whole net in one worker.

Because no layer stores anything during a pass, the workers need not know of each other. How a minibatch is
cut depends on `micro_batch` alone, and what the pieces return is added in their order. So the number of workers
changes the time and not a single bit of the result.
"""

from typing import NamedTuple

import numpy as np

from ..fast.workers import Workers
from ..layers import Layer
from ..ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from ..tree import Tree, tree_map


class Gradients(NamedTuple):
    """What one minibatch says."""

    loss: float  # mean cross-entropy, nats
    correct: int  # how many images were classified correctly
    grads: Tree  # ∂loss/∂parameter
    state: Tree  # the new state: batch norm's running statistics


def gradients(
    net: Layer, params: Tree, state: Tree, x: np.ndarray, labels: np.ndarray, micro_batch: int, workers: Workers
) -> Gradients:
    """Loss and gradients of a minibatch.

    L = (1/N) Σ_n ℓ_n = Σ_k (N_k/N) L_k,    so    ∂L/∂θ = Σ_k (N_k/N) ∂L_k/∂θ      over the micro-batches k

    Batch norm normalizes within each micro-batch; all else is the same as in one piece, to rounding.

    Args:
        net, params, state: the network.
        x: the minibatch, (N, H, W, 3), normalized.
        labels: (N,) integers.
        micro_batch: at most how many images go through the net at a time; all pieces are of nearly the same size.
        workers: who computes.

    Returns:
        Loss, hits, gradients and new state, the same bit for bit for any number of threads. Where training diverges
        the loss is not finite; nothing is raised.
    """
    n = len(labels)
    count = -(-n // micro_batch)
    pieces = np.array_split(x, count), np.array_split(labels, count)
    parts = workers.map(_one, (net, params, state, n), *pieces)
    grads = tree_map(lambda *g: sum(g[1:], g[0]), *(part.grads for part in parts))
    return Gradients(
        sum(part.loss for part in parts),
        sum(part.correct for part in parts),
        grads,
        mean_state([p.state for p in parts]),
    )


def _one(net: Layer, params: Tree, state: Tree, n: int, x: np.ndarray, labels: np.ndarray) -> Gradients:
    """What one micro-batch of a minibatch of n images says."""
    share = len(labels) / n
    with np.errstate(over="ignore", invalid="ignore"):  # each thread has its own; the caller looks at the loss
        logits, cache, new_state = net.forward(params, state, x, True)
        loss, loss_cache = softmax_cross_entropy_forward(logits, labels)
        _, grads = net.backward(softmax_cross_entropy_backward(share, loss_cache), cache, needs_input_grad=False)
    return Gradients(share * float(loss), int((logits.argmax(axis=1) == labels).sum()), grads, new_state)


def mean_state(states: list[Tree]) -> Tree:
    """The states that the micro-batches arrived at, from one and the same, averaged in their order."""
    return tree_map(lambda *s: sum(s[1:], s[0]) / s[0].dtype.type(len(s)), *states)
