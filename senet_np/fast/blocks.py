"""The SE block and its relatives at speed: the very lines of `se.py` and `variants.py`, run with fast ops.

Nothing is written twice. Each function here has the code of its original, in which the names `ops` and `SQUEEZE` (and
the names of other functions of this file) stand for the fast versions.
"""

from collections.abc import Callable
from functools import partial, wraps
from inspect import unwrap
from types import FunctionType
from typing import Any

import numpy as np

from .. import fast, se, variants

_FAST_NAMES: dict[str, Any] = {
    "ops": fast,
    "SQUEEZE": {
        "avg": (fast.global_avg_pool_forward, fast.global_avg_pool_backward),
        "max": (fast.global_max_pool_forward, fast.global_max_pool_backward),
    },
}


def _with_fast_ops(function: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of a function whose global names are looked up among the fast ones first."""
    if isinstance(function, partial):
        return partial(_with_fast_ops(function.func), **function.keywords)
    original = unwrap(function)  # mutation testing wraps it
    assert isinstance(original, FunctionType)
    names = {**original.__globals__, **_FAST_NAMES}
    fast_function = FunctionType(original.__code__, names, original.__name__, original.__defaults__)

    @wraps(original)
    def block(*args: Any, **named: Any) -> Any:
        with np.errstate(under="ignore"):  # behind a gate near 0, numbers too small to store become 0
            return fast_function(*args, **named)

    return block


se_forward = _FAST_NAMES["se_forward"] = _with_fast_ops(se.se_forward)
se_backward = _FAST_NAMES["se_backward"] = _with_fast_ops(se.se_backward)
eca_forward, eca_backward = _with_fast_ops(variants.eca_forward), _with_fast_ops(variants.eca_backward)

# The blocks by their squeeze: forward(u, w1, b1, w2, b2, gate=...), backward(dx_scaled, cache).
BLOCKS = {
    squeeze: (_with_fast_ops(forward), _with_fast_ops(backward))
    for squeeze, (forward, backward) in variants.BLOCKS.items()
}
