"""SE-ResNet-50, the network of the paper, for images of 224×224 pixels.

    image    224×224×3
    stem     conv 7×7 → 64, stride 2   BN  ReLU   max-pool 3×3, stride 2     →  56×56×64
    stage1   3 blocks, 64 channels inside                                    →  56×56×256
    stage2   4 blocks, 128                                                   →  28×28×512
    stage3   6 blocks, 256                                                   →  14×14×1024
    stage4   3 blocks, 512                                                   →   7×7×2048
    head     global average pooling, linear                                  →  logits

    block    x ─┬─ [pre] → reduce → conv 3×3 → BN → ReLU → expand → [standard] ─ + ─ ReLU ─ [post] ─▶
                └─ identity, or conv 1×1 → BN ─────────────────── [identity] ────┘

A block is a bottleneck: a 1×1 convolution, batch norm and ReLU reduce the channels to a quarter, the 3×3 convolution
works on those, and a 1×1 convolution with batch norm expands them again. So SE gates four times as many channels as the
3×3 convolution has. The four places in brackets are those of the paper's section 6.5.
"""

from collections.abc import Sequence
from typing import Any

from ..containers import Residual, Sequential
from ..layers import MaxPool2D, ReLU
from .attention import POSITIONS, Attach
from .parts import conv_bn, conv_bn_relu, head

EXPANSION = 4  # channels behind a block, as a multiple of those inside


def resnet50(
    se: bool = True,
    widths: Sequence[int] = (64, 128, 256, 512),
    blocks: Sequence[int] = (3, 4, 6, 3),
    classes: int = 1000,
    caffe: bool = False,
    **attention: Any,
) -> Sequential:
    """Build a residual network of bottlenecks; the default is SE-ResNet-50 with the paper's reduction ratio of 16.

    Args:
        se: with or without SE blocks.
        widths: channels inside the blocks of each stage.
        blocks: how many blocks each stage has.
        classes: K, how many logits.
        caffe: where a stage halves the resolution. False: in the first block's 3×3 convolution, as today's libraries
            do; True: in its first 1×1 convolution, as He et al. 2016 and the paper's authors do, whose pooling in the
            stem, without padding, rounds sizes up.
        **attention: fields of `AttentionSettings`.

    Source: He et al. 2016, Table 1; Hu et al. 2019, Table 1.
    """
    if len(widths) != len(blocks):
        raise ValueError(f"widths are {[*widths]}, expected {len(blocks)} numbers: one for each stage")
    attach = Attach(se, len(widths), {"reduction": 16, **attention}, POSITIONS)
    pool = MaxPool2D(3, 2, ceil_mode=True) if caffe else MaxPool2D(3, 2, padding=1)
    stem = Sequential([*conv_bn_relu(3, widths[0], kernel_size=7, stride=2), ("pool", pool)])
    stages, c_in = [], widths[0]
    for number, (width, count) in enumerate(zip(widths, blocks, strict=True), start=1):
        stage = []
        for k in range(1, count + 1):
            stride = 2 if number > 1 and k == 1 else 1
            stage.append((f"block{k}", _block(number, c_in, width, stride, caffe, attach)))
            c_in = EXPANSION * width
        stages.append((f"stage{number}", Sequential(stage)))
    return Sequential([("stem", stem), *stages, ("head", head(c_in, classes))])


def _block(stage: int, c_in: int, width: int, stride: int, caffe: bool, attach: Attach) -> Sequential:
    c = EXPANSION * width
    first, second = (stride, 1) if caffe else (1, stride)
    branch = [
        *attach(stage, c_in, "pre"),
        ("reduce", Sequential(conv_bn_relu(c_in, width, kernel_size=1, stride=first))),
        ("conv", Sequential(conv_bn_relu(width, width, stride=second))),
        ("expand", Sequential(conv_bn(width, c, kernel_size=1))),
        *attach(stage, c, "standard"),  # the last step of the branch, before the sum
    ]
    projection = conv_bn(c_in, c, kernel_size=1, stride=stride) if stride > 1 or c_in != c else []
    shortcut = [*projection, *attach(stage, c, "identity")]
    residual = Residual(Sequential(branch), Sequential(shortcut) if shortcut else None)
    return Sequential([("residual", residual), ("relu", ReLU()), *attach(stage, c, "post")])
