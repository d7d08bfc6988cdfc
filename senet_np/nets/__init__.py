"""Networks, each with and without SE blocks by one argument.

Every builder returns a `Sequential` on images (N, H, W, 3), and takes

    se           with or without SE blocks
    widths       channels of each stage (mobilenet_v3_small: `width`, which multiplies the paper's)
    classes      K, how many logits
    **attention  which block, in which stages and at which position: fields of `AttentionSettings`, such as reduction=8

and raises a ValueError for a setting that does not exist or that this network does not know. `NETS` lists the names
that the command line knows.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ..containers import Sequential
from .attention import AttentionSettings
from .inception import inception
from .mobilenet import mobilenet_v3_small
from .resnet import resnet
from .resnet50 import resnet50
from .sprint import sprint
from .tiny import tiny
from .vgg import vgg

__all__ = [
    "NETS",
    "AttentionSettings",
    "Net",
    "inception",
    "mobilenet_v3_small",
    "resnet",
    "resnet50",
    "sprint",
    "tiny",
    "vgg",
]


class Net(NamedTuple):
    """A kind of network under a name."""

    build: Callable[..., Sequential]
    defaults: dict[str, Any]  # settings that are its own, `widths` at least; () where it has no such list
    data: str = "cifar10"  # what it was made for
    residual: bool = False  # whether it has shortcuts, and so more than one place for SE
    frozen: bool = False  # whether its first convolution can be one that is not trained


RESNET50 = {"widths": (64, 128, 256, 512), "reduction": 16}
NETS = {
    "tiny": Net(tiny, {"widths": (32, 64, 128)}),
    "vgg": Net(vgg, {"widths": (32, 64, 128)}),
    "inception": Net(inception, {"widths": (128, 256)}),
    "sprint": Net(sprint, {"widths": (64, 192, 192)}, frozen=True),
    **{
        f"resnet{6 * b + 2}": Net(partial(resnet, blocks=b), {"widths": (16, 32, 64)}, residual=True)
        for b in (3, 5, 7, 9, 18)
    },
    "resnet50": Net(resnet50, RESNET50, "imagenet", residual=True),
    "resnet50_caffe": Net(partial(resnet50, caffe=True), RESNET50, "imagenet", residual=True),
    "mobilenet_v3_small": Net(mobilenet_v3_small, {"widths": (), "gate": "hard_sigmoid"}, "imagenet"),
}
