"""The tiny SE-CNN, the net of the whole course: three stages of conv – batch norm – ReLU – SE, then one linear head.

Floor 3.

    image 32×32×3
    stage1   conv 3×3 → 32    BN  ReLU  SE   max-pool 2×2      → 16×16×32
    stage2   conv 3×3 → 64    BN  ReLU  SE   max-pool 2×2      →  8×8×64
    stage3   conv 3×3 → 128   BN  ReLU  SE                     →  8×8×128
    head     global average pooling, linear                    → 10 logits

105,794 parameters with SE at r = 4, 94,762 without.
"""

from collections.abc import Sequence

from ..compose import Sequential
from ..layers import SE, BatchNorm, Conv2D, Linear, global_avg_pool, max_pool, relu


def tiny(
    se: bool = True,
    r: int = 4,
    squeeze: str = "avg",
    gate: str = "sigmoid",
    se_bias: bool = True,
    widths: Sequence[int] = (32, 64, 128),
    classes: int = 10,
) -> Sequential:
    """Build the tiny SE-CNN, or the same net without the SE blocks.

    Args:
        se: whether an SE block stands after each stage's ReLU.
        r: reduction ratio of the SE blocks, dimensionless.
        squeeze: "avg" or "max".
        gate: "sigmoid", "tanh" or "relu".
        se_bias: whether the SE blocks' FCs have biases.
        widths: channels of each stage; 2×2 max pooling stands between stages.
        classes: how many logits.

    Returns:
        A Sequential on images (N, H, W, 3).

    Raises:
        ValueError: an option that the SE block does not know.

    Source: ours, small enough for a CPU; the block's place follows Hu et al. 2019 for nets without shortcuts.
    """
    stages = []
    c_in = 3
    for number, c in enumerate(widths, start=1):
        stage = [("conv", Conv2D(c_in, c, bias=False)), ("bn", BatchNorm(c)), ("relu", relu())]
        if se:
            stage.append(("se", SE(c, r, squeeze, gate, se_bias)))
        if number < len(widths):
            stage.append(("pool", max_pool(size=2, stride=2)))
        stages.append((f"stage{number}", Sequential(stage)))
        c_in = c
    # Small weights in the head: at the start all logits are close to 0, and the loss is close to log(classes).
    head = Sequential([("pool", global_avg_pool()), ("fc", Linear(c_in, classes, std=0.01))])
    return Sequential([*stages, ("head", head)])
