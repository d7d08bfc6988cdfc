"""A VGG for CIFAR-sized pictures: 3×3 convolutions, two a stage, and nothing beside the straight way.

    image 32×32×3
    stage1   [conv 3×3 → 32    BN  ReLU  SE] twice   max-pool 2×2      → 16×16×32
    stage2   [conv 3×3 → 64    BN  ReLU  SE] twice   max-pool 2×2      →  8×8×64
    stage3   [conv 3×3 → 128   BN  ReLU  SE] twice                     →  8×8×128
    head     global average pooling, linear                            → 10 logits

SE stands after each convolution's non-linearity, as in the paper. Batch norm, and a head without hidden layers, are
what has become usual since Simonyan and Zisserman.
"""

from collections.abc import Sequence
from typing import Any

from ..containers import Sequential
from ..layers import max_pool
from .attention import Attach
from .parts import conv_bn_relu, head


def vgg(
    se: bool = True,
    widths: Sequence[int] = (32, 64, 128),
    convs: int = 2,
    classes: int = 10,
    **choices: Any,
) -> Sequential:
    """Build a VGG with or without SE.

    Args:
        se: whether an SE block stands after each ReLU.
        widths: channels of each stage; 2×2 max pooling stands between stages.
        convs: convolutions in each stage.
        classes: how many logits.
        choices: which block, and in which stages: the fields of `nets.choices.Choices`.

    Returns:
        A Sequential on images (N, H, W, 3).

    Raises:
        ValueError: a choice that does not exist, or a place on a residual block.

    Source: Simonyan and Zisserman 2015, scaled down; Hu et al. 2019, section 3 (SE after the non-linearity).
    """
    se_at = Attach(se, len(widths), choices)
    stages, c_in = [], 3
    for number, c in enumerate(widths, start=1):
        stage = []
        for k in range(1, convs + 1):
            stage.append((f"unit{k}", Sequential([*conv_bn_relu(c_in, c), *se_at(number, c)])))
            c_in = c
        if number < len(widths):
            stage.append(("pool", max_pool(size=2, stride=2)))
        stages.append((f"stage{number}", Sequential(stage)))
    return Sequential([*stages, ("head", head(c_in, classes))])
