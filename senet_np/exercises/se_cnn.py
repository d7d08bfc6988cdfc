"""Exercises of notebook 8: the tiny SE-CNN, forward and backward."""

from typing import Any

import numpy as np

from ..grading.marks import Wrong, require
from . import reading
from .checking import exercise

PARTS = ("conv.w", "bn.gamma", "bn.beta", "se.w1", "se.b1", "se.w2", "se.b2")
ARRAYS = [f"stage{number}.{part}" for number in (1, 2, 3) for part in PARTS] + ["head.w", "head.b"]
BEFORE_THE_LINE = {name for name in ARRAYS if name.startswith(("stage3.se", "head"))}  # computed by then
START, UPDATES = np.log(10), 150


@exercise("8.1")
def overfit(losses: Any) -> str:
    """The losses of 150 updates on the same 20 images."""
    found = reading.numbers(losses, "losses").ravel()
    require(found.size > 1, f"losses is one number. Give the losses of all {UPDATES} updates, in a list.")
    require(found.size == UPDATES, f"losses holds {found.size} numbers, expected {UPDATES}: one of each update.")
    require(found.min() > -1e-6, f"losses holds {found.min():.3g}: −log of a probability is never below 0.")
    first, last = found[0], found[-1]
    fresh = f"losses: the first is {first:.2f}. A network that knows nothing begins near {START:.1f}: is this one new?"
    require(abs(first - START) < 1, fresh)
    same = f"losses: all are {first:.3f}, so nothing is learned. Which parameters does each update begin with?"
    require(np.ptp(found) > 1e-6, same)
    above = f"losses: the last is {last:.2f}, not below 0.05. Do parameters *and* velocities go into the next update?"
    require(last < 0.05, f"{above} Are images and labels the same 20 each time?")
    return f"From {first:.2f} to {last:.4f}. If this fails, a long training fails too, and does not show why."


@exercise("8.2")
def one_line_less(names: Any) -> str:
    """The arrays whose gradient is wrong without the sum of the two paths."""
    try:
        found = reading.names(names)
    except Wrong as error:
        raise Wrong(f"names: {error}") from None
    unknown = sorted(found - {*ARRAYS})
    require(not unknown, f'names: there is no array "{next(iter(unknown), "")}". Names are such as "stage1.conv.w".')
    extra = "names: not all of these gradients are wrong. Which of them does `backward` compute before the line?"
    require(not found & BEFORE_THE_LINE, extra)
    few = "names: these gradients are wrong, but not they alone."
    complete = found == {*ARRAYS} - BEFORE_THE_LINE
    require(complete, f"{few} Follow `dx` from the line to the end of the loop, and through all stages.")
    return (
        "All that is computed from dx after the line. Training does not show it: "
        "the solution trains such a network to more than 90 %."
    )


@exercise("8.3")
def momentum(theta_after_3: Any, v_in_the_end: Any) -> str:
    """θ after three updates with dθ = 1 and η = 0.1, and where v goes."""
    theta, v = reading.number(theta_after_3, "theta_after_3"), reading.number(v_in_the_end, "v_in_the_end")
    known = {
        0.561: "A parameter moves against its gradient: which sign has θ?",
        -0.3: "It is three times η · dθ: what the update does without a velocity.",
        -0.271: "It is what the third update alone changes. Where was θ before it?",
    }
    for number, words in known.items():
        require(not np.isclose(theta, number, rtol=0.01), f"theta_after_3 is {theta:g}, and that is not right. {words}")
    table = f"theta_after_3 is {theta:g}, and that is not right. Write a table with dθ, v and θ, one row per update;"
    require(np.isclose(theta, -0.561, rtol=0.01), f"{table} v changes before θ.")
    steady = f"theta_after_3 is right. v_in_the_end: with v = {v:g} the next v is 0.9 · {v:g} + 1 = {0.9 * v + 1:g}."
    require(np.isclose(v, 10, rtol=0.01), steady)
    return "With a steady gradient, momentum 0.9 makes each update ten times as long as η · dθ."


@exercise("8.4")
def gray_sky(accuracy_gray: Any, classes_left: Any) -> str:
    """What can be reached on `shapes` without the sky."""
    reached, classes = reading.number(accuracy_gray, "accuracy_gray"), reading.whole(classes_left, "classes_left")
    require(0 <= reached <= 100, f"accuracy_gray is {reached:g}, expected a share from 0 to 1, or a percentage")
    share = reached / 100 if reached > 1 else reached
    words = f"accuracy_gray: {100 * share:.1f} % of the test images"
    much = f"{words} is more than a network can reach that has no sky. Are rows 0 to 4 gray in both sets of images?"
    require(share <= 0.65, much)
    little = f"{words} is less than this training reaches. Do the images still fit their labels? How many epochs?"
    require(share >= 0.35, little)
    chance = (
        "accuracy_gray is right. But with ten classes to guess from, one would get 10 %. Which textures can be seen?"
    )
    require(classes != 10, chance)
    number = f"accuracy_gray is right, classes_left is not: it is {classes:g}. How many textures does an image show?"
    require(classes == 2, number)
    return (
        "Both textures can be recognized, and nothing tells which one to classify: half right is all that is possible."
    )
