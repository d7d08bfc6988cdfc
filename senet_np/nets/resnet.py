"""The residual network for CIFAR-sized images, SE-ResNet-20 and deeper ones.

    stem     conv 3×3 → batch norm → ReLU
    stages   blocks; each stage after the first begins with stride 2
    head     global average pooling → linear

    block    x ─┬─ [pre] → conv 3×3 → BN → ReLU → conv 3×3 → BN → [standard] ─ + ─ ReLU ─ [post] ─▶
                └─ identity, or conv 1×1 → BN ────────────────── [identity] ───┘

The four places for SE are in brackets. The standard one weighs the branch before the sum, as in the paper's Figure 3:
what passes by on the shortcut is never gated. The others are those of its section 6.5.
"""

from collections.abc import Sequence
from typing import Any

from ..containers import Residual, Sequential
from ..layers import BatchNorm, Conv2D, ReLU
from .attention import POSITIONS, Attach
from .parts import conv_bn, conv_bn_relu, head


def resnet(
    se: bool = True,
    widths: Sequence[int] = (16, 32, 64),
    blocks: int = 3,
    classes: int = 10,
    **attention: Any,
) -> Sequential:
    """Build a residual network; the default is SE-ResNet-20 with a reduction ratio of 4.

    Each stage has `blocks` residual blocks of two 3×3 convolutions: 6·blocks + 2 layers with three stages. Each stage
    after the first halves the resolution.

    Source: He et al. 2016, section 4.2, with projection shortcuts (their option B); Hu et al. 2019, Figures 3 and 5.
    """
    attach = Attach(se, len(widths), attention, POSITIONS)
    stages, c_in = [], widths[0]
    for number, c in enumerate(widths, start=1):
        stage = []
        for k in range(1, blocks + 1):
            stride = 2 if number > 1 and k == 1 else 1
            stage.append((f"block{k}", _block(number, c_in, c, stride, attach)))
            c_in = c
        stages.append((f"stage{number}", Sequential(stage)))
    return Sequential([("stem", Sequential(conv_bn_relu(3, widths[0]))), *stages, ("head", head(c_in, classes))])


def _block(stage: int, c_in: int, c: int, stride: int, attach: Attach) -> Sequential:
    branch = [
        *attach(stage, c_in, "pre"),
        ("conv1", Conv2D(c_in, c, stride=stride, bias=False)),
        ("bn1", BatchNorm(c)),
        ("relu", ReLU()),
        ("conv2", Conv2D(c, c, bias=False)),
        ("bn2", BatchNorm(c)),
        *attach(stage, c, "standard"),  # the last step of the branch, before the sum
    ]
    projection = conv_bn(c_in, c, kernel_size=1, stride=stride) if stride > 1 or c_in != c else []
    shortcut = [*projection, *attach(stage, c, "identity")]
    residual = Residual(Sequential(branch), Sequential(shortcut) if shortcut else None)
    return Sequential([("residual", residual), ("relu", ReLU()), *attach(stage, c, "post")])
