"""How an answer is checked: find the exercise, ask it, and put what it says into one line."""

import dis
import importlib
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from ..grading.marks import Answer, Wrong, own_errors_as_wrong

NOTEBOOKS = {1: "channels", 2: "gradients", 3: "squeeze", 4: "excitation", 5: "se_block", 6: "convolution",
             7: "cnn_parts", 8: "se_cnn", 9: "reading_gates", 10: "any_cnn", 11: "comparisons", 12: "speed",
             13: "recipe", 14: "wild"}  # fmt: skip
Exercise = Callable[..., str | None]  # raises AssertionError for a wrong answer; may return a remark on a right one
EXERCISES: dict[str, Exercise] = {}
MAX_LETTERS = 3000  # of a message; a report on five gradients has some 1,500


class Verdict:
    """Whether an answer is right, and the line that was printed; true if it is right."""

    def __init__(self, right: bool, message: str) -> None:
        self.right, self.message = right, message

    def __bool__(self) -> bool:
        return self.right

    def _ipython_display_(self) -> None:
        """Nothing: the line is printed already."""


def exercise(number: str) -> Callable[[Exercise], Exercise]:
    """Register the check of one exercise, "2.1" for the first of notebook 2.

    The check takes the answers as `check` is given them, by the names that the notebook uses.
    """

    def put(function: Exercise) -> Exercise:
        EXERCISES[number] = function
        return function

    return put


def check(number: str | float, *answers: Any, **named: Any) -> Verdict:
    """Check the answer to one exercise and print in one line what is right or wrong about it.

    Args:
        number: the exercise, such as "2.1": notebook 2, exercise 1.
        *answers: what the exercise asks for, numbers, arrays or functions, in its order.
        **named: the same by name.

    Raises:
        ValueError: there is no such exercise, or it asks for other things.
    """
    number = str(number)
    function = find(number)
    try:
        given = inspect.signature(function).bind(*answers, **named).arguments
    except TypeError as error:
        asks = ", ".join(inspect.signature(function).parameters)
        raise ValueError(f'exercise {number} asks for {asks}: check("{number}", {asks})') from error
    verdict = _judge(number, function, given)
    print(verdict.message)
    return verdict


def find(number: str) -> Exercise:
    """The check of an exercise; its notebook's module is imported when it is first asked for."""
    notebook = number.partition(".")[0] if isinstance(number, str) else ""
    if notebook.isdecimal() and int(notebook) in NOTEBOOKS:
        importlib.import_module(f"{__package__}.{NOTEBOOKS[int(notebook)]}")
    if number not in EXERCISES:
        known = ", ".join(name for name in EXERCISES if name.partition(".")[0] == notebook)
        raise ValueError(f"there is no exercise {number!r}" + (f"; notebook {notebook} has {known}" if known else ""))
    return EXERCISES[number]


def _judge(number: str, function: Exercise, given: dict[str, Any]) -> Verdict:
    blank = [name for name, answer in given.items() if _is_blank(answer)]
    if blank:
        which = "" if len(blank) == len(given) else f" for {' and '.join(blank)}"
        return Verdict(False, f"{number}: no answer yet{which}. Replace the ... and run the cell again.")
    functions = [name for name, kind in function.__annotations__.items() if kind == Answer]
    values = [name for name in functions if name in given and not callable(given[name])]
    if values:
        kind = type(given[values[0]]).__name__
        return Verdict(False, f"✗ {number}: {values[0]} is no function: it is of type {kind}")
    try:
        with np.errstate(all="ignore"), own_errors_as_wrong():
            remark = function(**given)
    except Wrong as error:
        return Verdict(False, f"✗ {number}: {error}"[:MAX_LETTERS])
    return Verdict(True, f"✓ {number}: right." + (f" {remark}" if remark else ""))


def _is_blank(answer: Any) -> bool:
    """Whether the ... of the exercise is still there, alone or as the body of a function."""
    if not isinstance(answer, FunctionType):
        return answer is ...
    steps = [step for step in dis.get_instructions(answer) if step.opname not in ("RESUME", "NOP")]
    return all(step.opname.startswith(("LOAD_CONST", "RETURN")) for step in steps) and steps[0].argval in (None, ...)
