"""Networks, each with and without SE blocks by one argument.

A network is a layer; `NETS` says which names the command line knows.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from ..containers import Sequential
from .attention import EXCITE, POSITIONS, Choices
from .inception import inception
from .resnet import resnet
from .tiny import tiny
from .vgg import vgg

__all__ = ["EXCITE", "NETS", "POSITIONS", "Choices", "Net", "inception", "resnet", "tiny", "vgg"]


class Net(NamedTuple):
    """A kind of network under a name."""

    build: Callable[..., Sequential]
    widths: tuple[int, ...]  # channels of its stages, unless others are asked for
    residual: bool = False  # whether it has shortcuts, and so more than one place for SE


NETS = {
    "tiny": Net(tiny, (32, 64, 128)),
    "vgg": Net(vgg, (32, 64, 128)),
    "inception": Net(inception, (128, 256)),
    **{f"resnet{6 * b + 2}": Net(partial(resnet, blocks=b), (16, 32, 64), True) for b in (3, 5, 7, 9, 18)},
}
