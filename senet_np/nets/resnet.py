"""The residual network for CIFAR-sized pictures, SE-ResNet-20 and its kin.

Floor 3.

    stem     conv 3×3 → batch norm → ReLU
    stages   blocks; each stage after the first begins with stride 2
    head     global average pooling → linear

    block    x → conv 3×3 → batch norm → ReLU → conv 3×3 → batch norm → SE → + → ReLU
             └─────────────── identity, or conv 1×1 → batch norm ─────────────┘

SE weighs the branch before the sum, as in the paper's Figure 3: what passes by on the shortcut is never gated.
"""

from collections.abc import Sequence

from ..compose import Residual, Sequential
from ..layers import SE, BatchNorm, Conv2D, Linear, global_avg_pool, relu


def resnet(
    se: bool = True, r: int = 4, widths: Sequence[int] = (16, 32, 64), blocks: int = 3, classes: int = 10
) -> Sequential:
    """Build a residual network; the default is SE-ResNet-20 with a reduction ratio of 4.

    Args:
        se: with or without SE blocks.
        r: reduction ratio.
        widths: channels of the stages; each stage after the first halves the resolution.
        blocks: residual blocks a stage, of two 3×3 convolutions each: 6·blocks + 2 layers with three stages.
        classes: how many logits.

    Returns:
        A Sequential on images (N, H, W, 3).

    Source: He et al. 2016, section 4.2, with projection shortcuts (their option B); Hu et al. 2019, Figure 3.
    """
    stem = [("conv", Conv2D(3, widths[0], bias=False)), ("bn", BatchNorm(widths[0])), ("relu", relu())]
    stages, c_in = [], widths[0]
    for number, c in enumerate(widths, start=1):
        stage = []
        for k in range(blocks):
            stride = 2 if number > 1 and k == 0 else 1
            stage.append((f"block{k + 1}", _block(c_in, c, stride, se, r)))
            c_in = c
        stages.append((f"stage{number}", Sequential(stage)))
    head = [("pool", global_avg_pool()), ("fc", Linear(c_in, classes, std=0.01))]
    return Sequential([("stem", Sequential(stem)), *stages, ("head", Sequential(head))])


def _block(c_in: int, c: int, stride: int, se: bool, r: int) -> Sequential:
    branch = [
        ("conv1", Conv2D(c_in, c, stride=stride, bias=False)),
        ("bn1", BatchNorm(c)),
        ("relu", relu()),
        ("conv2", Conv2D(c, c, bias=False)),
        ("bn2", BatchNorm(c)),
    ]
    if se:
        branch.append(("se", SE(c, r)))  # the last step of the branch, before the sum
    shortcut = None
    if stride > 1 or c_in != c:
        shortcut = Sequential([("conv", Conv2D(c_in, c, size=1, stride=stride, bias=False)), ("bn", BatchNorm(c))])
    return Sequential([("residual", Residual(Sequential(branch), shortcut)), ("relu", relu())])
