"""Networks, each with and without SE blocks by one argument.

Every builder returns a `Sequential` on images (N, H, W, 3), and takes

    se           with or without SE blocks
    widths       channels of each stage
    classes      K, how many logits
    **attention  which block, in which stages and at which position: fields of `AttentionSettings`, such as reduction=8

and raises a ValueError for a setting that does not exist or that this network does not know. `NETS` lists the names
that the command line knows.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from ..containers import Sequential
from .attention import AttentionSettings
from .inception import inception
from .resnet import resnet
from .sprint import sprint
from .tiny import tiny
from .vgg import vgg

__all__ = ["NETS", "AttentionSettings", "Net", "inception", "resnet", "sprint", "tiny", "vgg"]


class Net(NamedTuple):
    """A kind of network under a name."""

    build: Callable[..., Sequential]
    widths: tuple[int, ...]  # channels of its stages, by default
    residual: bool = False  # whether it has shortcuts, and so more than one place for SE
    frozen: bool = False  # whether its first convolution can be one that is not trained


NETS = {
    "tiny": Net(tiny, (32, 64, 128)),
    "vgg": Net(vgg, (32, 64, 128)),
    "inception": Net(inception, (128, 256)),
    "sprint": Net(sprint, (64, 192, 192), frozen=True),
    **{f"resnet{6 * b + 2}": Net(partial(resnet, blocks=b), (16, 32, 64), True) for b in (3, 5, 7, 9, 18)},
}
