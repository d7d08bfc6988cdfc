"""A gradient check for networks that are too large to move every weight: along random directions.

For a direction v through all weights and pixels at once, the derivative of the loss along v is a single
number, and the backward pass claims it to be Σ ∂L/∂θ · v. One wrong gradient anywhere shows in almost every v.
"""

from typing import Any

import numpy as np

from ..layers import Layer
from ..tree import Tree, tree_items, tree_map
from .check import decisions

STEP = 1e-5
MOST_DRAWS = 20


def check_directions(
    net: Layer, shape: tuple[int, ...], directions: int = 100, seed: int = 0, training: bool = True
) -> float:
    """Compare a network's backward pass with central differences along random directions.

    L = Σ y·dy,    Σ_θ ∂L/∂θ · v ≈ (L(θ + h v) − L(θ − h v)) / 2h

    Args:
        net: a layer made of layers.
        shape: of its input, (N, H, W, C).
        directions: how many to try; in each, every array moves in proportion to its own size.
        seed: where weights, input, dy and directions come from.
        training: whether batch norm takes its statistics from the batch.

    Returns:
        The worst error, scaled by the largest derivative of all directions.

    Raises:
        AssertionError: every draw of a direction crossed a kink (a ReLU's mask or a maximum's winner changed).

    Source: central differences.
    """
    rng = np.random.default_rng(seed)
    params, state = net.init(rng, np.float64)
    here: Tree = {"x": rng.standard_normal(shape), "params": params}
    y, cache, _ = net.forward(params, state, here["x"], training)
    dy = rng.standard_normal(y.shape)
    dx, grads = net.backward(dy, cache)
    gradient: Tree = {"x": dx, "params": grads}

    def loss_at(h: float, v: Tree) -> tuple[float, Any]:
        there = tree_map(lambda a, d: a + h * d, here, v)
        y, cache, _ = net.forward(there["params"], state, there["x"], training)
        return float((y * dy).sum()), cache

    found = []
    while len(found) < directions:
        for _ in range(MOST_DRAWS):
            v = tree_map(lambda a: rng.standard_normal(a.shape) * (np.sqrt((a * a).mean()) or 1), here)
            (up, cache_up), (down, cache_down) = loss_at(STEP, v), loss_at(-STEP, v)
            if all(map(np.array_equal, decisions(cache_up), decisions(cache_down))):
                break
        else:
            raise AssertionError(f"each of {MOST_DRAWS} directions crossed a kink: take a smaller batch or picture")
        products = tree_map(lambda g, d: (g * d).sum(), gradient, v)
        found.append((sum(float(p) for _, p in tree_items(products)), (up - down) / (2 * STEP)))
    analytic, numeric = np.array(found).T
    return float(np.abs(analytic - numeric).max() / np.abs(numeric).max())
