"""Grades one hand-in: runs its cells in order, makes each check where its cell stands, and says why points are lost."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..errors import SenetError
from ..experiments.statistics import paired_difference
from ..grading.marks import set_class_seed, why_not
from .kernel import Ended, Kernel
from .notebook import (
    FRESH,
    TABLES,
    Cell,
    as_code,
    defines,
    fingerprints,
    glimpse,
    own_functions,
    plain_python,
    read_cells,
    recognize,
)
from .read import HandIn

MAX_STARTS = 12  # of the process of one hand-in: after each endless loop it starts again without it
SECONDS = {"4_claim": 900.0}  # it trains ten networks
DEFAULT_SECONDS, DEFAULT_MEGABYTES = 60.0, 4096
COMPUTED = {  # answers that have to be computed: what is counted, how often at least, and what to say below that
    "runs-check": (
        "training",
        40_000,  # ten networks, 4,000 images, one epoch
        "there are accuracies, but the networks saw only {} images of the data set in training: train them here",
    ),
    "interventions-check": ("replacing", 3, "there are accuracies, but gates were replaced only {} times: do it here"),
}
BORROWED = "a check's own numbers come out right, and other numbers of the same shape do not: "
NUMBERS = {"4_claim": ("results", "accuracy_with_gates")}  # beside the sentences about them
BY_HAND = {"4_claim": 5}  # points for these sentences; not from the hand-in's own file, which a student can change


class Limits(NamedTuple):
    """What holds for all hand-ins of a run."""

    assignment: str = ""  # recognized where it is empty
    seed: int | None = None  # that checks are drawn from; None for the published cases
    seconds: float | None = None  # None for the assignment's usual time
    megabytes: int = DEFAULT_MEGABYTES
    threads: int = 1


class Graded(NamedTuple):
    """The points of one cell."""

    grade_id: str
    points: int
    most: int
    reason: str  # why points are lost, or ""
    hidden: bool


@dataclass
class Report:
    """The result of one hand-in."""

    handin: HandIn
    assignment: str = ""
    graded: list[Graded] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fingerprints: tuple[str, str] = ("", "")
    code: str = ""  # the functions that were written
    numbers: list[str] = field(default_factory=list)  # that a teacher needs beside what is read by hand
    seconds: float = 0.0

    @property
    def points(self) -> int:
        """Of all cells together."""
        return sum(one.points for one in self.graded)

    @property
    def most(self) -> int:
        """What could be reached; 0 where the file is no assignment."""
        return sum(one.most for one in self.graded)

    @property
    def by_hand(self) -> int:
        """How many more a teacher gives, who reads what no check can."""
        return BY_HAND.get(self.assignment, 0)


def grade(handin: HandIn, limits: Limits) -> Report:
    """Grade one hand-in. Nothing that is in it raises an error here: it becomes a note."""
    began = time.monotonic()
    notes: list[str] = []
    try:
        cells = read_cells(handin.data)
        found = recognize(cells)
    except SenetError as error:
        return Report(handin, limits.assignment, notes=[str(error), *notes])
    assignment = limits.assignment or found
    if assignment != found:
        notes.append(f"it looks like {found}, and was graded as {assignment}")
    set_class_seed(limits.seed)
    session = _Session(assignment, limits)
    try:
        session.go_through(cells)
        functions = own_functions(cells, assignment)
        alike, code, numbers = fingerprints(functions, assignment), as_code(functions), session.numbers()
    except Exception as error:  # whatever a hand-in brings about, the class gets its marks
        session.notes.insert(0, f"the grader could not finish it, look at it yourself: {type(error).__name__}: {error}")
        alike, code, numbers = ("", ""), "", []
    finally:
        session.kernel.stop()
        set_class_seed(None)
    reasons = {name: session.reasons.get(name, "not graded") for name in TABLES[assignment]}
    graded = [
        Graded(name, 0 if reasons[name] else mark.points, mark.points, reasons[name], mark.hidden)
        for name, mark in TABLES[assignment].items()
    ]
    return Report(handin, assignment, graded, [*session.notes, *notes], alike, code, numbers, time.monotonic() - began)


class _Session:
    """A hand-in on its way: what ran, what failed, and the process, which may have to start again."""

    def __init__(self, assignment: str, limits: Limits):
        self.assignment, self.limits, self.table = assignment, limits, TABLES[assignment]
        self.reasons: dict[str, str] = {}  # by grade_id; "" for full points
        self.notes: list[str] = []
        self.errors: list[tuple[Cell, str]] = []
        self.ran: list[Cell] = []
        self.stuck: dict[str, str] = {}  # functions that do not end
        self.over = ""  # why nothing more can be run
        self.starts = 0
        self.spent = 0.0  # seconds of the cells that ran
        self.kernel = self._start()

    def go_through(self, cells: list[Cell]) -> None:
        """Run each cell, and make each check where its cell stands; those whose cells are gone at the end."""
        last = {cell.grade_id: cell.number for cell in cells}  # of a cell that was copied, the last one counts
        for cell in cells:
            if cell.grade_id not in self.table:
                self._run(cell)
            elif last[cell.grade_id] == cell.number:
                self.reasons[cell.grade_id] = self._check(cell.grade_id)
        for grade_id in self.table:
            if grade_id not in self.reasons:
                self.reasons[grade_id] = self._check(grade_id)
        self._note_replaced_checks()

    def numbers(self) -> list[str]:
        """What the hand-in found, as lines of text; none where the assignment asks for no text."""
        lines = []
        for name in NUMBERS.get(self.assignment, ()):
            try:
                lines.append(f"{name} = {_rounded(self.kernel.fetch(name))!r:.500}")
            except Exception:  # it is not there, or it is something that cannot be looked at
                lines.append(f"{name} is not there")
        with suppress(Exception):  # of results that are no lists of five numbers
            results = self.kernel.fetch("results") if lines else {}
            found = paired_difference([*map(float, results["se"])], [*map(float, results["plain"])])
            percent = f"{100 * found.mean:.1f} ± {100 * (found.half or 0):.1f}"
            lines.append(f"se minus plain: {percent} points (95 %, {len(results['se'])} pairs)")
        return lines

    def _start(self) -> Kernel:
        """A process; after the first one its time is twice that of what ran before and a quarter of the limit."""
        seconds = self.limits.seconds or SECONDS.get(self.assignment, DEFAULT_SECONDS)
        seconds = min(seconds, max(5.0, 2 * self.spent + seconds / 4)) if self.starts else seconds
        self.starts += 1
        return Kernel(self.assignment == "4_claim", seconds, self.limits.megabytes, self.limits.threads)

    def _run(self, cell: Cell) -> None:
        if self.over or not (source := plain_python(cell.source)).strip():
            return
        began = time.monotonic()
        try:
            error = self.kernel.run(source, cell.number)
        except Ended as ended:
            self.notes.append(f"cell {cell.number} (`{glimpse(source)}`) was left out: {ended}")
            self.errors.append((cell, str(ended)))
            self._restart()
            return
        self.ran.append(cell)
        self.spent += time.monotonic() - began
        if error:
            self.notes.append(f"cell {cell.number}: {error}")
            self.errors.append((cell, error))

    def _restart(self) -> None:
        """A new process, with what ran before."""
        self.kernel.stop()
        if self.starts == MAX_STARTS:
            self.over = f"not graded: the hand-in had to be started {MAX_STARTS} times"
            return
        self.kernel = self._start()
        try:
            for cell in self.ran:
                self.kernel.run(plain_python(cell.source), cell.number)
        except Ended as ended:
            self.over = f"not graded: started again, {ended}"

    def _check(self, grade_id: str) -> str:
        """Why there are no points, "" where there are."""
        mark = self.table[grade_id]
        for name in mark.needs:
            if name in self.stuck:
                return self.stuck[name]
        if self.over:
            return self.over
        try:
            answers = self.kernel.answers([*mark.needs])
        except Ended as ended:
            self._restart()
            return str(ended)
        except Exception as error:  # a value that stops when it is looked at
            return str(error)
        reason = why_not(mark.check, mark.needs, answers)
        fresh = FRESH[self.assignment].get(grade_id)
        if not reason and fresh and (other := why_not(fresh, mark.needs, answers)):
            reason = BORROWED + other
        if not reason and not self.kernel.ended:
            reason = self._not_computed(grade_id)
        if self.kernel.ended:
            reason = f"{self.kernel.stuck or mark.needs[0]}: {self.kernel.ended}"
            self.stuck[self.kernel.stuck or mark.needs[0]] = reason
            self._restart()
        return reason + self._why_missing(mark.needs, answers)

    def _not_computed(self, grade_id: str) -> str:
        what, least, words = COMPUTED.get(grade_id, ("", 0, ""))
        try:
            count = self.kernel.steps()[what] if what else 0
        except (Ended, TypeError, KeyError):
            count = 0
        return words.format(f"{count:,}") if count < least else ""

    def _why_missing(self, needs: tuple[str, ...], answers: dict[str, Any]) -> str:
        """What stopped the cell that would have defined what is missing."""
        for name in needs:
            for cell, error in self.errors:
                if name not in answers and defines(cell.source, name):
                    return f" (cell {cell.number}: {error})"
        return ""

    def _note_replaced_checks(self) -> None:
        try:
            checks = {} if self.over else self.kernel.answers(["checks"])
        except Exception:
            return
        if checks and type(checks["checks"]).__name__ != "Checks":
            self.notes.append("the name `checks` means something else here: the real checks were made all the same")


def _rounded(value: Any) -> Any:
    """The same with its numbers to four digits, to be read."""
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(one) for one in value]
    return round(float(value), 4) if isinstance(value, (int, float, np.number)) else value
