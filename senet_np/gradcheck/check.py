"""Numbers against formulas: is a hand-written backward pass the derivative of its forward pass?

`check_gradients` works on any pair that keeps the convention of `senet_np.ops`, yours included:

    y, cache = forward(x, w, ...)        dx, dw, ... = backward(dy, cache)

How it is made to bite. The upstream gradient dy is random (ones would make a batch-norm check vacuous). Every
element of every argument is moved, in float64, by ±h. The error is scaled by the largest value of the whole
gradient array, so a small entry cannot hide behind its own smallness nor a rounding error look large. And where a
step changes a decision of the forward pass (a ReLU's mask, a maximum's index: any bool or integer array in the
cache) the function has no derivative there, so the check refuses and asks for other inputs. It refuses, too, where
all gradients are zero, where forward gives another result each time, and where a pass changes what it was given.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .hints import find_hint, guess_factors
from .report import SMALLEST_SCALE, TOLERANCE, ArgumentCheck, Report

STEP = 1e-5  # truncation error ~h² = 1e-10, rounding error ~1e-16/h = 1e-11: both far below the tolerance
DY_SEED = 1709_01507  # not 0: dy must not equal an x that somebody else drew from default_rng(0)
Named = dict[str, Any]  # a forward pass's arguments by name


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
        rng: where dy comes from; by default a fixed seed, so that a failure can be repeated.
        step: h, in the unit of the argument.
        tolerance: the largest scaled error that passes, dimensionless.

    Returns:
        A report, true if all gradients are right. `print(report)` says more.

    Raises:
        ValueError: a float array is not float64, empty or not finite; an argument to check is no float array; wrt
            names one that has no gradient; forward or backward does not keep the convention, or changes what it
            was given.
        KinkError: a step changed a mask or an index in the cache; draw other inputs.
        FlatError: a gradient is zero at every element; draw other inputs.

    Source: central differences; the reasons for each precaution are in the module's docstring.
    """
    if not step > 0:
        raise ValueError(f"step is {step}, expected a number above 0")
    rng = np.random.default_rng(DY_SEED) if rng is None else rng
    wrt = [wrt] if isinstance(wrt, str) else wrt
    named = _name_arguments(forward, args)
    if not isinstance(args, Mapping):
        forward = _by_position(forward)
    for name, value in named.items():
        if _is_float_array(value):
            _demand_float64(name, value)  # a float32 beside it would drown the check in rounding
            if not value.size or not np.isfinite(value).all():
                raise ValueError(f"{name} is empty or holds what is not finite, expected numbers")

    given = _copy(named)
    y, cache = _call(forward, given)
    _demand_unchanged("forward", named, given)
    dy = rng.standard_normal(np.shape(y))
    dy = dy if np.ndim(y) else float(dy)
    dy_given = np.copy(dy)
    by_name = _name_gradients(backward(dy, cache), named)
    _demand_unchanged("backward", {**named, "dy": dy_given}, {**given, "dy": dy})
    unknown = [name for name in wrt or () if name not in by_name]
    if unknown:
        raise ValueError(f"wrt names {unknown}, expected some of {[*by_name]}: those have gradients")

    y_again, cache = _call(forward, _copy(named))
    if not np.array_equal(y, y_again, equal_nan=True):
        raise ValueError(
            "forward gives another result each time: fix its seed, or hand what it draws in as an argument"
        )
    checks = [
        _check(forward, named, name, by_name[name], dy, cache, step, tolerance)
        for name in wrt or by_name
        if by_name[name] is not None or _is_float_array(named[name])
    ]
    unchecked = [] if wrt else [name for name in named if name not in by_name and _is_float_array(named[name])]
    return Report(tuple(checks), tuple(unchecked))


def _check(
    forward: Callable, named: Named, name: str, grad: Any, dy: Any, cache: Any, step: float, tolerance: float
) -> ArgumentCheck:
    """Compare one argument's gradient."""
    problem = _problem(name, named[name], grad)
    if problem:
        return ArgumentCheck(name, None, None, problem)
    grad = np.asarray(grad)
    numeric = _numeric_gradient(forward, named, name, dy, cache, step)
    if not np.isfinite(numeric).all():
        return ArgumentCheck(name, None, None, "forward's own result is not finite here")
    if max(np.abs(numeric).max(), np.abs(grad).max()) < SMALLEST_SCALE * TOLERANCE:
        raise FlatError(
            f"the gradient of {name} is zero everywhere, which proves nothing: draw other inputs (is every unit dead?) "
            "or leave it out with wrt"
        )
    check = ArgumentCheck(name, grad, numeric, tolerance=tolerance)
    return check if check.ok else replace(check, hint=find_hint(grad, numeric, guess_factors(named)))


def _call(forward: Callable, named: Named) -> tuple[Any, Any]:
    """y and the cache; a forward pass may return more, as a layer's does."""
    result = forward(**named)
    if not isinstance(result, (tuple, list)) or len(result) < 2:
        raise ValueError(f"forward returned {_spell(result)}, expected two things: return y, cache")
    return result[0], result[1]


def _copy(named: Named) -> Named:
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in named.items()}


def _demand_unchanged(who: str, before: Named, after: Named) -> None:
    changed = [
        name
        for name, value in before.items()
        if isinstance(value, np.ndarray) and not np.array_equal(value, after[name])
    ]
    if changed:
        raise ValueError(
            f"{who} changed {' and '.join(changed)} in place: whoever else uses it would get the change too. "
            "Write x = x * 2, not x *= 2 or x[...] = ..."
        )


def _name_arguments(forward: Callable, args: Sequence[Any] | Mapping[str, Any]) -> Named:
    """The arguments by name, in the order in which forward takes them."""
    if isinstance(args, np.ndarray):
        raise ValueError("args is an array, expected a list of arguments: write [x]")
    parameters = inspect.signature(forward).parameters.values()
    if isinstance(args, Mapping):
        names = [p.name for p in parameters if p.name in args]
        return {name: args[name] for name in [*names, *(name for name in args if name not in names)]}
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names += [f"argument {k}" for k in range(len(names), len(args))]  # what an *args takes up
    return dict(zip(names, args, strict=False))


def _by_position(forward: Callable) -> Callable:
    return lambda **named: forward(*named.values())


def _name_gradients(grads: Any, named: Named) -> Named:
    """What backward returned, by the arguments' names."""
    if not isinstance(grads, (tuple, list, np.ndarray, np.generic, float)) and grads is not None:
        raise ValueError(f"backward returned {_spell(grads)}, expected an array or a tuple of arrays")
    grads = tuple(grads) if isinstance(grads, (tuple, list)) else (grads,)
    if not grads:
        raise ValueError(f"backward returned nothing, expected a gradient for each of {[*named]}")
    if len(grads) > len(named):
        raise ValueError(f"backward returns {len(grads)} gradients, forward has only {len(named)} arguments")
    return dict(zip(named, grads, strict=False))


def _is_float_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _demand_float64(name: str, value: Any) -> None:
    if not isinstance(value, np.ndarray):
        cure = f"np.array({name}, dtype=np.float64)"
        raise ValueError(f"{name} is {_spell(value)}, expected a float64 array: write {cure}")
    if value.dtype != np.float64:
        cure = f"{name}.astype(np.float64)"
        raise ValueError(f"{name} is {value.dtype}, expected a float64 array: convert it with {cure}")


def _problem(name: str, value: Any, grad: Any) -> str:
    """What is wrong with a gradient before its numbers are looked at: broadcasting would hide a wrong shape."""
    if value is None:
        return f"backward returned a gradient, but {name} is None: expected None"
    _demand_float64(name, value)
    if grad is None:
        return f"backward returned None, expected an array of shape {value.shape}"
    if not isinstance(grad, (np.ndarray, np.generic)) and not (value.ndim == 0 and isinstance(grad, float)):
        return f"d{name} is {_spell(grad)}, expected an array of shape {value.shape}"
    if np.shape(grad) != value.shape:
        return f"d{name} has shape {np.shape(grad)}, expected {value.shape}, the shape of {name}"
    if np.asarray(grad).dtype != value.dtype:
        return f"d{name} has dtype {np.asarray(grad).dtype}, expected {value.dtype}, the dtype of {name}"
    return ""


def _spell(thing: Any) -> str:
    """A thing by its kind: "a dict", "an array of shape (2, 3)"."""
    if isinstance(thing, np.ndarray):
        return f"an array of shape {thing.shape}"
    kind = "tuple of one" if isinstance(thing, tuple) and len(thing) == 1 else type(thing).__name__
    return "None" if thing is None else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _numeric_gradient(forward: Callable, named: Named, name: str, dy: Any, cache: Any, step: float) -> np.ndarray:
    moved = named[name].copy()
    before = [array.copy() for array in decisions(cache)]
    numeric = np.empty_like(moved)

    def loss_at(index: tuple[int, ...], value: float) -> float:
        moved[index] = value
        y, new_cache = _call(forward, {**named, name: moved})
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
        with np.errstate(invalid="ignore"):  # inf − inf, where forward overflows: told by the caller
            numeric[index] = (loss_at(index, up) - loss_at(index, down)) / (up - down)
        moved[index] = here
    return numeric


def decisions(cache: Any) -> Iterator[np.ndarray]:
    """The arrays of a cache that record a choice: masks and indices."""
    if isinstance(cache, np.ndarray):
        if cache.dtype.kind in "bui":
            yield cache
    elif isinstance(cache, Mapping):
        for value in cache.values():
            yield from decisions(value)
    elif isinstance(cache, (tuple, list)):
        for value in cache:
            yield from decisions(value)
