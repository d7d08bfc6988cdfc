"""Marks: the table of an assignment's checks, and what the checks are made of."""

import contextlib
import functools
import inspect
import io
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import ShortInNotebooks
from ..gradcheck.check import FlatError, check_gradients

Array = np.ndarray
Answer = Callable[..., Any]  # a student's function
# Files of ours, of NumPy and of Python itself.
NOT_THE_LEARNERS = (str(Path(__file__).parents[1]), str(Path(np.__file__).parent), sysconfig.get_path("stdlib"))
NOT_WRITTEN = "not written yet"
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}  # of the largest number


class Wrong(ShortInNotebooks, AssertionError):
    """An answer is wrong, and the message says what to look at."""


class Mark(NamedTuple):
    """One graded cell."""

    points: int
    check: Callable[..., None]  # raises AssertionError, or whatever the answer raises
    needs: tuple[str, ...]  # the answers that it is given, by name
    hidden: bool


Table = dict[str, Mark]  # by the cell's grade_id
Fresh = dict[str, Callable[..., None]]  # for checks of a few given numbers: the same with numbers drawn anew


def new_table() -> tuple[Table, Callable[..., Any], Callable[..., Any]]:
    """An empty table, and the two decorators that put checks into it: for cells that students see, and for hidden ones.

        @visible("relu-check", "relu_forward", "relu_backward", points=2)

    A decorator takes the cell's grade_id, the names of the answers that the check is given, and the points. A visible
    check that passes says so: silence would leave a learner in doubt.
    """
    table: Table = {}

    def mark(hidden: bool, grade_id: str, *needs: str, points: int) -> Callable[..., Any]:
        def put(check: Callable[..., None]) -> Callable[..., None]:
            @functools.wraps(check)
            def checked(*answers: Any) -> None:
                named = zip(needs, answers, strict=True)
                given = [with_cache(name, answer) if name.endswith("forward") else answer for name, answer in named]
                with own_errors_as_wrong(), np.errstate(all="ignore"):  # nbgrader takes a warning for a mistake
                    check(*given)
                if not hidden:
                    print(f"{grade_id.removesuffix('-check').replace('-', ' ')}: all visible checks pass")

            table[grade_id] = Mark(points, checked, needs, hidden)
            return checked

        return put

    return table, functools.partial(mark, False), functools.partial(mark, True)


@contextlib.contextmanager
def own_errors_as_wrong() -> Iterator[None]:
    """Turn what a learner's own code raises into one sentence with the line that raised it."""
    try:
        yield
    except Wrong:
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if not frame.filename.startswith(NOT_THE_LEARNERS) and frame.line]
        if isinstance(error, NotImplementedError):
            function = str(error) or (own[-1].name if own else "")  # a text: of code that ran in another process
            what = f"{function} is {NOT_WRITTEN}" if function.isidentifier() else NOT_WRITTEN
            raise Wrong(f"{what}: replace `raise NotImplementedError()` by your code") from error
        line = getattr(error, "own_line", own[-1].line if own else "")  # of code that ran in another process
        says_all = getattr(error, "says_all", False)
        words = str(error) if says_all else f"{type(error).__name__}: {error}"  # of a check, its sentence is enough
        raise Wrong(f"your code stops in `{line}`: {words}" if line else str(error) or words) from error


def marks(table: Table, answers: Mapping[str, Any]) -> dict[str, int]:
    """Grade answers, given by name, as the notebook would: {grade_id: points}; one that is missing gets none."""
    return {grade_id: 0 if reason else table[grade_id].points for grade_id, reason in _reasons(table, answers).items()}


def show_points(table: Table, answers: Mapping[str, Any]) -> None:
    """Print the points of each graded cell, hidden ones too, with the reason where points are lost: to study alone.

    Args:
        table: the assignment's, `checks.TABLE`.
        answers: by name; in a notebook, `globals()`.
    """
    reasons = _reasons(table, answers)
    for grade_id, reason in reasons.items():
        points = table[grade_id].points
        print(f"{0 if reason else points} of {points}  {grade_id}" + (f": {reason}" if reason else ""))
    print(f"{sum(0 if reasons[name] else mark.points for name, mark in table.items())} of 20 points")


def _reasons(table: Table, answers: Mapping[str, Any]) -> dict[str, str]:
    """Why each graded cell gets no points, by its grade_id; "" where it gets them."""
    return {grade_id: why_not(mark.check, mark.needs, answers) for grade_id, mark in table.items()}


def why_not(check: Callable[..., None], needs: tuple[str, ...], answers: Mapping[str, Any]) -> str:
    """Why a check gives no points, "" where it gives them."""
    missing = [name for name in needs if name not in answers]
    if missing:
        return f"there is no {' and no '.join(missing)}"
    try:
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            check(*(answers[name] for name in needs))
    except Exception as error:
        return str(error) or type(error).__name__
    return ""


_class_seed: list[int] = []  # empty, or the one number that a teacher chose


def set_class_seed(seed: int | None) -> None:
    """Draw the cases of all checks from this seed too, so that nobody can know them; None for the published cases."""
    _class_seed[:] = [] if seed is None else [seed]


def generator(seed: int) -> np.random.Generator:
    """The random generator of a check: of its own seed, and of the teacher's if there is one."""
    return np.random.default_rng([seed, *_class_seed] if _class_seed else seed)


def draw(seed: int, **shapes: int | tuple[int, ...]) -> dict[str, Array]:
    """Arrays of these shapes, by name; float64, normally distributed."""
    rng = generator(seed)
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def require(fact: Any, message: str) -> None:
    """Stop with a message if something is not so; an `assert` would vanish under `python -O`."""
    if not fact:
        raise Wrong(message)


def expect(actual: Any, expected: Array, name: str, advice: str = "") -> None:
    """Compare an array with what it should be: type, shape, dtype and then the numbers, with advice if these differ."""
    require(actual is not None, f"{name} is None: does the function return it?")
    actual = _single(actual)
    require(isinstance(actual, np.ndarray), f"{name} is of type {type(actual).__name__}, expected a NumPy array")
    require(actual.shape == expected.shape, f"{name} has shape {actual.shape}, expected {expected.shape}")
    dtypes = f"{name} has dtype {actual.dtype}, expected {expected.dtype}, that of the input"
    require(actual.dtype == expected.dtype, dtypes)
    scale = max(float(np.abs(expected).max(initial=0)), 1e-30)
    error = np.abs(actual.astype(np.float64) - expected) / scale
    if error.size and not error.max() <= TOLERANCE[actual.dtype.name]:
        worst = tuple(map(int, np.unravel_index(error.argmax(), error.shape)))
        texts = [f"{value:.6g}" for value in (actual[worst], expected[worst])]
        if len({*texts}) == 1:  # a small difference, as of float32 in place of float64
            texts = [f"{value:.12g}" for value in (actual[worst], expected[worst])]
        raise Wrong(f"{name}{[*worst]} is {texts[0]}, expected {texts[1]}. {advice}".rstrip())


def expect_pair(forward: Answer, backward: Answer, right: Any, op: str, args: Mapping[str, Any], *wrt: str) -> None:
    """Compare both passes with those of the op in a module that is right; with `wrt`, those gradients and y's shape."""
    (y, cache), (y_right, cache_right) = forward(**args), getattr(right, f"{op}_forward")(**args)
    if wrt:
        shapes = f"y has shape {y.shape}, expected {y_right.shape}: mend the forward pass first"
        require(y.shape == y_right.shape, shapes)
    else:
        expect(y, y_right, "y")
    dy = generator(7).standard_normal(y.shape)
    grads, grads_right = _tuple(backward(dy, cache)), _tuple(getattr(right, f"{op}_backward")(dy, cache_right))
    _expect_count(grads, args)
    given = ", ".join(f"{name} {np.shape(value) or value}" for name, value in args.items())
    for k, (name, expected) in enumerate(zip(args, grads_right, strict=False)):
        if name in (wrt or args):
            expect(grads[k], expected, f"d{name}", f"The inputs: {given}.")


def expect_gradients(forward: Answer, backward: Answer, args: Mapping[str, Any], *wrt: str) -> None:
    """Check the gradients by finite differences, in float64: those with respect to `wrt`, or all."""

    def pair(*values: Any) -> Any:
        return forward(*values)

    # By position: a learner's parameters may have other names.
    kinds = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in args]
    pair.__signature__ = inspect.Signature(kinds)  # type: ignore[attr-defined]
    y, cache = pair(*(np.copy(value) if isinstance(value, np.ndarray) else value for value in args.values()))
    _expect_count(_tuple(backward(np.ones_like(y), cache)), args)
    try:
        report = check_gradients(pair, backward, list(args.values()), wrt=wrt or None)
    except FlatError as error:
        name = str(error).removeprefix("the gradient of ").split(" ")[0]
        raise Wrong(f"y does not change when {name} changes, and d{name} is 0: does forward use {name}?") from error
    require(report, str(report))


def _expect_count(grads: tuple[Any, ...], args: Mapping[str, Any]) -> None:
    """As many gradients as there are arguments that have one: arrays of floats, and biases that are None."""
    names = [f"d{k}" for k, v in args.items() if v is None or (isinstance(v, np.ndarray) and v.dtype.kind == "f")]
    nothing = len(grads) == 1 and grads[0] is None
    count = "nothing" if nothing else f"{len(grads)} gradient{'s' * (len(grads) != 1)}"
    right = len(grads) == len(names) and not nothing
    require(right, f"backward returned {count}, expected {', '.join(names)}")


def expect_float32(forward: Answer, backward: Answer, args: Mapping[str, Array]) -> None:
    """float32 in, float32 out, in both passes; the message says what makes float64."""
    args = {name: array.astype(np.float32) for name, array in args.items()}
    y, cache = forward(*args.values())
    grads = _tuple(backward(np.ones_like(y, np.float32), cache))
    _expect_count(grads, args)
    for name, array in {"y": y, **dict(zip([f"d{name}" for name in args], grads, strict=True))}.items():
        kind = f"{name} has dtype {getattr(array, 'dtype', type(array).__name__)} for float32 inputs, expected float32"
        why = "NumPy makes float64 where float32 meets an array of float64 or of whole numbers"
        examples = "np.where(mask, 1/6, 0) and mask / mask.sum() are of float64"
        require(isinstance(array, np.ndarray) and array.dtype == np.float32, f"{kind}. {why}: {examples}")


def expect_untouched(forward: Answer, backward: Answer, args: Mapping[str, Array]) -> None:
    """Run both passes twice: no argument may be changed, no call may change another's result, dtype in is dtype out."""
    first = {name: array.astype(np.float32) for name, array in args.items()}
    second = {name: (array[::-1] * 2 + 1).astype(np.float32) for name, array in args.items()}
    before = {name: array.copy() for name, array in first.items()}
    y, cache = forward(**first)
    require(y.dtype == np.float32, f"y has dtype {y.dtype} for float32 inputs: dtype in = dtype out")
    dy = np.linspace(-1, 1, y.size, dtype=np.float32).reshape(y.shape)
    before["dy"] = dy.copy()
    grads = _tuple(backward(dy, cache))
    _expect_count(grads, args)
    for name, grad in zip(args, grads, strict=True):
        expect_kind(grad, first[name], f"d{name}")
    copies = [grad.copy() for grad in grads]
    twice = _tuple(backward(2 * dy, cache))
    proportional = all(np.allclose(two, 2 * one, rtol=1e-4) for one, two in zip(copies, twice, strict=True))
    require(proportional and any(grad.any() for grad in copies), "backward's gradients are not proportional to dy")
    forward(**second)
    for name, array in {**first, "dy": dy}.items():
        same = np.array_equal(array, before[name])
        require(same, f"{name} was changed: work on a copy, for others still need it (a fan-out breaks just so)")
    again = all(map(np.array_equal, _tuple(backward(dy, cache)), copies))
    require(again, "backward gives another result after a second forward: keep nothing outside the cache")


def expect_kind(actual: Any, like: Array, name: str) -> None:
    """An array of the shape and dtype of another one, whatever its numbers."""
    require(isinstance(actual, np.ndarray), f"{name} is of type {type(actual).__name__}, expected a NumPy array")
    require(actual.shape == like.shape, f"{name} has shape {actual.shape}, expected {like.shape}")
    require(actual.dtype == like.dtype, f"{name} has dtype {actual.dtype}, expected {like.dtype}, that of the input")


def with_cache(name: str, forward: Answer) -> Answer:
    """The forward pass, called by position, with a sentence for who forgot the cache or changed an argument."""

    @functools.wraps(forward)
    def called(*args: Any, **named: Any) -> Any:
        given = [*args, *named.values()]
        before = [value.copy() if isinstance(value, np.ndarray) else None for value in given]
        result = forward(*given)
        two = isinstance(result, (tuple, list)) and len(result) == 2
        actual = f"{len(result)} things" if isinstance(result, tuple) else type(result).__name__
        require(two, f"{name} returned {actual}, expected two things, as in `return y, cache`")
        for k, (value, copy) in enumerate(zip(given, before, strict=True)):
            same = copy is None or np.array_equal(value, copy, equal_nan=True)
            require(same, f"{name} changed its argument number {k + 1}: others may still need it, so work on a copy")
        return result

    return called


def _single(result: Any) -> Any:
    """dx for (dx,)."""
    return result[0] if isinstance(result, (tuple, list)) and len(result) == 1 else result


def _tuple(result: Any) -> tuple[Any, ...]:
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)
