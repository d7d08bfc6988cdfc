"""Numbers against formulas: is a hand-written backward pass the derivative of its forward pass?

`check_gradients` works on any pair that keeps the convention of `senet_np.ops`, yours included:

    y, cache = forward(x, w, ...)        dx, dw, ... = backward(dy, cache)

What makes the check strict:

- The upstream gradient dy is random. With ones, the check of a batch norm would prove nothing.
- Every element of every argument is moved by ±h, in float64.
- The error is scaled by the largest value of the whole gradient array: so the rounding error of an entry near 0 does
  not look large, and no entry has to be left out.
- Where a step changes a decision of the forward pass (a ReLU's mask, the index of a maximum: any bool or integer array
  in the cache), there is no derivative, so the check asks for other inputs. It does the same where all gradients are 0.
- It refuses a forward pass that gives another result each time, and a pass that changes what it was given.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from . import convention
from .convention import Arguments
from .hints import find_hint, guess_factors
from .report import MIN_SCALE, TOLERANCE, ArgumentCheck, Report

STEP = 1e-5  # truncation error ~h² = 1e-10, rounding error ~1e-16/h = 1e-11: both far below the tolerance
DY_SEED = 1709_01507  # not 0: dy must not equal an x that somebody else drew from default_rng(0)


class UnfitInputsError(ValueError):
    """These inputs can prove nothing: draw others."""


class KinkError(UnfitInputsError):
    """A step of ±h changed a ReLU's mask or a maximum's winner."""


class FlatError(UnfitInputsError):
    """A gradient is zero everywhere: any backward pass that returns zeros would pass."""


def check_gradients(
    forward: Callable[..., tuple[Any, ...]],
    backward: Callable[..., Any],
    args: Sequence[Any] | Mapping[str, Any],
    wrt: Sequence[str] | str | None = None,
    rng: np.random.Generator | None = None,
    step: float = STEP,
    tolerance: float = TOLERANCE,
) -> Report:
    """Compare a backward pass with central differences, at every element of every argument.

    L = Σ y·dy for a random dy,    ∂L/∂x_i ≈ (L(x_i + h) − L(x_i − h)) / 2h

    Args:
        forward: called as forward(*args) or forward(**args); returns (y, cache).
        backward: called as backward(dy, cache); returns one gradient for each of forward's first arguments, in
            their order (None for what has none), or a single array.
        args: forward's arguments; the arrays to differentiate are float64. They are not changed.
        wrt: names of the arguments to check; by default all that backward returns a gradient for.
        rng: draws dy; by default a fixed seed, so that a failure can be repeated.
        step: h, in the unit of the argument.
        tolerance: the largest scaled error that passes, dimensionless.

    Returns:
        A report, true if all gradients are right. `print(report)` says more.

    Raises:
        ValueError: a float array is not float64, empty or not finite; an argument to check is no float array; wrt
            names one that has no gradient; forward or backward does not keep the convention, or changes its arguments.
        KinkError: a step changed a mask or an index in the cache; draw other inputs.
        FlatError: a gradient is zero at every element; draw other inputs.
    """
    if not step > 0:
        raise ValueError(f"step is {step}, expected a number above 0")
    named = convention.name_arguments(forward, args)
    convention.check_arguments(named)

    def run(arguments: Arguments) -> tuple[Any, Any]:
        return convention.call(forward, arguments, by_name=isinstance(args, Mapping))

    given = convention.copy_arrays(named)
    y, cache = run(given)
    convention.check_unchanged("forward", named, given)
    dy = (np.random.default_rng(DY_SEED) if rng is None else rng).standard_normal(np.shape(y))
    dy = dy if np.ndim(y) else float(dy)
    dy_before = np.copy(dy)
    grads = convention.name_gradients(backward(dy, cache), named)
    convention.check_unchanged("backward", {**named, "dy": dy_before}, {**given, "dy": dy})
    y_again, cache = run(convention.copy_arrays(named))
    if not np.array_equal(y, y_again, equal_nan=True):
        raise ValueError("forward gives another result each time: fix its seed, or pass what it draws as an argument")

    chosen = [wrt] if isinstance(wrt, str) else wrt
    if unknown := [name for name in chosen or () if name not in grads]:
        raise ValueError(f"wrt names {unknown}, expected some of {[*grads]}: those have gradients")
    checks = []
    for name in chosen or grads:
        if grads[name] is None and not convention.is_float_array(named[name]):
            continue  # labels, a stride: no gradient is expected, and none came
        problem = convention.find_problem(name, named[name], grads[name])
        if problem:
            checks.append(ArgumentCheck(name, None, None, problem))
        else:
            numeric = _numeric_gradient(run, named, name, dy, cache, step)
            checks.append(_compare(name, np.asarray(grads[name]), numeric, named, tolerance))
    rest = [name for name, value in named.items() if name not in grads and convention.is_float_array(value)]
    return Report(tuple(checks), unchecked=() if chosen else tuple(rest))


def _numeric_gradient(
    run: Callable[[Arguments], tuple[Any, Any]], named: Arguments, name: str, dy: Any, cache: Any, step: float
) -> np.ndarray:
    """(L(x_i + h) − L(x_i − h)) / 2h for every element x_i of one argument."""
    moved = named[name].copy()
    before = [array.copy() for array in decisions(cache)]
    numeric = np.empty_like(moved)

    def loss_at(index: tuple[int, ...], value: float) -> float:
        moved[index] = value
        y, new_cache = run({**named, name: moved})
        after = [*decisions(new_cache)]
        if len(before) != len(after) or not all(map(np.array_equal, before, after)):
            raise KinkError(
                f"moving {name}{list(index)} by {step:g} changes a mask or an index in the cache: there is no "
                "derivative to compare with. Draw other inputs"
            )
        return float(np.sum(y * dy))

    for index in np.ndindex(moved.shape):
        here = moved[index]
        up, down = here + step, here - step
        with np.errstate(invalid="ignore"):  # inf − inf, where forward overflows: `_compare` tells it
            numeric[index] = (loss_at(index, up) - loss_at(index, down)) / (up - down)
        moved[index] = here
    return numeric


def _compare(name: str, grad: np.ndarray, numeric: np.ndarray, named: Arguments, tolerance: float) -> ArgumentCheck:
    if not np.isfinite(numeric).all():
        return ArgumentCheck(name, None, None, "forward's own result is not finite here")
    if max(np.abs(numeric).max(), np.abs(grad).max()) < MIN_SCALE * TOLERANCE:
        raise FlatError(
            f"the gradient of {name} is zero everywhere, which proves nothing: draw other inputs (is every unit dead?) "
            "or leave it out with wrt"
        )
    check = ArgumentCheck(name, grad, numeric, tolerance=tolerance)
    return check if check.ok else replace(check, hint=find_hint(grad, numeric, guess_factors(named)))


def decisions(cache: Any) -> Iterator[np.ndarray]:
    """The arrays of a cache that record a choice: masks and indices."""
    if isinstance(cache, np.ndarray):
        if cache.dtype.kind in "bui":
            yield cache
    elif isinstance(cache, (Mapping, tuple, list)):
        for value in cache.values() if isinstance(cache, Mapping) else cache:
            yield from decisions(value)
