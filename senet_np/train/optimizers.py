"""Optimizers and the learning-rate schedule: how a gradient becomes a step.

An optimizer stores nothing: its memory goes in and out as a tree, like a layer's state, and parameters are
never changed in place.
"""

import math
from typing import Protocol

import numpy as np

from ..tree import Tree, tree_map


class Optimizer(Protocol):
    """What both optimizers can do."""

    def init(self, params: Tree) -> Tree:
        """The optimizer's memory before the first step."""
        ...

    def step(self, params: Tree, grads: Tree, memory: Tree, lr: float) -> tuple[Tree, Tree]:
        """One update: (new params, new memory)."""
        ...


def decayed(array: np.ndarray) -> bool:
    """Whether weight decay applies: to matrices and kernels, not to biases nor to batch norm's scale and shift."""
    return array.ndim >= 2


class SGD:
    """Stochastic gradient descent with Nesterov momentum and weight decay.

    g = ∂L/∂p + λ p,    v ← μ v + g,    p ← p − lr · (g + μ v)

    Source: Sutskever et al. 2013, in the form that PyTorch uses.
    """

    def __init__(self, momentum: float = 0.9, weight_decay: float = 5e-4):
        self.momentum, self.weight_decay = momentum, weight_decay

    def init(self, params: Tree) -> Tree:
        """The velocity v starts at zero."""
        return {"velocity": tree_map(np.zeros_like, params)}

    def step(self, params: Tree, grads: Tree, memory: Tree, lr: float) -> tuple[Tree, Tree]:
        """One update: (new params, new memory)."""
        mu, decay = self.momentum, self.weight_decay
        g = tree_map(lambda dp, p: dp + decay * p if decayed(p) else dp, grads, params)
        v = tree_map(lambda v, g: mu * v + g, memory["velocity"], g)
        return tree_map(lambda p, g, v: p - lr * (g + mu * v), params, g, v), {"velocity": v}


class Adam:
    """Adam with decoupled weight decay (AdamW).

    m ← β₁ m + (1 − β₁) g,    v ← β₂ v + (1 − β₂) g²
    p ← p − lr · ( m̂ / (√v̂ + ε) + λ p ),    m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)

    Source: Kingma and Ba 2015; the decay as in Loshchilov and Hutter 2019.
    """

    def __init__(self, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, weight_decay: float = 5e-4):
        self.beta1, self.beta2, self.eps, self.weight_decay = beta1, beta2, eps, weight_decay

    def init(self, params: Tree) -> Tree:
        """Both moments start at zero, and no step is taken yet."""
        zeros = tree_map(np.zeros_like, params)
        return {"m": zeros, "v": tree_map(np.zeros_like, params), "t": np.zeros((), np.int64)}

    def step(self, params: Tree, grads: Tree, memory: Tree, lr: float) -> tuple[Tree, Tree]:
        """One update: (new params, new memory)."""
        b1, b2, t = self.beta1, self.beta2, memory["t"] + 1
        m = tree_map(lambda m, g: b1 * m + (1 - b1) * g, memory["m"], grads)
        v = tree_map(lambda v, g: b2 * v + (1 - b2) * g * g, memory["v"], grads)
        m_scale, v_scale = 1 / (1 - b1 ** int(t)), 1 / (1 - b2 ** int(t))

        def update(p: np.ndarray, m: np.ndarray, v: np.ndarray) -> np.ndarray:
            move = m_scale * m / (np.sqrt(v_scale * v) + self.eps)
            return p - lr * (move + self.weight_decay * p if decayed(p) else move)

        return tree_map(update, params, m, v), {"m": m, "v": v, "t": np.asarray(t)}


OPTIMIZERS = {"sgd": SGD, "adam": Adam}


def learning_rate(step: int, steps: int, peak: float, warmup: float = 0.1) -> float:
    """The rate for one step: up in a straight line, then down along half a cosine.

    lr = peak · (step + 1) / w                                   for step < w = warmup · steps
    lr = peak · ½ (1 + cos(π (step − w) / (steps − w)))          after that

    Args:
        step: which step, from 0.
        steps: how many there are in the whole run.
        peak: the highest rate.
        warmup: share of the steps that the way up takes, 0 to 1.

    Returns:
        The learning rate, in (0, peak].

    Source: Goyal et al. 2017 (warm-up), Loshchilov and Hutter 2017 (cosine).
    """
    w = int(warmup * steps)
    if step < w:
        return peak * (step + 1) / w
    return peak * 0.5 * (1 + math.cos(math.pi * (step - w) / (steps - w)))
