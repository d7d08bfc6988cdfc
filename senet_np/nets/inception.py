"""An Inception network for CIFAR-sized images: four kinds of filters read the same feature map.

    image 32×32×3
    stem     conv 3×3 → 64   BN  ReLU   max-pool 2×2                   → 16×16×64
    stage1   two modules of 128 channels      max-pool 2×2             →  8×8×128
    stage2   two modules of 256 channels                               →  8×8×256
    head     global average pooling, linear                            → 10 logits

    module       ┌─ conv 1×1 ─────────────────────────┐ c/4
             x ──┼─ conv 1×1 → 3c/8 ── conv 3×3 ──────┼ c/2   ── concatenate ── SE ──▶
                 ├─ conv 1×1 → c/16 ── conv 5×5 ──────┤ c/8
                 └─ max-pool 3×3 ───── conv 1×1 ──────┘ c/8

Every convolution has its batch norm and ReLU. SE weighs the module as a whole: its gates see all four branches.
"""

from collections.abc import Sequence
from typing import Any

from ..containers import Concat, Sequential
from ..layers import MaxPool2D
from .attention import Attach
from .parts import conv_bn_relu, head


def inception(
    se: bool = True,
    widths: Sequence[int] = (128, 256),
    modules: int = 2,
    classes: int = 10,
    **attention: Any,
) -> Sequential:
    """Build an Inception network with or without SE.

    `modules` is the number of modules in each stage; 2×2 max pooling stands before each stage. Widths are at least 16.

    Source: Szegedy et al. 2015, the shares of module 3a, rounded; Hu et al. 2019, Figure 2 (SE around the module).
    """
    if min(widths, default=0) < 16:
        raise ValueError(f"widths are {[*widths]}, expected 16 or more: a module's narrowest layer has a sixteenth")
    attach = Attach(se, len(widths), attention)
    c_in = widths[0] // 2
    stages: list[tuple[str, Any]] = [("stem", Sequential(conv_bn_relu(3, c_in)))]
    for number, c in enumerate(widths, start=1):
        stage: list[tuple[str, Any]] = [("pool", MaxPool2D(2, 2))]
        for k in range(1, modules + 1):
            stage.append((f"module{k}", Sequential([("branches", _branches(c_in, c)), *attach(number, c)])))
            c_in = c
        stages.append((f"stage{number}", Sequential(stage)))
    return Sequential([*stages, ("head", head(c_in, classes))])


def _branches(c_in: int, c: int) -> Concat:
    wide, narrow = 3 * c // 8, c // 16  # before the 3×3 and before the 5×5 kernels, to save multiplications
    c5, c_pool = c // 8, c // 8
    c3 = c // 2
    c1 = c - c3 - c5 - c_pool
    return Concat(
        {
            "one": Sequential(conv_bn_relu(c_in, c1, kernel_size=1)),
            "three": Sequential([("reduce", _unit(c_in, wide, 1)), ("unit", _unit(wide, c3, 3))]),
            "five": Sequential([("reduce", _unit(c_in, narrow, 1)), ("unit", _unit(narrow, c5, 5))]),
            "pool": Sequential([("pool", MaxPool2D(3, 1, padding=1)), ("unit", _unit(c_in, c_pool, 1))]),
        }
    )


def _unit(in_channels: int, channels: int, kernel_size: int) -> Sequential:
    return Sequential(conv_bn_relu(in_channels, channels, kernel_size))
