"""What an injected bug is, how its text is read, and how the gradient checks are run on it.

A bug is a change of the op's own backward pass, written like a diff:

    relu: mask the wrong way round; cause: mask inverted
    One sentence: what people think when they write it.
    - return dy * cache.mask
    + return dy * ~cache.mask

Each group of `-` lines stands in the right function exactly once (without its comments); `- ...` stands for all lines
in between. The `+` lines take the group's place.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from textwrap import indent
from typing import Any, NamedTuple

import numpy as np

from ... import ops, se, variants
from ..cases import op_cases, se_cases
from ..check import ArgumentCheck

UNIFORM = 1e-7  # how well one ratio has to explain the whole gradient before it is named
DOCSTRING_AND_COMMENTS = re.compile(r'\n    """.*?"""|(?:\n +|  )# [^\n]*', re.DOTALL)
GROUP = re.compile(r"((?:- .*\n)+)((?:\+ .*\n)*)")


@dataclass(frozen=True, eq=False)
class Bug:
    """One wrong backward pass, and why people write it."""

    op: str  # the name of the pair, as in `Case.op`
    title: str  # a few words: what is wrong
    cause: str  # what is behind it; no two bugs share a cause
    why: str  # one sentence: what people think when they write it
    diff: str = ""

    @property
    def name(self) -> str:
        """A name for a line of a table."""
        return f"{self.op}: {self.title}"

    @property
    def right(self) -> Callable[..., Any]:
        """The op's right backward pass."""
        name = f"{self.op}_backward"
        return next(getattr(module, name) for module in (ops, se, variants) if hasattr(module, name))

    @cached_property
    def source(self) -> str:
        """The wrong function under the op's own name, without title, why, docstring and comments: an exercise."""
        return apply_diff(self.diff, DOCSTRING_AND_COMMENTS.sub("", inspect.getsource(self.right)), self.name)

    @cached_property
    def backward(self) -> Callable[..., Any]:
        """The wrong function; it sees all that the right one's module offers."""
        found: dict[str, Any] = {}
        exec(compile(self.source, f"<bug in {self.name}>", "exec"), self.right.__globals__, found)
        return found[self.right.__name__]


def apply_diff(diff: str, source: str, name: str) -> str:
    """The source with the wrong lines in it; ValueError unless the right ones are found exactly once."""
    for right, wrong in GROUP.findall(diff):
        lines = [r"(?:.*\n)*?" if line == "- ..." else rf"\1{re.escape(line[2:])}\n" for line in right.splitlines()]
        places = [*re.finditer(rf"(?m)^(?=( *)){''.join(lines)}", source)]
        if len(places) != 1:
            raise ValueError(f"{name}: {len(places)} places of the right function read as follows, expected 1\n{right}")
        start, end = places[0].span()
        source = source[:start] + indent(re.sub(r"(?m)^\+ ", "", wrong), places[0][1]) + source[end:]
    return source


def read_bugs(text: str) -> tuple[Bug, ...]:
    """Bugs from their text; an empty line stands between two of them."""
    return tuple(_read_bug(*paragraph.splitlines()) for paragraph in text.strip().split("\n\n"))


def _read_bug(first: str, *lines: str) -> Bug:
    op, _, words = first.partition(": ")
    title, cause = words.split("; cause: ")
    why = [line for line in lines if not line.startswith(("- ", "+ "))]
    return Bug(op, title, cause, " ".join(why), "".join(f"{line}\n" for line in lines[len(why) :]))


class Caught(NamedTuple):
    """The first case that a wrong backward pass does not survive."""

    case: str  # the case's name
    finding: str  # the worst gradient and its error in words, for a line of a table


class _BackwardRaised(Exception):
    """Keeps what a backward pass raises apart from what the check itself may raise."""


def catch(bug: Bug, seed: int = 0) -> Caught | None:
    """Run the op's gradient checks on a wrong backward pass until a case fails; None if it escapes every case."""

    def backward(dy: Any, cache: Any) -> Any:
        try:
            return bug.backward(dy, cache)
        except Exception as error:
            raise _BackwardRaised from error

    cases = [case for case in (*op_cases(), *se_cases()) if case.op == bug.op]
    if not cases:
        raise ValueError(f"there is no case of {bug.op!r}, expected a promised op, 'se' or one of its relatives")
    for case in cases:
        note = f" ({case.note})" if case.note else ""
        try:
            report = replace(case, backward=backward).run(seed)
        except _BackwardRaised as error:
            return Caught(case.name, f"backward raises {type(error.__cause__).__name__}{note}")
        if not report.ok:
            worst = max((a for a in report.arguments if not a.ok), key=lambda a: a.worst)
            return Caught(case.name, _describe(worst) + note)
    return None


def _describe(check: ArgumentCheck) -> str:
    """What is wrong with one gradient, in a few words; with the ratio to the right one where there is one ratio."""
    if check.analytic is None or check.numeric is None:
        return check.problem.split(", the ")[0]  # "dw has shape (5, 4), expected (4, 5)"
    words = f"d{check.name}: worst error {check.worst:.1e}"
    a, n = check.analytic, check.numeric
    ratio = (a * n).sum() / (n * n).sum() if n.any() else 0
    uniform = np.abs(a - ratio * n).max() < UNIFORM * np.abs(n).max()
    return f"{words}, ratio {ratio:.4g}" if uniform else words
