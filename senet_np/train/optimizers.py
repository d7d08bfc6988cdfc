"""Optimizers: how a gradient becomes a step.

An optimizer stores nothing: its state goes in and out as a tree, as a layer's does, and parameters are never changed in
place. `float` where options come in: a NumPy float64 would turn float32 weights into float64.
"""

import numpy as np

from ..settings import Settings
from ..tree import Tree, tree_map


def decayed(array: np.ndarray) -> bool:
    """Whether weight decay applies: to matrices and kernels, not to biases nor to batch norm's scale and shift."""
    return array.ndim >= 2


def rates(params: Tree, lr: float, bn_bias_lr: float) -> Tree:
    """The learning rate of each parameter: `lr`, times `bn_bias_lr` for batch norm's shifts, which are called beta."""
    lr = float(lr)
    return {
        name: rates(value, lr, bn_bias_lr) if isinstance(value, dict) else lr * bn_bias_lr if name == "beta" else lr
        for name, value in params.items()
    }


class SGD:
    """Stochastic gradient descent with Nesterov momentum and weight decay.

    g = ∂L/∂p + λ p,    v ← μ v + g,    p ← p − lr · (g + μ v)

    Source: Sutskever et al. 2013, in the form that PyTorch uses.
    """

    def __init__(self, momentum: float = 0.9, weight_decay: float = 5e-4, bn_bias_lr: float = 1):
        self.momentum, self.weight_decay, self.bn_bias_lr = map(float, (momentum, weight_decay, bn_bias_lr))

    def init(self, params: Tree) -> Tree:
        """The velocity v starts at zero."""
        return {"velocity": tree_map(np.zeros_like, params)}

    @np.errstate(under="ignore")  # the momentum of a dead unit fades away to 0
    def step(self, params: Tree, grads: Tree, optimizer_state: Tree, lr: float, done: float = 0.0) -> tuple[Tree, Tree]:
        """One update: (new params, new optimizer state)."""
        mu, decay = self.momentum, self.weight_decay
        g = tree_map(lambda dp, p: dp + decay * p if decayed(p) else dp, grads, params)
        v = tree_map(lambda v, g: mu * v + g, optimizer_state["velocity"], g)
        lrs = rates(params, lr, self.bn_bias_lr)
        return tree_map(lambda p, g, v, lr: p - lr * (g + mu * v), params, g, v, lrs), {"velocity": v}


class Adam:
    """Adam with decoupled weight decay (AdamW).

    m ← β₁ m + (1 − β₁) g,    v ← β₂ v + (1 − β₂) g²
    p ← p − lr · ( m̂ / (√v̂ + ε) + λ p ),    m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)

    Source: Kingma and Ba 2015; the decay as in Loshchilov and Hutter 2019.
    """

    def __init__(
        self,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 5e-4,
        bn_bias_lr: float = 1,
    ):
        self.beta1, self.beta2, self.eps = map(float, (beta1, beta2, eps))
        self.weight_decay, self.bn_bias_lr = float(weight_decay), float(bn_bias_lr)

    def init(self, params: Tree) -> Tree:
        """Both moments start at zero; no step is taken yet."""
        zeros = tree_map(np.zeros_like, params)
        return {"m": zeros, "v": tree_map(np.zeros_like, params), "t": np.zeros((), np.int64)}

    @np.errstate(under="ignore")  # as above; and so do squares of small gradients
    def step(self, params: Tree, grads: Tree, optimizer_state: Tree, lr: float, done: float = 0.0) -> tuple[Tree, Tree]:
        """One update: (new params, new optimizer state); t counts the steps."""
        b1, b2, t = self.beta1, self.beta2, optimizer_state["t"] + 1
        m = tree_map(lambda m, g: b1 * m + (1 - b1) * g, optimizer_state["m"], grads)
        v = tree_map(lambda v, g: b2 * v + (1 - b2) * g * g, optimizer_state["v"], grads)
        m_scale, v_scale = 1 / (1 - b1 ** int(t)), 1 / (1 - b2 ** int(t))

        def update(p: np.ndarray, m: np.ndarray, v: np.ndarray, lr: float) -> np.ndarray:
            move = m_scale * m / (np.sqrt(v_scale * v) + self.eps)
            return p - lr * (move + self.weight_decay * p if decayed(p) else move)

        return tree_map(update, params, m, v, rates(params, lr, self.bn_bias_lr)), {"m": m, "v": v, "t": np.asarray(t)}


class Lookahead:
    """Slow weights that follow an optimizer's fast ones, and to which these return every few steps.

    every 5th step:    slow ← d · slow + (1 − d) · fast,    fast ← slow,    d = 0.95⁵ · x³

    with x the share of the run that is done. Early on the slow weights follow at once; towards the end they are an
    average over many steps, which ends where single steps only hop around. The last step leaves the slow weights.

    Source: Zhang et al. 2019; a decay that grows, Jordan 2024.
    """

    EVERY, DECAY = 5, 0.95

    def __init__(self, optimizer: SGD | Adam):
        self.optimizer = optimizer

    def init(self, params: Tree) -> Tree:
        """The slow weights start at the fast ones; no step is taken yet."""
        return {**self.optimizer.init(params), "slow": params, "steps": np.zeros((), np.int64)}

    def step(self, params: Tree, grads: Tree, optimizer_state: Tree, lr: float, done: float = 0.0) -> tuple[Tree, Tree]:
        """One update: (new params, new optimizer state); `done` is the share of the run that it completes, 0 to 1."""
        fast, inner = self.optimizer.step(params, grads, optimizer_state, lr, done)
        slow, steps = optimizer_state["slow"], optimizer_state["steps"] + 1
        if done >= 1:
            fast = slow
        elif steps % self.EVERY == 0:
            d = self.DECAY**self.EVERY * float(done) ** 3
            fast = slow = tree_map(lambda slow, fast: d * slow + (1 - d) * fast, slow, fast)
        return fast, {**inner, "slow": slow, "steps": np.asarray(steps)}


Optimizer = SGD | Adam | Lookahead
OPTIMIZERS = {"sgd": SGD, "adam": Adam}


def make_optimizer(settings: Settings) -> Optimizer:
    """The optimizer of these settings."""
    special = {"momentum": settings.momentum} if settings.optimizer == "sgd" else {}
    common = {"weight_decay": settings.weight_decay, "bn_bias_lr": settings.bn_bias_lr}
    optimizer = OPTIMIZERS[settings.optimizer](**special, **common)
    return Lookahead(optimizer) if settings.lookahead else optimizer
