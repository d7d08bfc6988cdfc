"""The attention block of a network: its settings, declared once, and the places where it may be attached."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from ..layers import ECA, SE, Layer
from ..options import Flag, OneOf, Whole, Wholes, check_settings, setting
from ..se import GATE
from ..variants import BLOCKS

POSITIONS = ("standard", "pre", "post", "identity")
NamedLayers = list[tuple[str, Layer]]


@dataclass(frozen=True)
class AttentionSettings:
    """Which block a network carries, and where. Every network takes these as keywords.

    Raises:
        ValueError: a value that is not allowed, or two that do not go together.

    Source: Hu et al. 2019, sections 3 and 6 (the ablations).
    """

    attention: str = setting(
        "se", OneOf(("se", "eca")), "two FC layers (se), or a kernel over neighboring channels (eca)"
    )
    reduction: int = setting(4, Whole(1, 4096), "reduction ratio r: C/r hidden units, at least 2")
    squeeze: str = setting("avg", OneOf((*BLOCKS,)), "squeeze operator; none: a gate for each position")
    gate: str = setting("sigmoid", OneOf((*GATE,)), "gate function")
    se_bias: bool = setting(True, Flag(), "biases in the two FC layers", "with")
    position: str = setting(
        "standard",
        OneOf(POSITIONS),
        "place on a residual block: on the branch before the sum (standard) or before its first convolution (pre), "
        "after the sum (post), on the shortcut (identity)",
        "standard",
    )
    stages: tuple[int, ...] = setting((), Wholes(0, 100, 1, 100, rising=True), "stages with the block", "all")

    def __post_init__(self) -> None:
        check_settings(self)
        if self.attention == "eca" and self.squeeze != "avg":
            raise ValueError(
                f"attention is 'eca' and squeeze {self.squeeze!r}: ECA squeezes by the average, leave it out"
            )

    def block(self, channels: int, multiple: int = 1) -> Layer:
        """The block for a number of channels, its hidden units a multiple of `multiple`."""
        if self.attention == "eca":
            return ECA(channels, self.gate)
        return SE(channels, self.reduction, self.squeeze, self.gate, self.se_bias, multiple)


class Attach:
    """What stands at a place where a block may stand: `attach(stage, channels)` is [("se", block)], or [] for none.

    Args:
        se: with or without blocks.
        stages: how many the network has.
        attention: fields of `AttentionSettings` by name.
        positions: which of POSITIONS the network has.
        multiple: numbers of hidden units are rounded to a multiple of it.

    Raises:
        ValueError: a setting that does not exist, or that this network does not know.
    """

    def __init__(
        self,
        se: bool,
        stages: int,
        attention: dict[str, Any],
        positions: Sequence[str] = ("standard",),
        multiple: int = 1,
    ):
        known = [field.name for field in fields(AttentionSettings)]
        if unknown := [name for name in attention if name not in known]:
            raise ValueError(f"there is no setting {unknown[0]!r}, expected some of {', '.join(known)}")
        if stages < 1:
            raise ValueError("widths is empty, expected the channels of each stage")
        self.se, self.settings, self.multiple = se, AttentionSettings(**attention), multiple
        if self.settings.position not in positions:
            raise ValueError(
                f"position is {self.settings.position!r}, which is a place on a residual block, and this network has "
                "none: choose a residual network such as resnet20, or leave the position out"
            )
        if any(number > stages for number in self.settings.stages):
            raise ValueError(
                f"stages are {[*self.settings.stages]}, expected numbers from 1 to {stages}: this network has no others"
            )

    def __call__(self, stage: int, channels: int, position: str = "standard") -> NamedLayers:
        """The block for this place, under the name "se"."""
        settings = self.settings
        if not self.se or position != settings.position or (settings.stages and stage not in settings.stages):
            return []
        return [("se", settings.block(channels, self.multiple))]
