"""Exercises of notebook 4: the excitation, from means to gates."""

from typing import Any

import numpy as np

from ..grading.marks import Answer, Wrong, draw, expect, expect_gradients, require, with_cache
from . import reading
from .checking import exercise

GRADIENTS = ("dz", "dw1", "db1", "dw2", "db2")
WRONG = {"dz", "dw1", "db1"}  # in 4.3


@exercise("4.1")
def excitation(forward: Answer, backward: Answer) -> str:
    """The backward pass of FC1, ReLU, FC2 and sigmoid."""
    args = draw(0, z=(3, 5), w1=(5, 4), b1=4, w2=(4, 5), b2=5)
    s = forward(**args)[0]
    h = np.maximum(args["z"] @ args["w1"] + args["b1"], 0)
    expect(s, 1 / (1 + np.exp(-(h @ args["w2"] + args["b2"]))), "s", "Was excitation_forward changed?")
    grads = backward(np.ones_like(s), forward(**args)[1])
    count = len(grads) if isinstance(grads, (tuple, list)) else 1
    require(count == len(GRADIENTS), f"expected five gradients, {', '.join(GRADIENTS)}; backward returned {count}")
    expect_gradients(forward, lambda ds, cache: tuple(backward(ds, cache)), args)
    return "All five gradients agree with finite differences at every element."


@exercise("4.2")
def parameters(count_128: Any, count_16: Any) -> str:
    """The parameters of two SE blocks, biases included."""
    for value, name, c, units in ((count_128, "count_128", 128, 16), (count_16, "count_16", 16, 2)):
        count = reading.number(value, name)
        weights, biases = 2 * c * units, units + c
        alone = f"{name}: {count:,.0f} is the number of weights in both matrices. What else does the block learn?"
        require(count != weights, alone)
        require(count != 2 * c + 1 + c, f"{name}: {count:,.0f} is right for one hidden unit. How many has this block?")
        require(count != 2 * c, f"{name}: {count:,.0f} is what two matrices have with one hidden unit. Read section 6.")
        require(count != weights + 2 * c, f"{name}: b1 has one number per hidden unit, not one per channel")
        shapes = "write down the shapes of w1, b1, w2 and b2, and multiply out"
        require(count == weights + biases, f"{name}: {count:,.0f} is not right; {shapes}")
    return "128 → 16 → 128 and 16 → 2 → 16: a block never has fewer than two hidden units."


@exercise("4.3")
def reshaped(wrong: Any, units: Any) -> str:
    """Which gradients suffer from a reshape in place of a transpose, and what hides it."""
    names = reading.gradients(wrong, GRADIENTS)
    missed, blamed = len(WRONG - names), len(names - WRONG)
    advice = "Follow the wrong array line by line: what is computed from it?"
    require(not blamed, f"{blamed} of the names in `wrong` are gradients that are right. {advice}")
    require(not missed, f"all names in `wrong` are right answers, but some are missing. {advice}")
    hidden = reading.number(units, "units")
    whole = hidden == round(hidden) and 0 < hidden < 1000
    require(whole, f"units is {hidden:g}, expected a whole number above 0 and below 1,000")
    w2 = np.arange(5 * int(hidden)).reshape(int(hidden), 5)
    differ = int((w2.reshape(w2.shape[::-1]) != w2.T).sum())
    message = f"with {hidden:g} hidden units and 5 channels, {differ} of {w2.size} numbers of the two arrays differ"
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
    ]
    for rows, expected, why in cases:
        share = reading.number(share_dead(np.array(rows, np.float64)), "share_dead(h)")
        require(np.isclose(share, expected), f"for h = {rows} share_dead says {share:.3g}, but {why}")
    try:
        h = np.asarray(h_test, np.float64)
    except (TypeError, ValueError):
        raise Wrong("h_test must be an array of numbers") from None
    require(h.ndim == 2 and h.size, f"h_test has shape {h.shape}, expected (images, hidden units)")
    require((h >= 0).all(), "h_test has numbers below 0: h comes after a ReLU")
    dead = int((h == 0).all(axis=0).sum())
    require(not dead, f"in h_test {dead} of {h.shape[1]} units are 0 for every image, so they are dead")
    zeros = (h == 0).mean()
    require(zeros >= 0.5, f"for h_test the formula of the report gives {zeros:.3g}, expected 1/2 or more")
    return "The report counted pairs of an image and a unit. A unit that is 0 for half of the images works well."


@exercise("4.5")
def softmax_gate(forward: Answer, backward: Answer, others_sigmoid: Any, others_softmax: Any) -> str:
    """A softmax gate, and which other gates move when one is pushed."""
    e = np.random.default_rng(0).standard_normal((3, 5))
    result = with_cache("softmax_forward", forward)(e)
    sums = np.asarray(result[0], np.float64)
    if sums.shape == e.shape and not np.allclose(sums.sum(axis=1), 1):
        raise Wrong(f"the gates of image 0 add up to {sums[0].sum():.4g}, expected 1 for each image")
    expect(result[0], np.exp(e) / np.exp(e).sum(axis=1, keepdims=True), "s")
    expect_gradients(forward, backward, {"e": e})
    others = {"others_sigmoid": (others_sigmoid, 0), "others_softmax": (others_softmax, 4)}
    for name, (value, expected) in others.items():
        count = reading.number(value, name)
        advice = "compute de for one e of shape (1, 5) and look at it"
        require(count == expected, f"{name} is {count:g}: {advice}")
    return "With softmax every other gate is pushed the opposite way, and all pushes add up to 0: the channels compete."
