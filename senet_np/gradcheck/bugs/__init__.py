"""Injected bugs: wrong backward passes that people really write, and proof that the gradient checks catch them.

Each bug is the package's own backward pass with a wrong line in it. No two have the same cause: a forgotten divisor is
the same bug in every op, and so is a flipped sign.

    bug.py       what a bug is, how its text is read, and `catch`, which runs the checks on it
    dense.py     non-linearities, linear, softmax_cross_entropy
    images.py    convolutions, pooling, channel_scale, batch_norm
    blocks.py    the SE block, and its relatives: per position, average and maximum, ECA
"""

from . import blocks, dense, images
from .bug import Bug, Caught, catch, read_bugs

BUGS = read_bugs(dense.TEXT + images.TEXT + blocks.TEXT)

__all__ = ["BUGS", "Bug", "Caught", "catch"]
