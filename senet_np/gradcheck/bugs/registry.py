"""What a planted mistake is, how one is written down, and how the gradient checks are set on it.

A module of mistakes opens with an empty list and adds to it in the order of the page:

    MISTAKES: list[Mistake] = []
    mistake = planter(MISTAKES)

    @mistake("relu", "title", cause="key", why="One sentence.")
    def _name(dy, cache):
        ...
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..cases import op_cases, se_cases
from ..check import ArgumentCheck

UNIFORM = 1e-7  # how well one ratio has to explain the whole gradient before it is named
Backward = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Mistake:
    """One wrong backward pass, and why people write it."""

    op: str  # the name of the pair, as in `Case.op`
    title: str  # a few words: what is wrong
    cause: str  # the key of the mistake behind it; no two planted mistakes share one
    why: str  # one sentence: what people think when they make it
    backward: Backward

    @property
    def name(self) -> str:
        """A name for a line of a table."""
        return f"{self.op}: {self.title}"

    @property
    def source(self) -> str:
        """The function's text under the op's own name, without title and why: what a spot-the-bug exercise shows."""
        _, _, function = inspect.getsource(self.backward).partition("\ndef ")  # the decorator stands before it
        return f"def {self.op}_backward{function[function.index('(') :]}"


@dataclass(frozen=True)
class Caught:
    """The first case that a wrong backward pass does not survive."""

    case: str  # the case's name
    argument: str  # whose gradient is worst; "" where backward raised
    worst: float  # its scaled error; infinite where its shape or dtype is wrong, or backward raised
    finding: str  # the same in words, for a line of a table


class _BackwardRaised(Exception):
    """Keeps what a backward pass raises apart from what the check itself may raise."""


def planter(mistakes: list[Mistake]) -> Callable[..., Callable[[Backward], Backward]]:
    """Make the decorator that a module of mistakes adds to its list with.

    Args:
        mistakes: the list; every decorated function is appended to it as a `Mistake`.

    Returns:
        The decorator `mistake(op, title, cause=..., why=...)`; it leaves the function as it is.
    """

    def mistake(op: str, title: str, *, cause: str, why: str) -> Callable[[Backward], Backward]:
        def plant(backward: Backward) -> Backward:
            mistakes.append(Mistake(op, title, cause, why, backward))
            return backward

        return plant

    return mistake


def catch(mistake: Mistake, seed: int = 0) -> Caught | None:
    """Set the op's gradient checks on a wrong backward pass, one case after the other until one fails.

    Args:
        mistake: what to catch.
        seed: draws the cases' numbers.

    Returns:
        Which case caught it and by what; None if it escapes every case.

    Raises:
        ValueError: there is no case of this op.
        AssertionError: a case could not be checked at all.
    """
    cases = [case for case in (*op_cases(), *se_cases()) if case.op == mistake.op]
    if not cases:
        raise ValueError(f"there is no case of {mistake.op!r}, expected a promised op, 'se' or one of its relatives")
    for case in cases:
        note = f" ({case.note})" if case.note else ""
        try:
            report = replace(case, backward=_guard(mistake.backward)).run(seed)
        except _BackwardRaised as error:
            return Caught(case.name, "", np.inf, f"backward raises {type(error.__cause__).__name__}{note}")
        if not report.ok:
            worst = max((a for a in report.arguments if not a.ok), key=lambda a: a.worst)
            return Caught(case.name, worst.name, worst.worst, _describe(worst) + note)
    return None


def _guard(backward: Backward) -> Backward:
    def guarded(dy: Any, cache: Any) -> Any:
        try:
            return backward(dy, cache)
        except Exception as error:
            raise _BackwardRaised from error

    return guarded


def _describe(check: ArgumentCheck) -> str:
    """What is wrong with one gradient, in a few words; with the ratio to the right one where there is one ratio."""
    if check.analytic is None or check.numeric is None:
        return check.problem.split(", the ")[0]  # "dw has shape (5, 4), expected (4, 5)"
    words = f"d{check.name}: worst error {check.worst:.1e}"
    a, n = check.analytic, check.numeric
    ratio = (a * n).sum() / (n * n).sum() if n.any() else 0
    uniform = np.abs(a - ratio * n).max() < UNIFORM * np.abs(n).max()
    return f"{words}, ratio {ratio:.4g}" if uniform else words
