"""Exercises of notebook 4: the excitation, from means to gates."""

from typing import Any

import numpy as np

from ..grading.marks import Answer, Wrong, draw, expect, expect_gradients, require, with_cache
from . import reading
from .checking import exercise
from .passes import facts, in_order, listed, where_to_begin, wrong_gradients

GRADIENTS = ("dz", "dw1", "db1", "dw2", "db2")
WRONG = {"dz", "dw1", "db1"}  # in 4.3
C = 5  # channels in 4.3 and 4.5


@exercise("4.1")
def excitation(excitation_forward: Answer, excitation_backward: Answer) -> str:
    """The backward pass of FC1, ReLU, FC2 and sigmoid."""
    args = draw(0, z=(3, 5), w1=(5, 7), b1=7, w2=(7, 5), b2=5)
    forward = with_cache("excitation_forward", excitation_forward)
    h = np.maximum(args["z"] @ args["w1"] + args["b1"], 0)
    right = 1 / (1 + np.exp(-(h @ args["w2"] + args["b2"])))
    s, cache = forward(*(array.copy() for array in args.values()))
    expect(s, right, "s", "Was excitation_forward changed?")
    in_order(excitation_backward(np.ones_like(right), cache), GRADIENTS, "excitation_backward")
    wrong = wrong_gradients(forward, excitation_backward, args, GRADIENTS, "excitation_backward")
    if not wrong:
        return "All five gradients agree with finite differences at every element."
    advice = where_to_begin(wrong, "dz") or "All others are right, so da is right. Look at the line of dz itself."
    raise Wrong(f"{listed(wrong)} {advice} {facts(wrong)}")


@exercise("4.2")
def parameters(count_128: Any, count_16: Any) -> str:
    """The parameters of two SE blocks, biases included."""
    for value, name, c, units in ((count_128, "count_128", 128, 16), (count_16, "count_16", 16, 2)):
        count = reading.whole(value, name)
        said = f"{name} is {count:,}" if abs(count) < 10**9 else f"{name} is {float(count):.3g}"
        weights, biases = 2 * c * units, units + c
        alone = f"{said}: that is the number of weights in both matrices. What else does the block learn?"
        require(count != weights, alone)
        require(count != 2 * c + 1 + c, f"{said}: right for one hidden unit. How many has this block?")
        require(count != 2 * c, f"{said}: that is what two matrices have with one hidden unit. Read section 6.")
        require(count != weights + 2 * c, f"{said}: b1 has one number per hidden unit, not one per channel")
        shapes = "write down the shapes of w1, b1, w2 and b2, and multiply out"
        require(count == weights + biases, f"{said}, and that is not right: {shapes}")
    return "128 → 16 → 128 and 16 → 2 → 16: a block never has fewer than two hidden units."


@exercise("4.3")
def reshaped(wrong: Any, units: Any) -> str:
    """Which gradients suffer from a reshape in place of a transpose, and what hides it."""
    names = reading.gradients(wrong, "`wrong`", GRADIENTS)
    advice = "Follow the wrong array line by line: what is computed from it?"
    require(names <= WRONG, f"`wrong` names a gradient that is right. {advice}")
    require(names == WRONG, f"each name in `wrong` is a wrong gradient, but some are missing. {advice}")
    hidden = reading.whole(units, "units")
    said = f"{hidden:,}" if abs(hidden) < 10**9 else f"{float(hidden):.3g}"
    require(0 < hidden < 1000, f"units is {said}, expected a whole number above 0 and below 1,000")
    w2 = np.arange(C * hidden).reshape(hidden, C)
    differ = int((w2.reshape(w2.shape[::-1]) != w2.T).sum())
    message = f"units: with {hidden} hidden units and {C} channels, {differ} of {w2.size} numbers of the arrays differ"
    require(not differ, message)
    return "dw2 and db2 do not use dh. With one hidden unit, w2 has one row, and reshaping it is transposing it."


@exercise("4.4")
def dead_units(share_dead: Answer, h_test: Any) -> str:
    """The share of units that are 0 for every image, and an array for which the share of zeros says something else."""
    cases: list[tuple[list[list[float]], float, str]] = [
        ([[1, 0], [0, 1]], 0, "each unit is above 0 for one of the two images"),
        ([[0, 0], [1, 2]], 0, "both units are above 0 for the second image"),
        ([[0, 1, 0], [0, 0, 2]], 1 / 3, "one unit of three is 0 for every image"),
        ([[0, 0], [0, 0], [0, 0]], 1, "both units are 0 for every image"),
        ([[0, 3, 0], [0.01, 0, 0], [0, 0, 0]], 1 / 3, "one unit of three is 0 for every image"),
        ([[0.01, 0, 5, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0.2]], 2 / 5, "two units of five are 0 for every image"),
        ([[0, 0, 0], [4, 0.3, 0.02], [0, 0, 0]], 0, "each unit is above 0 for the image in the middle"),
        ([[0, 2, 0, 0, 7, 0, 1]], 4 / 7, "with one image, four units of seven are 0 for every image"),
    ]
    for rows, expected, why in cases:
        share = reading.number(share_dead(np.array(rows, np.float64)), "the result of share_dead")
        require(np.isclose(share, expected), f"for h = {rows} share_dead says {share:.3g}, but {why}")
    h = reading.numbers(h_test, "h_test")
    require(h.ndim == 2, f"h_test has shape {h.shape}, expected (images, hidden units)")
    require((h >= 0).all(), "h_test has numbers below 0: h comes after a ReLU")
    dead = int((h == 0).all(axis=0).sum())
    one = "is 0 for every image, so it is dead" if dead == 1 else "are 0 for every image, so they are dead"
    require(not dead, f"in h_test {dead} of {h.shape[1]} units {one}")
    zeros = (h == 0).mean()
    require(zeros >= 0.5, f"for h_test the formula of the report gives {zeros:.3g}, expected 1/2 or more")
    return "The report counted pairs of an image and a unit. A unit that is 0 for half of the images works well."


@exercise("4.5")
def softmax_gate(softmax_forward: Answer, softmax_backward: Answer, others_sigmoid: Any, others_softmax: Any) -> str:
    """A softmax gate, and which other gates move when one is pushed."""
    e = draw(0, e=(3, 7))["e"]
    forward = with_cache("softmax_forward", softmax_forward)
    s, cache = forward(e.copy())
    if isinstance(s, np.ndarray) and s.shape == e.shape:
        whole = "softmax_forward: the gates of the whole batch add up to 1. Each image must have a sum of its own."
        require(abs(s.sum() - 1) > 1e-6, whole)
        sums = s.sum(axis=1)
        n = int(np.abs(sums - 1).argmax())
        require(abs(sums[n] - 1) < 1e-6, f"the gates of image {n} add up to {sums[n]:.4g}, expected 1 for each image")
    right = np.exp(e) / np.exp(e).sum(axis=1, keepdims=True)
    expect(s, right, "s")
    ds = draw(1, ds=e.shape)["ds"]
    de = softmax_backward(ds.copy(), cache)
    de = de[0] if isinstance(de, (tuple, list)) and len(de) == 1 else de
    alone = np.shape(de) == e.shape and np.allclose(de, ds * right * (1 - right))
    same_place = "softmax_backward would be right if each gate depended on its own e alone: does it? Hint 1 asks this."
    require(not alone, same_place)
    for axis in (None, 0):
        mixed = right * (ds - (ds * right).sum(axis=axis, keepdims=True))
        images = (
            "softmax_backward mixes the images: its sum must go over the channels of one image. Which axis is that?"
        )
        require(np.shape(de) != e.shape or not np.allclose(de, mixed), images)
    expect_gradients(forward, softmax_backward, {"e": e})
    others = {"others_sigmoid": (others_sigmoid, 0), "others_softmax": (others_softmax, C - 1)}
    for name, (value, expected) in others.items():
        count = reading.whole(value, name)
        said = f"{count:,}" if abs(count) < 10**9 else f"{float(count):.3g}"
        require(count == expected, f"{name} is {said}: compute de for one e of shape (1, 5) and look at it")
    return "With softmax every other gate is pushed the opposite way, and all pushes add up to 0: the channels compete."
