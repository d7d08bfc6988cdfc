"""Softmax and cross-entropy in one op, because together they are stable and their gradient is a subtraction."""

from typing import NamedTuple

import numpy as np

from .arguments import check_array, check_labels


class SoftmaxCrossEntropyCache(NamedTuple):
    """What the loss remembers: its gradient is the difference of these two."""

    p: np.ndarray  # (N, K) the softmax: each row a probability distribution
    labels: np.ndarray  # (N,)


def softmax_cross_entropy_forward(
    logits: np.ndarray, labels: np.ndarray
) -> tuple[np.floating, SoftmaxCrossEntropyCache]:
    """Mean negative log-likelihood of the right classes.

    L = −(1/N) Σ_n log p[n, labels[n]],    p[n,k] = e^{logits[n,k]} / Σ_j e^{logits[n,j]}

    A row's largest logit is subtracted first: it cancels in p, and no exponential can overflow.

    Args:
        logits: (N, K), float32 or float64, dimensionless.
        labels: the right classes, (N,), any integer dtype, 0 to K − 1.

    Returns:
        loss: a scalar of the logits' dtype, in nats (log K for a net that knows nothing).
    """
    check_array("logits", logits, ("N", "K"))
    n, k = logits.shape
    check_labels("labels", labels, n, k)
    shifted = logits - logits.max(axis=1, keepdims=True)  # (N, K)
    with np.errstate(under="ignore"):  # e^−1000 is 0, as it should be
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (N, K)
        p = np.exp(log_p)  # (N, K)
    loss = -log_p[np.arange(n), labels].mean()
    return loss, SoftmaxCrossEntropyCache(p, labels)


def softmax_cross_entropy_backward(dloss: float | np.floating, cache: SoftmaxCrossEntropyCache) -> np.ndarray:
    """Gradient of the mean loss with respect to the logits.

    Derivation: for one row, −log p_y = −l_y + log Σ_j e^{l_j}, so
        ∂(−log p_y)/∂l_k = −[k = y] + e^{l_k} / Σ_j e^{l_j} = p_k − [k = y]
    and the mean over the batch divides by N: dlogits = dloss · (p − onehot(labels)) / N. Each row sums to 0.

    Args:
        dloss: ∂(final)/∂loss, a scalar: 1 where this loss is what is minimized.

    Returns:
        dlogits: (N, K), dtype of the logits.

    Raises:
        ValueError: dloss is not a scalar.
    """
    p, labels = cache
    if np.ndim(dloss) != 0:
        raise ValueError(f"dloss has shape {np.shape(dloss)}, expected a scalar: the loss is one number")
    n = p.shape[0]
    dlogits = p.copy()  # (N, K)
    dlogits[np.arange(n), labels] -= 1
    with np.errstate(under="ignore"):  # where p is almost 0, so is dlogits
        return dlogits * (float(dloss) / n)
