"""A VGG for CIFAR-sized images: two 3×3 convolutions per stage, one after the other.

    image 32×32×3
    stage1   [conv 3×3 → 32    BN  ReLU  SE] twice   max-pool 2×2      → 16×16×32
    stage2   [conv 3×3 → 64    BN  ReLU  SE] twice   max-pool 2×2      →  8×8×64
    stage3   [conv 3×3 → 128   BN  ReLU  SE] twice                     →  8×8×128
    head     global average pooling, linear                            → 10 logits

SE stands after each convolution's non-linearity, as in the paper. Batch norm, and a head without hidden layers, are
newer than Simonyan and Zisserman's network, and usual today.
"""

from collections.abc import Sequence
from typing import Any

from ..containers import Sequential
from ..layers import MaxPool2D
from .attention import Attach
from .parts import conv_bn_relu, head


def vgg(
    se: bool = True,
    widths: Sequence[int] = (32, 64, 128),
    convs: int = 2,
    classes: int = 10,
    **attention: Any,
) -> Sequential:
    """Build a VGG with or without SE.

    `convs` is the number of convolutions in each stage; 2×2 max pooling stands between stages.

    Source: Simonyan and Zisserman 2015, scaled down; Hu et al. 2019, section 3 (SE after the non-linearity).
    """
    attach = Attach(se, len(widths), attention)
    stages, c_in = [], 3
    for number, c in enumerate(widths, start=1):
        stage = []
        for k in range(1, convs + 1):
            stage.append((f"unit{k}", Sequential([*conv_bn_relu(c_in, c), *attach(number, c)])))
            c_in = c
        if number < len(widths):
            stage.append(("pool", MaxPool2D(2, 2)))
        stages.append((f"stage{number}", Sequential(stage)))
    return Sequential([*stages, ("head", head(c_in, classes))])
