"""Exercises of notebook 12: fair times, and what bounds them."""

import reprlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..grading.marks import Answer, Wrong, draw, expect, expect_gradients, require, with_cache
from . import reading
from .checking import exercise

STEPS = ("squeeze", "fc1", "scale")
RUNS = 10_000  # that one comparison may take: by far enough
Machine = Callable[[np.random.Generator, int, int], tuple[float, float]]  # all runs, own runs: factor, and extra time
MACHINES: dict[str, Machine] = {
    "gets slower while you measure": lambda rng, runs, own: (1 + 0.02 * runs, 0),
    "needs more time for the first run of each program": lambda rng, runs, own: (1, 30 * (own == 0)),
    "is interrupted now and then": lambda rng, runs, own: (rng.uniform(5, 30) if rng.random() < 0.12 else 1, 0),
}


@exercise("12.1")
def intensities(squeeze: Any, fc1: Any, scale: Any, most_bytes: Any) -> str:
    """Operations per byte of three steps of the SE block, and which of them moves most bytes."""
    n, positions, c, hidden = 32, 16 * 16, 64, 16
    u, z, a, w1 = n * positions * c, n * c, n * hidden, c * hidden  # how many numbers each array has
    operations, numbers = (u, 2 * n * w1, u), (u + z, z + w1 + a, u + z + u)
    given = [reading.number(answer, name) for answer, name in zip((squeeze, fc1, scale), STEPS, strict=True)]
    times_right = [answer * 4 * m / k for answer, k, m in zip(given, operations, numbers, strict=True)]
    require(not np.allclose(times_right, 4, rtol=0.03), "These are operations per number. Ask for bytes.")
    require(not np.allclose(times_right, 0.5, rtol=0.03), "How many bytes has a number in float32? Look at all three.")
    for name, answer, k, times in zip(STEPS, given, operations, times_right, strict=True):
        if name == "fc1" and np.isclose(times, 0.5, rtol=0.03):
            raise Wrong(f"fc1: {answer:.3g} counts a multiplication with its addition as one operation.")
        if name == "scale" and np.isclose(times, 2, rtol=0.03):
            raise Wrong(f"scale: {answer:.3g} counts one large array. Which are read, which is written?")
        advice = f"It does {k:,} operations; add up the bytes of all arrays that it reads and writes."
        require(np.isclose(times, 1, rtol=0.03), f"{name}: {answer:.3g} (operations per byte) is not right. {advice}")
    name = str(most_bytes).strip(" .!").lower().removeprefix("the ")
    require(name in STEPS, f"most_bytes is {reprlib.repr(most_bytes)}, expected one of {', '.join(STEPS)}")
    require(name == "scale", f"most_bytes is {name}: compare the three sums of bytes.")
    return (
        "Counted in operations SE is nearly free; but the squeeze and the scale move large arrays, and that takes time."
    )


@exercise("12.2")
def fair(compare: Answer) -> str:
    """A comparison of two programs, on simulated machines that are not quiet."""
    for fault, slow in MACHINES.items():
        for truth, seed in ((truth, seed) for truth in (1.0, 1.4) for seed in range(1, 9)):
            returned = compare(*_timers(truth, slow, seed))
            require(returned is not None, "compare(time_a, time_b) is None: does the function return it?")
            answer = reading.number(returned, "compare(time_a, time_b)")
            words = "A and B are equally fast" if truth == 1 else f"B takes {truth} times as long as A"
            where = f"{words}, on a machine that {fault}; your comparison says {answer:.2f}"
            turned = truth != 1 and np.isclose(answer, 1 / truth, rtol=0.06)
            require(not turned, f"{where}. Which of the two times belongs above the fraction line?")
            require(np.isclose(answer, truth, rtol=0.06), f"{where}.")
    return "Turns cancel what changes slowly, and a median (or the fastest run) ignores what happens now and then."


def _timers(times: float, slow: Machine, seed: int) -> tuple[Callable[[], float], Callable[[], float]]:
    """Two programs, the second of which takes `times` as long, on one simulated machine."""
    rng, runs = np.random.default_rng(seed), {"A": 0, "B": 0}

    def timer(name: str, cost: float) -> Callable[[], float]:
        def run() -> float:
            total = sum(runs.values())
            require(total < RUNS, f"after {RUNS:,} runs compare still has no answer: some twenty rounds are enough")
            factor, extra = slow(rng, total, runs[name])
            runs[name] += 1
            return 0.001 * (cost * factor * (1 + 0.01 * rng.standard_normal()) + extra)

        return run

    return timer("A", 1.0), timer("B", times)


@exercise("12.3")
def shares(norm_faster: Any, se_free: Any, convolutions_needed: Any) -> str:
    """Amdahl's law, three times."""
    first, second = reading.number(norm_faster, "norm_faster"), reading.number(se_free, "se_free")
    third = reading.number(convolutions_needed, "convolutions_needed")
    turned = "That is the gain if everything except batch norm were four times as fast: which share is p?"
    require(not np.isclose(first, 1 / (0.25 + 0.75 / 4), rtol=0.01), f"norm_faster: {first:.3g}. {turned}")
    new = "What takes longer or shorter than before? Write down the new time, if the old time is 1."
    digits = "is not right to three significant digits."
    require(np.isclose(first, 1 / (0.75 + 0.25 / 4), rtol=0.01), f"norm_faster: {first:.3g} {digits} {new}")
    most = "The SE blocks can at best take no time at all: how much time is left then?"
    require(np.isclose(second, 1 / 0.85, rtol=0.01), f"se_free: {second:.3g} {digits} {most}")
    half = f"With {third:.3g} the step takes {0.4 + 0.6 / third if third else np.inf:.3g} of its old time."
    require(np.isclose(third, 6, rtol=0.01), f"convolutions_needed: {half} It should take one half.")
    return "What is not made faster soon takes most of the time."


@exercise("12.4")
def winograd(winograd_forward: Answer, winograd_backward: Answer) -> str:
    """The backward pass of Winograd's convolution in one dimension."""
    args, forward = draw(3, d=4, g=3), with_cache("winograd_forward", winograd_forward)
    right = np.correlate(args["d"], args["g"])
    expect(forward(args["d"].copy(), args["g"].copy())[0], right, "y of winograd_forward")
    expect_gradients(forward, winograd_backward, args)
    return "Each linear map became its transpose, and ⊙ became the product rule."


@exercise("12.5")
def workers(times_as_fast: Any) -> str:
    """The gain of 1, 2, 3, 4 and 8 workers that share four equal pieces."""
    counts = (1, 2, 3, 4, 8)
    if isinstance(times_as_fast, Mapping) and {*times_as_fast} == {*counts}:
        times_as_fast = [times_as_fast[count] for count in counts]
    given = reading.numbers(times_as_fast, "times_as_fast").ravel()
    holds = f"times_as_fast holds {given.size} number{'s' * (given.size != 1)}"
    require(given.size == 5, f"{holds}, expected 5: for 1, 2, 3, 4 and 8 workers")
    for count, answer, right in zip(counts, given, (1, 2, 2, 4, 4), strict=True):
        who = f"{count} worker{' is' if count == 1 else 's are'} not {answer:.3g} times as fast as one."
        advice = "Draw one line per worker: which piece does it work on, and when is the last piece done?"
        require(np.isclose(answer, right, rtol=0.01), f"times_as_fast: {who} {advice}")
    return "The slowest worker decides, so four pieces take three workers as long as two."
