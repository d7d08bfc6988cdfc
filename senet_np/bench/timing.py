"""Timing in turns. A machine changes from one minute to the next; a ratio taken within a round hardly does."""

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from ..errors import SenetError
from ..fast.workers import die_with_parent

Timer = Callable[[], float]  # does the job once and returns its seconds


def timer(job: Callable[[], Any]) -> Timer:
    """Make a function that does the job and returns how many seconds it took."""

    def timed() -> float:
        began = time.perf_counter()
        job()
        return time.perf_counter() - began

    return timed


def in_turns(timers: Mapping[str, Timer], rounds: int) -> dict[str, list[float]]:
    """Time several jobs round by round: the seconds of each, one for each round.

    Before each timed turn comes one that is not, as the job before has emptied the caches.
    """
    seconds: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(rounds):
        for name, timed in timers.items():
            timed()
            seconds[name].append(timed())
    return seconds


def median_seconds(job: Callable[[], Any], rounds: int) -> float:
    """The median of the rounds of one job."""
    return float(np.median(in_turns({"job": timer(job)}, rounds)["job"]))


class FreshProcess(ProcessPoolExecutor):
    """A process in which nothing has happened yet, for the length of a `with` statement."""

    def __init__(self) -> None:
        try:
            super().__init__(1, get_context("spawn"), die_with_parent)
            self.submit(os.getpid).result()
        except (OSError, RuntimeError) as error:
            raise SenetError(f"the benchmark has to start processes, and the system refuses them: {error}") from error


def in_fresh_process(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in a process of its own."""
    with FreshProcess() as process:
        return process.submit(function, *args).result()


def ratio(theirs: list[float], ours: list[float]) -> dict[str, float]:
    """How many times faster we are, round by round: median, and the middle half of the rounds."""
    low, middle, high = np.quantile(np.divide(theirs, ours), [0.25, 0.5, 0.75])
    return {"median": float(middle), "quartile1": float(low), "quartile3": float(high)}
