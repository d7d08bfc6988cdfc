"""Which convolution runs: all of a network's convolutions through one kernel, or through a counter.

The layers ask `ops.fast.choose`; here another answer is given for the length of a `with` statement.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..fast import conv as fast
from ..layers import Layer
from ..ops import conv, reference
from ..tree import Tree

EVERYTHING, NOTHING = 1, 1 << 30  # fewest channels for Winograd

CHOICES: dict[str, Callable[..., Any]] = {
    "loops": lambda *shape: reference,
    "im2col": lambda *shape: conv,
    "im2col in pieces": partial(fast.choose, fewest_channels=NOTHING),
    "Winograd": partial(fast.choose, fewest_channels=EVERYTHING),
    "chosen": fast.choose,
}


@contextmanager
def using(choose: Callable[..., Any]) -> Iterator[None]:
    """Let `choose` say which kernel each convolution of the layers takes."""
    before, fast.choose = fast.choose, choose
    try:
        yield
    finally:
        fast.choose = before


def convolution_flops(net: Layer, params: Tree, state: Tree, x: np.ndarray) -> int:
    """Additions and multiplications that the definition needs for all convolutions of one training step.

    Three products a convolution: y, dw and dx, the last not for the first one, whose input is the picture. Each has
    2 · N·Ho·Wo · kh·kw·Cin·Cout operations. A kernel may need fewer; the rate is always of these.

    Args:
        net, params, state: the network.
        x: the minibatch.

    Returns:
        The number.
    """
    products: list[int] = []

    def count(x: Any, w: Any, *rest: Any) -> Any:
        y, cache = conv.conv2d_forward(x, w, *rest)
        products.append(2 * y[..., 0].size * w.size)
        return y, cache

    with using(lambda *shape: SimpleNamespace(conv2d_forward=count)):
        net.forward(params, state, x[:1], True)
    return len(x) * (3 * sum(products) - products[0])
