"""The sprint net, built to come to some 90 % on CIFAR-10 in about half an hour on two cores.

    image 32×32×3
    stem     conv 3×3 → 32, whitening, frozen   ReLU                                    → 32×32×32
    stage1   conv 3×3 → 64    max-pool 2×2  BN  ReLU   conv 3×3 → 64    BN  ReLU  SE   → 16×16×64
    stage2   conv 3×3 → 192   max-pool 2×2  BN  ReLU   conv 3×3 → 192   BN  ReLU  SE   →  8×8×192
    stage3   conv 3×3 → 192   max-pool 2×2  BN  ReLU   conv 3×3 → 192   BN  ReLU  SE   →  4×4×192
    head     global average pooling, linear                                             → 10 logits

What makes it quick: the stem is computed from the images and never trained, so no gradient goes through it. Pooling
right after the first convolution of a stage leaves a quarter of the positions for all that follows. And 3×3 kernels on
32 channels and more are Winograd's (`fast/winograd.py`).
"""

from collections.abc import Sequence
from typing import Any

from ..containers import Sequential
from ..layers import BatchNorm, Conv2D, FrozenConv2D, MaxPool2D, ReLU
from .attention import Attach
from .parts import conv_bn_relu, head

STEM = 32  # channels of the first convolution: 16 whitening kernels and their negatives


def sprint(
    se: bool = True,
    widths: Sequence[int] = (64, 192, 192),
    classes: int = 10,
    frozen: bool = True,
    **attention: Any,
) -> Sequential:
    """Build the sprint net with or without SE.

    `frozen` says whether the first convolution is not trained; `nets.initialize.whiten` gives it its kernels.

    Source: after the net of Jordan 2024 ("94 % on CIFAR-10 in 3.29 seconds"), which has 2×2 patches, GELU, maxima
    in its head and no SE.
    """
    attach = Attach(se, len(widths), attention)
    fixed = [("conv", FrozenConv2D(3, STEM)), ("relu", ReLU())]
    stages, c_in = [("stem", Sequential(fixed if frozen else conv_bn_relu(3, STEM)))], STEM
    for number, c in enumerate(widths, start=1):
        first = [("conv1", Conv2D(c_in, c, bias=False)), ("pool", MaxPool2D(2, 2)), ("bn1", BatchNorm(c))]
        second = [("conv2", Conv2D(c, c, bias=False)), ("bn2", BatchNorm(c))]
        stage = [*first, ("relu1", ReLU()), *second, ("relu2", ReLU()), *attach(number, c)]
        stages.append((f"stage{number}", Sequential(stage)))
        c_in = c
    return Sequential([*stages, ("head", head(c_in, classes))])
