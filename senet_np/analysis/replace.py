"""Gates given from outside: the same weights, with the gates of some blocks replaced.

Looking at gates shows what they are; only replacing them shows whether it matters.
"""

from typing import Any

import numpy as np

from ..fast.workers import Workers
from ..layers import Layer, Stateless
from ..model import Model, batches
from ..ops import channel_scale_backward, channel_scale_forward

Gates = dict[str, np.ndarray]  # {block's path: (C,) for all images, or (n, C), one row per image}


def _scale_forward(u: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, Any]:
    if s.shape not in {(u.shape[-1],), (len(u), u.shape[-1])}:
        expected = f"({u.shape[-1]},), or ({len(u)}, {u.shape[-1]}) for this batch of {len(u)} images"
        raise ValueError(f"the gates have shape {s.shape}, expected {expected}; `predict` takes any number of rows")
    return channel_scale_forward(u, np.ascontiguousarray(np.broadcast_to(s, (len(u), u.shape[-1])), u.dtype))


def _scale_backward(dx_scaled: np.ndarray, cache: Any) -> np.ndarray:
    return channel_scale_backward(dx_scaled, cache)[0]  # du alone: the gates are constants


class FixedGates(Stateless):
    """A layer that scales with gates it was given: x̃ = s · u. `model.run(images, replace={path: FixedGates(s)})`."""

    pair = _scale_forward, _scale_backward

    def __init__(self, s: np.ndarray):
        super().__init__(s=s)
        self.for_one_batch = s.ndim == 2


def fixed(gates: Gates) -> dict[str, Layer]:
    """The layers that put these gates in their blocks' place: `model.run(images, replace=fixed(gates))`.

    Gates with one row per image are for images of one batch; `predict` takes any number.
    """
    return {path: FixedGates(s) for path, s in gates.items()}


def predict(model: Model, images: np.ndarray, workers: Workers, gates: Gates | None = None) -> np.ndarray:
    """Classify images (n, H, W, 3) uint8, with the gates of the named blocks replaced: the classes, (n,) int64."""
    pieces = batches(images)
    rows = [{path: s[piece] if s.ndim == 2 else s for path, s in (gates or {}).items()} for piece in pieces]
    return np.concatenate(workers.map(_predict, (model,), [images[piece] for piece in pieces], rows))


def _predict(model: Model, images: np.ndarray, gates: Gates) -> np.ndarray:
    return model.run(images, replace=fixed(gates) or None).argmax(axis=1)
