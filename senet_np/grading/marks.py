"""Marks: the table of an assignment's checks, and what the checks are made of."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..gradcheck.check import check_gradients

Array = np.ndarray
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}  # of the largest number


class Mark(NamedTuple):
    """One graded cell."""

    points: int
    check: Callable[..., None]  # raises AssertionError, or whatever the answer raises
    needs: tuple[str, ...]  # the answers that it is given, by name
    hidden: bool


Table = dict[str, Mark]  # by the cell's grade_id


def adder(table: Table, hidden: bool) -> Callable[..., Any]:
    """Make the decorator that puts a check into a table: `@visible("relu", "relu_forward", "relu_backward", points=2)`.

    Args:
        table: the assignment's.
        hidden: whether students see the cell.

    Returns:
        The decorator; it takes the cell's grade_id, the answers that the check is given, and the points.
    """

    def mark(grade_id: str, *needs: str, points: int) -> Callable[..., Any]:
        def put(check: Callable[..., None]) -> Callable[..., None]:
            @functools.wraps(check)
            def checked(*answers: Any) -> None:
                named = zip(needs, answers, strict=True)
                check(*(_with_cache(name, answer) if name.endswith("forward") else answer for name, answer in named))

            table[grade_id] = Mark(points, checked, needs, hidden)
            return checked

        return put

    return mark


def marks(table: Table, answers: Mapping[str, Any]) -> dict[str, int]:
    """Grade a set of answers as the notebook would.

    Args:
        table: the assignment's.
        answers: the student's functions by name; those that are missing raise NotImplementedError.

    Returns:
        {grade_id: points}.
    """

    def missing(*given: Any, **named: Any) -> Any:
        raise NotImplementedError

    found = {}
    for grade_id, mark in table.items():
        try:
            with np.errstate(all="ignore"):
                mark.check(*(answers.get(name, missing) for name in mark.needs))
            found[grade_id] = mark.points
        except Exception:
            found[grade_id] = 0
    return found


def require(fact: bool, message: str) -> None:
    """Stop with a message if something is not so; an `assert` would vanish under `python -O`."""
    if not fact:
        raise AssertionError(message)


def expect(ours: Any, expected: Any, name: str, advice: str = "") -> None:
    """Compare an array with what it should be: type, shape, dtype and then the numbers.

    Args:
        ours: the student's.
        expected: what is right.
        name: what it is called in the exercise.
        advice: a sentence for who got the numbers wrong.

    Raises:
        AssertionError: what came, what was expected, and what to look at.
    """
    require(ours is not None, f"{name} is None: does the function return it?")
    require(isinstance(ours, np.ndarray), f"{name} is {type(ours).__name__}, expected a NumPy array")
    require(ours.shape == expected.shape, f"{name} has shape {ours.shape}, expected {expected.shape}")
    require(
        ours.dtype == expected.dtype, f"{name} has dtype {ours.dtype}, expected {expected.dtype}, that of the input"
    )
    scale = max(float(np.abs(expected).max(initial=0)), 1e-30)
    error = np.abs(ours.astype(np.float64) - expected) / scale
    worst = np.unravel_index(int(error.argmax()), error.shape) if error.size else ()
    if error.size and not error.max() <= TOLERANCE[ours.dtype.name]:
        at = [int(k) for k in worst]
        raise AssertionError(f"{name}{at} is {ours[worst]:.6g}, expected {expected[worst]:.6g}. {advice}".rstrip())


def expect_gradients(
    forward: Callable[..., Any], backward: Callable[..., Any], args: Mapping[str, Any], wrt: str | None = None
) -> None:
    """Check gradients by finite differences.

    Args:
        forward, backward: the pair.
        args: the forward pass's arrays, float64.
        wrt: the one argument whose gradient counts; None for all.

    Raises:
        AssertionError: the report: which gradient, where, both numbers, and a hint where one fits.
    """
    try:
        report = check_gradients(forward, backward, args, wrt=wrt)
    except ValueError as error:
        raise AssertionError(str(error)) from error
    require(bool(report), str(report))


def expect_untouched(
    forward: Callable[..., Any], backward: Callable[..., Any], args: Mapping[str, Array], dtype: Any = np.float32
) -> None:
    """Run both passes twice over, and see that nothing which was given is changed, nor one call by another.

    Args:
        forward, backward: the pair.
        args: the forward pass's arrays.
        dtype: to run in; every result has to be of it.

    Raises:
        AssertionError: what was changed, or of which dtype a result is.
    """
    first = {name: array.astype(dtype) for name, array in args.items()}
    second = {name: (array[::-1] * 2 + 1).astype(dtype) for name, array in args.items()}
    kept = {name: array.copy() for name, array in first.items()}
    y, cache = forward(**first)
    require(y.dtype == dtype, f"y has dtype {y.dtype} for {np.dtype(dtype)} inputs: dtype in = dtype out")
    dy = np.linspace(-1, 1, y.size).reshape(y.shape).astype(dtype)
    dy_kept = dy.copy()
    grads = _tuple(backward(dy, cache))
    copies = [grad.copy() for grad in grads]
    forward(**second)
    for name, array in {**first, "dy": dy}.items():
        same = np.array_equal(array, dy_kept if name == "dy" else kept[name])
        require(same, f"{name} was changed: work on a copy, for others still need it (a fan-out breaks just so)")
    for grad in grads:
        require(grad.dtype == dtype, f"a gradient has dtype {grad.dtype} for {np.dtype(dtype)} inputs")
    for grad, copy in zip(_tuple(backward(dy, cache)), copies, strict=True):
        require(
            np.array_equal(grad, copy),
            "backward gives another result after a second forward: keep nothing outside the cache",
        )


def passed(what: str) -> None:
    """Say so: silence would leave a learner in doubt."""
    print(f"{what}: all visible checks pass")


def _with_cache(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
    """The forward pass, and a sentence for who forgot the cache: the mistake that everybody makes once."""

    @functools.wraps(forward)
    def called(*given: Any, **named: Any) -> Any:
        result = forward(*given, **named)
        two = isinstance(result, (tuple, list)) and len(result) == 2
        came = f"{len(result)} things" if isinstance(result, tuple) else type(result).__name__
        require(two, f"{name} returned {came}, expected two things, as in `return y, cache`")
        return result

    return called


def _tuple(result: Any) -> tuple[Array, ...]:
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)
