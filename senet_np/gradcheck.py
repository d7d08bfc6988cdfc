"""Numbers against formulas: is a hand-written backward pass the derivative of its forward pass?

Floor 1. `check_gradients` works on any pair that keeps the convention of `senet_np.ops`, yours included:

    y, cache = forward(x, w, ...)        dx, dw, ... = backward(dy, cache)

How it is made to bite. The upstream gradient dy is random (ones would make a batch-norm check vacuous). Every
element of every argument is moved, in float64, by ±h. The error is scaled by the largest value of the whole
gradient array, so a small entry cannot hide behind its own smallness nor a rounding error look large. And where a
step changes a decision of the forward pass (a ReLU's mask, a maximum's index: any bool or integer array in the
cache) the function has no derivative there, so the check refuses and asks for other inputs.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np

from .hints import find_hint, guess_factors, heat_map_html

STEP = 1e-5  # truncation error ~h² = 1e-10, rounding error ~1e-16/h = 1e-11: both far below the tolerance
TOLERANCE = 1e-6
DY_SEED = 1709_01507  # not 0: dy must not equal an x that somebody else drew from default_rng(0)
SMALLEST_SCALE = 1e-3  # gradients smaller than this are compared absolutely, to SMALLEST_SCALE · TOLERANCE


class KinkError(ValueError):
    """A step of ±h changed a ReLU's mask or a maximum's winner: draw other inputs."""


@dataclass(frozen=True)
class ArgumentCheck:
    """What was found for one argument: the backward pass's gradient beside the numerical one."""

    name: str
    analytic: np.ndarray | None  # what the backward pass returned
    numeric: np.ndarray | None  # (L(+h) − L(−h)) / 2h, element by element; None where `problem` made it pointless
    problem: str = ""  # wrong shape, missing gradient, ...
    hint: str = ""  # what the pattern of the error suggests
    tolerance: float = TOLERANCE

    @property
    def errors(self) -> np.ndarray:
        """|analytic − numeric|, scaled by the largest value of either array; a NaN counts as infinite."""
        if self.analytic is None or self.numeric is None:
            return np.array(np.inf)
        largest = max(np.abs(self.analytic).max(), np.abs(self.numeric).max(), SMALLEST_SCALE)
        return np.nan_to_num(np.abs(self.analytic - self.numeric) / largest, nan=np.inf)

    @property
    def worst(self) -> float:
        """The largest scaled error."""
        return float(self.errors.max())

    @property
    def index(self) -> tuple[int, ...]:
        """Where the largest error is."""
        return tuple(int(i) for i in np.unravel_index(self.errors.argmax(), self.errors.shape))

    @property
    def ok(self) -> bool:
        """Whether the gradient is right."""
        return not self.problem and self.worst < self.tolerance

    def __str__(self) -> str:
        if self.problem:
            return f"{self.name}: {self.problem}"
        line = f"{self.name}: worst error {self.worst:.1e}"
        if self.ok or self.analytic is None or self.numeric is None:
            return line
        a, n = self.analytic[self.index], self.numeric[self.index]
        ratio = f"ratio {a / n:.4g}" if n else "no ratio"
        line += f" at {list(self.index)}: backward says {a:.6g}, finite differences say {n:.6g} ({ratio})"
        return f"{line}\n      hint: {self.hint}" if self.hint else line


@dataclass(frozen=True)
class Report:
    """The checks of all arguments. True where all are right; printed, it says which is not, and where."""

    arguments: tuple[ArgumentCheck, ...]

    @property
    def ok(self) -> bool:
        """Whether every gradient is right."""
        return all(argument.ok for argument in self.arguments)

    @property
    def worst(self) -> float:
        """The largest scaled error of all arguments."""
        return max(argument.worst for argument in self.arguments)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return "\n".join(f"{'ok   ' if argument.ok else 'WRONG'} {argument}" for argument in self.arguments)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """In a notebook: the same text, and for each wrong gradient a heat map of where it is wrong."""
        wrong = [a for a in self.arguments if not a.ok and not a.problem]
        maps = [f"<p>error of d{escape(a.name)}</p>{heat_map_html(a.errors, a.tolerance)}" for a in wrong]
        return f"<pre>{escape(str(self))}</pre>{''.join(maps)}"


def check_gradients(
    forward: Callable[..., tuple[Any, ...]],
    backward: Callable[..., Any],
    args: Sequence[Any] | Mapping[str, Any],
    wrt: Sequence[str] | None = None,
    rng: np.random.Generator | None = None,
    step: float = STEP,
    tolerance: float = TOLERANCE,
) -> Report:
    """Compare a backward pass with central differences, at every element of every argument.

    L = Σ y·dy for a random dy,    ∂L/∂x_i ≈ (L(x_i + h) − L(x_i − h)) / 2h

    Args:
        forward: called as forward(*args) or forward(**args); returns (y, cache).
        backward: called as backward(dy, cache); returns one gradient for each of forward's first arguments, in
            their order (None where the argument is None), or a single array.
        args: forward's arguments; the arrays to differentiate are float64. They are not changed.
        wrt: names of the arguments to check; by default all that backward returns a gradient for.
        rng: where dy comes from; by default a fixed seed, so that a failure can be repeated.
        step: h, in the unit of the argument.
        tolerance: the largest scaled error that passes, dimensionless.

    Returns:
        A report, true if all gradients are right. `print(report)` says more.

    Raises:
        ValueError: a float array is not float64 or an argument to check is no float array, wrt names one that has
            no gradient, or backward changed dy.
        KinkError: a step changed a mask or an index in the cache; draw other inputs.

    Source: central differences; the reasons for each precaution are in the module's docstring.
    """
    rng = np.random.default_rng(DY_SEED) if rng is None else rng
    named = _name_arguments(forward, args)
    if not isinstance(args, Mapping):
        forward = _by_position(forward)
    for name, value in named.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            _demand_float64(name, value)  # a float32 beside it would drown the check in rounding
    y, cache = forward(**named)[:2]
    dy = rng.standard_normal(np.shape(y))
    dy = dy if np.ndim(y) else float(dy)
    dy_given = np.copy(dy)
    grads = backward(dy, cache)
    grads = tuple(grads) if isinstance(grads, (tuple, list)) else (grads,)
    if not np.array_equal(dy, dy_given):
        raise ValueError(
            "backward changed dy in place: where a value fans out, the other branch would get the change too"
        )
    if len(grads) > len(named):
        raise ValueError(f"backward returns {len(grads)} gradients, forward has only {len(named)} arguments")
    by_name = dict(zip(named, grads, strict=False))
    unknown = [name for name in wrt or () if name not in by_name]
    if unknown:
        raise ValueError(f"wrt names {unknown}, expected some of {[*by_name]}: those have gradients")

    checks = []
    for name in wrt or by_name:
        value, grad = named[name], by_name[name]
        if value is None and grad is None:
            continue
        problem = _problem(name, value, grad)
        numeric = None if problem else _numeric_gradient(forward, named, name, dy, cache, step)
        check = ArgumentCheck(name, grad, numeric, problem, tolerance=tolerance)
        if numeric is not None and not check.ok:
            check = replace(check, hint=find_hint(grad, numeric, guess_factors(named)))
        checks.append(check)
    return Report(tuple(checks))


def _name_arguments(forward: Callable, args: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(args, Mapping):
        return dict(args)
    parameters = inspect.signature(forward).parameters.values()
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names += [f"argument {k}" for k in range(len(names), len(args))]  # what an *args takes up
    return dict(zip(names, args, strict=False))


def _by_position(forward: Callable) -> Callable:
    return lambda **named: forward(*named.values())


def _demand_float64(name: str, value: Any) -> None:
    if not isinstance(value, np.ndarray) or value.dtype != np.float64:
        came = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
        raise ValueError(f"{name} is {came}, expected a float64 array: convert it with {name}.astype(np.float64)")


def _problem(name: str, value: Any, grad: Any) -> str:
    """What is wrong with a gradient before its numbers are looked at: broadcasting would hide a wrong shape."""
    if value is None:
        return f"backward returned a gradient, but {name} is None: expected None"
    _demand_float64(name, value)
    if grad is None:
        return f"backward returned None, expected an array of shape {value.shape}"
    if np.shape(grad) != value.shape:
        return f"d{name} has shape {np.shape(grad)}, expected {value.shape}, the shape of {name}"
    if np.asarray(grad).dtype != value.dtype:
        return f"d{name} has dtype {np.asarray(grad).dtype}, expected {value.dtype}, the dtype of {name}"
    return ""


def _numeric_gradient(
    forward: Callable, named: dict[str, Any], name: str, dy: Any, cache: Any, step: float
) -> np.ndarray:
    moved = named[name].copy()
    before = [array.copy() for array in decisions(cache)]
    numeric = np.empty_like(moved)

    def loss_at(index: tuple[int, ...], value: float) -> float:
        moved[index] = value
        y, new_cache = forward(**{**named, name: moved})[:2]
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
