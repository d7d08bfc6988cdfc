"""The paper's choices: which block, with which options, and where in a network it stands.

Every network takes `se`, with or without, and these choices as keywords; what they mean is written here, once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..layers import ECA, SE, Layer
from ..se import GATE
from ..variants import BLOCKS

EXCITE = ("fc", "eca")
POSITIONS = ("standard", "pre", "post", "identity")
Named = list[tuple[str, Layer]]


@dataclass(frozen=True)
class Choices:
    """All options of an SE block, and of its place.

    Args:
        r: reduction ratio; the FCs have h = max(2, C // r) hidden units.
        squeeze: "avg", "max", "none" (a gate for each position) or "avg+max" (CBAM's channel half).
        gate: "sigmoid", "tanh" or "relu".
        bias: whether the two FCs have biases.
        excite: "fc", the paper's two FCs; or "eca", one kernel that slides along the channels (squeeze avg alone).
        position: where on a residual block: "standard", on the branch before the sum; "pre", on the branch before its
            first convolution; "post", after the sum and its ReLU; "identity", on the shortcut.
        stages: the numbers of the stages that carry SE blocks, from 1; empty for all.

    Raises:
        ValueError: a choice that does not exist, or two that do not go together.

    Source: Hu et al. 2019, sections 3 and 6 (the ablations).
    """

    r: int = 4
    squeeze: str = "avg"
    gate: str = "sigmoid"
    bias: bool = True
    excite: str = "fc"
    position: str = "standard"
    stages: tuple[int, ...] = ()

    def __post_init__(self):
        known = {"squeeze": BLOCKS, "gate": GATE, "excite": EXCITE, "position": POSITIONS}
        for name, choices in known.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is {getattr(self, name)!r}, expected one of {[*choices]}")
        if self.excite == "eca" and self.squeeze != "avg":
            raise ValueError(f"excite is 'eca' and squeeze {self.squeeze!r}: ECA squeezes by the average, leave it out")

    def block(self, c: int) -> Layer:
        """The block for c channels."""
        return ECA(c, self.gate) if self.excite == "eca" else SE(c, self.r, self.squeeze, self.gate, self.bias)


class Attach:
    """What stands at a place where SE may stand: `se_at(stage, c)` is [("se", block)], or [] where none is wanted.

    Args:
        se: with or without SE blocks.
        stages: how many the network has.
        positions: which it knows.
        choices: the fields of `Choices`.

    Raises:
        ValueError: a choice that does not exist, or that this network does not know.
    """

    def __init__(self, se: bool, stages: int, choices: dict[str, Any], positions: Sequence[str] = POSITIONS[:1]):
        wanted = Choices(**choices)
        self.choices = wanted if se else None
        position, asked = wanted.position, wanted.stages
        if position not in positions:
            raise ValueError(
                f"position is {position!r}, which is a place on a residual block, and this network has none: "
                "choose a residual network such as resnet20, or leave the position out"
            )
        if any(not 1 <= number <= stages for number in asked):
            raise ValueError(f"stages are {[*asked]}, expected numbers from 1 to {stages}: this network has no others")

    def __call__(self, stage: int, c: int, position: str = "standard") -> Named:
        """The block for this place, under the name "se"."""
        wanted = self.choices
        if wanted is None or position != wanted.position or (wanted.stages and stage not in wanted.stages):
            return []
        return [("se", wanted.block(c))]
