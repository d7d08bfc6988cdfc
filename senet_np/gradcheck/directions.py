"""A gradient check for networks that are too large to move every weight: along random directions.

Along a direction v through all weights and pixels at once, the derivative of the loss is one number, Σ ∂L/∂θ · v by
the backward pass. One wrong gradient anywhere shows in almost every v.
"""

import numpy as np

from ..layers import Layer
from ..tree import Tree, tree_items, tree_map
from .check import STEP, decisions

MAX_DRAWS = 20


def check_directions(
    net: Layer, shape: tuple[int, ...], directions: int = 100, seed: int = 0, training: bool = True
) -> float:
    """The worst error of a network's backward pass along random directions, scaled by the largest derivative of all.

    L = Σ y·dy,    Σ_θ ∂L/∂θ · v ≈ (L(θ + Δ v) − L(θ − Δ v)) / 2Δ

    Weights, an input of this shape, dy and v are drawn; in v every array moves in proportion to its own size.
    """
    rng = np.random.default_rng(seed)
    params, state = net.init(rng, np.float64)
    here: Tree = {"x": rng.standard_normal(shape), "params": params}
    y, cache, _ = net.forward(params, state, here["x"], training)
    dy = rng.standard_normal(y.shape)
    dx, grads = net.backward(dy, cache)

    def loss_at(h: float, v: Tree) -> tuple[float, list[np.ndarray]]:
        there = tree_map(lambda a, d: a + h * d, here, v)
        y, cache, _ = net.forward(there["params"], state, there["x"], training)
        return float((y * dy).sum()), [*decisions(cache)]

    found = []
    for _ in range(directions):
        for _ in range(MAX_DRAWS):
            v = tree_map(lambda a: rng.standard_normal(a.shape) * (np.sqrt((a * a).mean()) or 1), here)
            (up, decisions_up), (down, decisions_down) = loss_at(STEP, v), loss_at(-STEP, v)
            if all(map(np.array_equal, decisions_up, decisions_down)):
                break
        else:
            raise AssertionError(f"each of {MAX_DRAWS} directions crossed a kink: take a smaller batch or image")
        products = tree_map(lambda g, d: (g * d).sum(), {"x": dx, "params": grads}, v)
        found.append((sum(float(p) for _, p in tree_items(products)), (up - down) / (2 * STEP)))
    analytic, numeric = np.array(found).T
    return float(np.abs(analytic - numeric).max() / np.abs(numeric).max())
