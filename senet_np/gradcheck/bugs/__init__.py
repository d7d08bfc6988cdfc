"""Planted mistakes: wrong backward passes that people really write, and proof that the gradient checks catch them.

Each is a whole `backward(dy, cache)` for the same forward pass, with one thing wrong, written as a learner
would write it. One cause counts once: a forgotten divisor is the same mistake in every op, and so is a flipped sign.

    register.py         what a planted mistake is, and `catch`, which sets the checks on it
    activations.py      relu, sigmoid, tanh
    products.py         linear, channel_scale
    convolution.py      conv2d
    pooling.py          the global pools and the pools over windows
    normalization.py    batch_norm
    loss.py             softmax_cross_entropy
    block.py            the SE block
    variants.py         its relatives: per position, average and maximum, ECA
"""

from . import activations, block, convolution, loss, pooling, products, variants
from . import normalization as normalization
from .registry import Caught, Mistake, catch

PLANTED: tuple[Mistake, ...] = (
    *activations.MISTAKES,
    *products.MISTAKES,
    *convolution.MISTAKES,
    *pooling.MISTAKES,
    *normalization.MISTAKES,
    *loss.MISTAKES,
    *block.MISTAKES,
    *variants.MISTAKES,
)

__all__ = ["PLANTED", "Caught", "Mistake", "catch"]
