"""Exercises of notebook 14: SE in other people's networks."""

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..containers import trace
from ..grading.marks import Answer, expect, expect_gradients, require, with_cache
from ..nets import resnet50
from ..nets.describe import equation_5
from ..nets.mobilenet import BLOCKS
from ..ops import hard_swish_forward
from . import reading
from .checking import exercise

CHANNELS = (72, 88, 200)
# For finite differences: far from −3, 0 and 3, where a mask of the learner's may change.
SMOOTH = np.linspace(-6.2, 6.55, 35).reshape(5, 7)


@exercise("14.1")
def rounded_widths(hidden: Any) -> str:
    """Numbers of hidden units as MobileNetV3 rounds them."""
    if isinstance(hidden, Mapping) and {*hidden} == {*CHANNELS}:
        hidden = [hidden[c] for c in CHANNELS]
    given = reading.numbers(hidden, "hidden").ravel()
    holds = f"hidden holds {given.size} number{'s' * (given.size != 1)}"
    require(given.size == 3, f"{holds}, expected 3: for 72, 88 and 200 channels")
    for c, answer, right in zip(CHANNELS, given, (24, 24, 48), strict=True):
        start = f"hidden: {answer:g} for C = {c}"
        require(answer != c // 4, f"{start} is C // 4; MobileNetV3 takes a multiple of 8")
        require(answer % 8 == 0, f"{start} is no multiple of 8")
        low = 0 < answer < 0.9 * (c // 4)
        require(not low, f"{start} is {answer / (c // 4):.0%} of {c // 4}. What does the rule say about nine tenths?")
        require(answer == right, f"{start} is not the multiple of 8 that is nearest to {c // 4}")
    return "After rounding, C divided by the hidden units is only about 4."


@exercise("14.2")
def hard_swish(forward: Answer, backward: Answer) -> str:
    """y = x · hard sigmoid of x, forward and backward."""
    forward = with_cache("forward", forward)
    x = np.array([[-5.0, -1.5, 0.0, 1.5, 5.0], [-2.9, 2.9, 1.0, -0.5, 3.5], [-3.0, 3.0, -7.0, 7.0, 0.1]])
    right = hard_swish_forward(x)[0]
    expect(forward(x.copy())[0], right, "y")
    expect_gradients(forward, backward, {"x": SMOOTH})
    return "x stands in both factors, so the product rule gives two terms; from 3 on they are 1 and 0."


@exercise("14.3")
def first_to_differ(first: Any) -> str:
    """The first layer whose output differs between the two ResNet-50s."""
    paths, differ = _compared()
    node = getattr(first, "node", first)  # of a step
    name = getattr(node, "path", node)
    path = str(name).strip(" .").lower()
    said = reprlib.repr(name) if isinstance(name, str) else f"of type {type(name).__name__}"
    require(path in paths, f"first is {said}, expected a path of the network, such as {paths[1]!r}")
    at = paths.index(path)
    require(differ[at], f"the outputs of {path} are equal in both networks: look further on")
    require(not any(differ[:at]), f"the outputs of {path} differ, but so do those of a layer before it")
    return "Stride and padding are not in a file of weights, so every array fits, and the numbers are still wrong."


@exercise("14.4")
def moved(middle: Any, end: Any) -> str:
    """Eq. 5 for MobileNetV3-small, with SE in the middle and at the end of its blocks."""
    gated = [block for block in BLOCKS if block.se]
    right = {
        "middle": equation_5([block.expanded for block in gated], 4),
        "end": equation_5([block.channels for block in gated], 4),
    }
    every = {
        "middle": equation_5([block.expanded for block in BLOCKS], 4),
        "end": equation_5([block.channels for block in BLOCKS], 4),
    }
    for name, answer in (("middle", middle), ("end", end)):
        value = reading.number(answer, name)
        start = f"{name}: {value:,.0f}"
        other = right["end" if name == "middle" else "middle"]
        require(not np.isclose(value, other), f"{start} belongs to the other place")
        require(not np.isclose(value, every[name]), f"{start} counts all blocks of the table: do all have SE?")
        require(not np.isclose(2 * value, right[name]), f"{start} is one of the two matrices alone")
        advice = "For each block with SE take C at this place; r is 4 and no bias counts."
        require(np.isclose(value, right[name], rtol=0.001), f"{start} is not right. {advice}")
    return (
        f"At the end SE would have {right['end'] / right['middle']:.0%} of the parameters: 2C²/r grows with C squared."
    )


def _compared() -> tuple[list[str], list[bool]]:
    """The paths of a small ResNet-50, and whether each output differs from that of the paper's form of it."""
    rng, small = np.random.default_rng(0), {"widths": (4, 4, 8, 8), "classes": 10}
    one, other = resnet50(**small), resnet50(**small, caffe=True)
    trees, x = one.init(rng), rng.standard_normal((1, 64, 64, 3)).astype(np.float32)
    pairs = [*zip(trace(one, *trees, x), trace(other, *trees, x), strict=True)]
    differ = [a.output.shape != b.output.shape or not np.allclose(a.output, b.output) for a, b in pairs]
    return [a.node.path for a, _ in pairs], differ
