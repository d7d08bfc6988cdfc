"""Softmax and cross-entropy in one op, because together they are stable and their gradient is a subtraction."""

from typing import NamedTuple

import numpy as np

from .arguments import check_array, check_labels


class SoftmaxCrossEntropyCache(NamedTuple):
    """What the loss remembers: its gradient is the difference of softmax and targets."""

    p: np.ndarray  # (N, K) the softmax: each row a probability distribution
    labels: np.ndarray  # (N,)
    label_smoothing: float = 0.0  # α


def softmax_cross_entropy_forward(
    logits: np.ndarray, labels: np.ndarray, label_smoothing: float = 0.0
) -> tuple[np.floating, SoftmaxCrossEntropyCache]:
    """Mean cross-entropy between the softmax and the labels.

    L = −(1/N) Σ_n Σ_k t[n,k] log p[n,k],    p[n,k] = exp(logits[n,k]) / Σ_j exp(logits[n,j])
    t[n,k] = (1 − α) [k = labels[n]] + α/K

    α is the label smoothing. At 0 the target t is the label alone, and L is −log of its probability; above 0 the net
    gains nothing from growing surer and surer. A row's largest logit is subtracted first: it cancels in p, and no
    exponential can overflow.

    Args:
        logits: (N, K), float32 or float64, dimensionless.
        labels: the right classes, (N,), any integer dtype, 0 to K − 1.
        label_smoothing: α, the share of the target that is spread evenly over all classes, 0 to 1.

    Returns:
        loss: a scalar of the logits' dtype, in nats (log K for a net that knows nothing).

    Source: label smoothing, Szegedy et al. 2016, section 7.
    """
    check_array("logits", logits, ("N", "K"))
    n, k = logits.shape
    check_labels("labels", labels, n, k)
    label_smoothing = float(label_smoothing)  # NumPy's float64 would turn float32 into float64
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing is {label_smoothing}, expected 0 to 1: it is a share")
    shifted = logits - logits.max(axis=1, keepdims=True)  # (N, K)
    with np.errstate(under="ignore"):  # exp(−1000) is 0, as it should be
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (N, K)
        p = np.exp(log_p)  # (N, K)
    loss = -log_p[np.arange(n), labels].mean()
    if label_smoothing:
        loss = (1 - label_smoothing) * loss - label_smoothing * log_p.mean()
    return loss, SoftmaxCrossEntropyCache(p, labels, label_smoothing)


def softmax_cross_entropy_backward(dloss: float | np.floating, cache: SoftmaxCrossEntropyCache) -> np.ndarray:
    """Gradient of the mean loss with respect to the logits.

    Derivation: for one row, −Σ_j t_j log p_j = −Σ_j t_j l_j + log Σ_j exp(l_j), as the t_j add up to 1. So
        ∂(…)/∂l_k = −t_k + exp(l_k) / Σ_j exp(l_j) = p_k − t_k,    t_k = (1 − α) [k = y] + α/K
    and the mean over the batch divides by N: dlogits = dloss · (p − t) / N. Each row sums to 0.

    Args:
        dloss: ∂(final)/∂loss, a scalar: 1 where this loss is what is minimized.

    Returns:
        dlogits: (N, K), dtype of the logits.

    Raises:
        ValueError: dloss is not a scalar.
    """
    p, labels, label_smoothing = cache
    if np.ndim(dloss) != 0:
        raise ValueError(f"dloss has shape {np.shape(dloss)}, expected a scalar: the loss is one number")
    n, k = p.shape
    dlogits = p - label_smoothing / k  # (N, K)
    dlogits[np.arange(n), labels] -= 1 - label_smoothing
    with np.errstate(under="ignore"):  # where p is almost 0, so is dlogits
        return dlogits * (float(dloss) / n)
