"""Timing in turns. A machine is never the same from one minute to the next; a ratio taken within a round nearly is."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Timer = Callable[[], float]  # does the job once and returns its seconds


def timer(job: Callable[[], Any]) -> Timer:
    """A function that does the job and returns how many seconds it took."""

    def timed() -> float:
        began = time.perf_counter()
        job()
        return time.perf_counter() - began

    return timed


def in_turns(timers: Mapping[str, Timer], rounds: int) -> dict[str, list[float]]:
    """Let everyone have a turn, round by round.

    Args:
        timers: the contenders.
        rounds: how often each is timed. Before each timed turn comes one that is not: whoever had the machine
            before has emptied the caches.

    Returns:
        The seconds of each, one for each round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(rounds):
        for name, timed in timers.items():
            timed()
            seconds[name].append(timed())
    return seconds


def ratio(theirs: list[float], ours: list[float]) -> dict[str, float]:
    """How many times faster we are, round by round: median, and the middle half of the rounds."""
    low, middle, high = np.quantile(np.divide(theirs, ours), [0.25, 0.5, 0.75])
    return {"median": float(middle), "quartile1": float(low), "quartile3": float(high)}
