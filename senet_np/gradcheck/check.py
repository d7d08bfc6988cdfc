"""Numbers against formulas: is a hand-written backward pass the derivative of its forward pass?

`check_gradients` works on any pair that keeps the convention of `senet_np.ops`, yours included:

    y, cache = forward(x, w, ...)        dx, dw, ... = backward(dy, cache)

What makes the check strict:

- The upstream gradient dy is random. With ones, the check of a batch norm would prove nothing.
- Every element of every argument is moved by ±Δ, in float64; with `sample`, as many of each as it says.
- The error is scaled by the largest value of the whole gradient array: so the rounding error of an entry near 0 does
  not look large, and no entry has to be left out.
- Where a step changes a decision of the forward pass (a ReLU's mask, the index of a maximum: any bool or integer array
  in the cache), there is no derivative, so the check asks for other inputs. It does the same where all that disagrees
  lies at corners (`corners.py` tells them from errors), where a step is lost in the last digits of an input, and where
  all gradients are 0.
- It refuses a forward pass that gives another result each time, and a pass that changes what it was given.
"""

import math
import timeit
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import ShortInNotebooks
from ..ops.arguments import check_count
from . import convention
from .convention import Arguments
from .corners import LossAt, look_closer
from .hints import SAME_EVERYWHERE, find_hint, guess_factors
from .report import MIN_SCALE, TOLERANCE, ArgumentCheck, Report

Run = Callable[[Arguments], tuple[Any, Any]]  # the forward pass, for named arguments

STEP = 1e-5  # truncation error ~step² = 1e-10, rounding error ~1e-16/step = 1e-11: both far below the tolerance
DY_SEED = 1709_01507  # not 0: dy must not equal an x that somebody else drew from default_rng(0)
MAX_SECONDS = 60  # a check that takes longer says so first
MIN_ULPS = 10  # units of an input's last digit in a step: with fewer, rounding makes another step of it
ROUNDING = 4 * np.finfo(np.float64).eps  # of the losses in two slopes, as a share of Σ|y|: hardly ever more


class UnfitInputsError(ShortInNotebooks, ValueError):
    """These inputs can prove nothing: draw others."""


class KinkError(UnfitInputsError):
    """Within ±Δ the function has no derivative: a step changed a mask or a winner, or the slope jumps."""


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
    sample: int | None = None,
) -> Report:
    """Compare a backward pass with central differences, at every element of every argument.

    L = Σ y·dy for a random dy,    ∂L/∂x_i ≈ (L(x_i + Δ) − L(x_i − Δ)) / 2Δ

    Args:
        forward: called as forward(*args) or forward(**args); returns (y, cache).
        backward: called as backward(dy, cache); returns one gradient for each of forward's first arguments, in
            their order (None for what has none), or a single array.
        args: forward's arguments; the arrays to differentiate are float64. They are not changed.
        wrt: names of the arguments to check; by default all that backward returns a gradient for.
        rng: draws dy and the sample; by default a fixed seed, so that a failure can be repeated.
        step: Δ, in the unit of the argument.
        tolerance: the largest scaled error that passes, dimensionless.
        sample: how many elements of each argument to move, drawn at random; None for all.

    Returns:
        A report, true if all gradients are right. `print(report)` says more.

    Raises:
        ValueError: a float array is not float64, empty or not finite; an argument to check is no float array; wrt
            names one that has no gradient; forward or backward does not keep the convention, or changes its arguments.
        KinkError: a step changed a mask or an index in the cache, or every element that disagrees lies at a corner;
            draw other inputs.
        FlatError: a gradient is zero at every element; draw other inputs.
        UnfitInputsError: an input is so large that a step is lost in its last digits.
    """
    if not 0 < step < math.inf:
        raise convention.ConventionError(f"step is {step}, expected a number above 0")
    if sample is not None:
        check_count("sample", sample, 1)
    named = convention.name_arguments(forward, args)
    convention.check_arguments(named)

    def run(arguments: Arguments) -> tuple[Any, Any]:
        return convention.call(forward, arguments, by_name=isinstance(args, Mapping))

    rng = np.random.default_rng(DY_SEED) if rng is None else rng
    y, cache, dy, grads = _both_passes(run, backward, named, rng)
    names = _names_to_check(named, grads, wrt)
    if not names:
        raise convention.ConventionError(
            "backward returns no gradient to compare: return one for each of forward's first arguments, and give the "
            "arguments to differentiate as float64 arrays"
        )
    problems = {name: convention.find_problem(name, named[name], grads[name]) for name in names}
    moved = {name: _draw(named[name].shape, sample, rng) for name in names if not problems[name]}
    _warn_if_long(lambda: run(convention.copy_arrays(named)), 2 * sum(map(np.count_nonzero, moved.values())))
    checks, corners, size = [], [], float(np.abs(y).sum())
    scale = MIN_SCALE * min(1.0, size or 1.0)
    for name in names:
        if problems[name]:
            checks.append(ArgumentCheck(name, None, None, problems[name]))
            continue
        loss_at, noise = _loss(run, named, name, dy, cache), ROUNDING * size / step
        check = _compare(name, named[name], np.asarray(grads[name]), loss_at, moved[name], step, tolerance, scale)
        check, corner = look_closer(check, named[name], loss_at, step, noise)
        checks.append(check)
        corners += [corner] if corner else []
    if corners and all(check.ok for check in checks):
        raise KinkError(corners[0])
    if not all(check.ok for check in checks):
        twice = convention.name_gradients(backward(2 * dy, cache), named)
        checks = _with_hints(checks, named, _not_doubled(twice, grads))
    rest = [name for name, value in named.items() if name not in grads and convention.is_float_array(value)]
    return Report(tuple(checks), unchecked=() if wrt else tuple(rest))


def _both_passes(
    run: Run, backward: Callable[..., Any], named: Arguments, rng: np.random.Generator
) -> tuple[Any, Any, Any, Arguments]:
    """y, the cache, a random dy and the gradients; refuses a pass that changes its inputs or is not repeatable."""
    given = convention.copy_arrays(named)
    y, cache = run(given)
    convention.check_unchanged("forward", named, given)
    dy = rng.standard_normal(np.shape(y))
    dy = dy if np.ndim(y) else float(dy)
    dy_before = np.copy(dy)
    grads = convention.name_gradients(backward(dy, cache), named)
    convention.check_unchanged("backward", {**named, "dy": dy_before}, {**given, "dy": dy})
    y_again, cache = run(convention.copy_arrays(named))  # the backward pass may have used up the first cache
    if not np.array_equal(y, y_again, equal_nan=True):
        raise convention.ConventionError(
            "forward gives another result each time: fix its seed, or pass what it draws as an argument"
        )
    return y, cache, dy, grads


def _names_to_check(named: Arguments, grads: Mapping[str, Any], wrt: Sequence[str] | str | None) -> list[str]:
    """The arguments that `wrt` names, or all; labels and a stride, which have no gradient, are left out."""
    chosen = [wrt] if isinstance(wrt, str) else wrt
    if unknown := [name for name in chosen or () if name not in grads]:
        raise convention.ConventionError(f"wrt names {unknown}, expected some of {[*grads]}: those have gradients")
    return [name for name in chosen or grads if grads[name] is not None or convention.is_float_array(named[name])]


def _draw(shape: tuple[int, ...], sample: int | None, rng: np.random.Generator) -> np.ndarray:
    """Which elements to move: a mask."""
    mask = np.ones(math.prod(shape), bool)
    if sample is not None and sample < mask.size:
        mask[rng.permutation(mask.size)[sample:]] = False
    return mask.reshape(shape)


def _warn_if_long(forward: Callable[[], Any], calls: int) -> None:
    """Before a check that will take long, say how long, and what would be faster."""
    seconds = calls * min(timeit.repeat(forward, number=1, repeat=2))  # of two: the first may wait for something
    if seconds > MAX_SECONDS:
        minutes = math.ceil(seconds / 60)
        words = f"{minutes} minutes" if minutes < 120 else f"{minutes / 60:,.0f} hours"
        warnings.warn(
            f"this check will take about {words}: pass sample=100 to move no more than 100 elements of each argument; "
            "or, for a layer or a net, use senet_np.gradcheck.directions.check_directions(net, shape)",
            stacklevel=3,
        )


def _compare(
    name: str,
    x: np.ndarray,
    grad: np.ndarray,
    loss_at: LossAt,
    moved: np.ndarray,
    step: float,
    tolerance: float,
    scale: float,
) -> ArgumentCheck:
    """The gradient of one argument beside (L(x_i + Δ) − L(x_i − Δ)) / 2Δ, at those elements x_i that `moved` picks."""
    largest = tuple(map(int, np.unravel_index(np.abs(x).argmax(), x.shape)))
    ulp = np.spacing(np.abs(x[largest]))
    lost = UnfitInputsError(
        f"{name}{list(largest)} is {x[largest]:g}, and a step of {step:g} is lost in its last digits: "
        "scale the inputs to about 1, or pass a larger step"
    )
    if step < MIN_ULPS * ulp:
        raise lost
    numeric = np.zeros_like(x)
    for index in filter(moved.__getitem__, np.ndindex(x.shape)):
        up, down = x[index] + step, x[index] - step
        numeric[index] = (loss_at(index, up) - loss_at(index, down)) / (up - down)
    if not np.isfinite(numeric).all():
        return ArgumentCheck(name, None, None, "forward's own result is not finite here")
    if max(np.abs(numeric).max(), np.abs(grad[moved]).max()) < scale * TOLERANCE:
        where = "everywhere" if moved.all() else "at every element of the sample"
        raise FlatError(
            f"the gradient of {name} is zero {where}, which proves nothing: draw other inputs (is every unit dead?) "
            "or leave it out with wrt"
        )
    check = ArgumentCheck(name, grad, numeric, tolerance=tolerance, scale=scale, compared=moved)
    if not check.ok and TOLERANCE < check.worst < 4 * np.sqrt(x.size) * ulp / step:
        raise lost  # what disagrees is the rounding of L
    return check


def _not_doubled(twice: Mapping[str, Any], grads: Mapping[str, Any]) -> set[str]:
    """The names of gradients that are not twice as large for twice the upstream gradient."""
    pairs = {name: (np.asarray(twice[name]), np.asarray(grad)) for name, grad in grads.items() if grad is not None}
    return {name for name, (two, one) in pairs.items() if two.shape == one.shape and not np.allclose(two, 2 * one)}


def _with_hints(checks: list[ArgumentCheck], named: Arguments, constant: set[str]) -> list[ArgumentCheck]:
    """The checks, each wrong one with what its error looks like."""
    wrong = [check.name for check in checks if not check.ok]
    return [check if check.ok else replace(check, hint=_hint(check, named, wrong, constant)) for check in checks]


def _hint(check: ArgumentCheck, named: Arguments, wrong: list[str], constant: set[str]) -> str:
    """What the error looks like. Of a part of the elements alone: they have no shape to compare."""
    if check.analytic is None or check.numeric is None:
        return ""
    if check.name in constant:
        return "it is not proportional to dy: with twice the upstream gradient it is not twice as large"
    part = ... if np.all(check.compared) else check.compared
    hint = find_hint(check.analytic[part], check.numeric[part], guess_factors(named))
    others = " and ".join(f"d{name}" for name in wrong if name != check.name)
    return f"{hint}. First mend {others}" if hint == SAME_EVERYWHERE and others else hint


def _loss(run: Run, named: Arguments, name: str, dy: Any, cache: Any) -> LossAt:
    """L as a function of one element of an argument."""
    before = [array.copy() for array in decisions(cache)]

    def loss_at(index: tuple[int, ...], value: float) -> float:
        moved = named[name].copy()
        moved[index] = value
        with np.errstate(invalid="ignore", under="ignore"):  # inf − inf, where forward overflows: its check tells it
            y, new_cache = run({**named, name: moved})
            loss = float(np.sum(y * dy))
        after = [*decisions(new_cache)]
        if len(before) != len(after) or not all(map(np.array_equal, before, after)):
            raise KinkError(
                f"moving {name}{list(index)} by {abs(value - named[name][index]):g} changes a mask or an index in the "
                "cache: there is no derivative to compare with. Draw other inputs"
            )
        return loss

    return loss_at


def decisions(cache: Any) -> Iterator[np.ndarray]:
    """The arrays of a cache that record a choice: masks and indices."""
    if isinstance(cache, np.ndarray):
        if cache.dtype.kind in "bui":
            yield cache
    elif isinstance(cache, (Mapping, tuple, list)):
        for value in cache.values() if isinstance(cache, Mapping) else cache:
            yield from decisions(value)
