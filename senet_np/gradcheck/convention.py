"""What a forward and a backward pass agree on, checked before any number is compared."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import ShortInNotebooks

Arguments = dict[str, Any]  # a forward pass's arguments by name


class ConventionError(ShortInNotebooks, ValueError):
    """The pair or its arguments do not keep the convention; the message gives the actual and the expected value."""


def name_arguments(forward: Callable, args: Sequence[Any] | Mapping[str, Any]) -> Arguments:
    """The arguments by name, in the order in which forward takes them."""
    if isinstance(args, np.ndarray):
        raise ConventionError("args is an array, expected a list of arguments: write [x]")
    parameters = inspect.signature(forward).parameters.values()
    if isinstance(args, Mapping):
        names = [p.name for p in parameters if p.name in args]
        return {name: args[name] for name in [*names, *(name for name in args if name not in names)]}
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names += [f"argument {k}" for k in range(len(names), len(args))]  # those that an *args takes
    return dict(zip(names, args, strict=False))


def check_arguments(named: Arguments) -> None:
    """Raise ValueError unless every float array is float64, finite and not empty."""
    for name, value in named.items():
        if is_float_array(value):
            _check_float64(name, value)  # a float32 beside it would drown the check in rounding
            if not value.size or not np.isfinite(value).all():
                raise ConventionError(f"{name} is empty or holds what is not finite, expected numbers")


def call(forward: Callable, named: Arguments, by_name: bool) -> tuple[Any, Any]:
    """y and the cache; a forward pass may return more, as a layer's does."""
    result = forward(**named) if by_name else forward(*named.values())
    if not isinstance(result, (tuple, list)) or len(result) < 2:
        raise ConventionError(f"forward returned {_spell(result)}, expected two things: return y, cache")
    return result[0], result[1]


def name_gradients(grads: Any, named: Arguments) -> Arguments:
    """What backward returned, by the arguments' names."""
    if not isinstance(grads, (tuple, list, np.ndarray, np.generic, float)) and grads is not None:
        raise ConventionError(f"backward returned {_spell(grads)}, expected an array or a tuple of arrays")
    grads = tuple(grads) if isinstance(grads, (tuple, list)) else (grads,)
    if not grads:
        raise ConventionError(f"backward returned nothing, expected a gradient for each of {[*named]}")
    if len(grads) > len(named):
        raise ConventionError(f"backward returns {len(grads)} gradients, forward has only {len(named)} arguments")
    return dict(zip(named, grads, strict=False))


def copy_arrays(named: Arguments) -> Arguments:
    """The arguments, with a copy of each array."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in named.items()}


def check_unchanged(who: str, before: Arguments, after: Arguments) -> None:
    """Raise ValueError if a pass changed an array that it was given."""
    arrays = {name: value for name, value in before.items() if isinstance(value, np.ndarray)}
    if changed := [name for name, value in arrays.items() if not np.array_equal(value, after[name])]:
        raise ConventionError(
            f"{who} changed {' and '.join(changed)} in place: whoever else uses it would get the change too. "
            "Write x = x * 2, not x *= 2 or x[...] = ..."
        )


def find_problem(name: str, value: Any, grad: Any) -> str:
    """What is wrong with a gradient before its numbers are compared: broadcasting would hide a wrong shape."""
    if value is None:
        return f"backward returned a gradient, but {name} is None: expected None"
    _check_float64(name, value)
    expected = f"expected an array of shape {value.shape}"
    if grad is None:
        return f"backward returned None, {expected}"
    if not isinstance(grad, (np.ndarray, np.generic)) and not (value.ndim == 0 and isinstance(grad, float)):
        return f"d{name} is {_spell(grad)}, {expected}"
    if np.shape(grad) != value.shape:
        return f"d{name} has shape {np.shape(grad)}, expected {value.shape}, the shape of {name}"
    if np.asarray(grad).dtype != value.dtype:
        return f"d{name} has dtype {np.asarray(grad).dtype}, expected {value.dtype}, the dtype of {name}"
    return ""


def is_float_array(value: Any) -> bool:
    """Whether a value is an array of floating-point numbers, of any size."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _check_float64(name: str, value: Any) -> None:
    expected = "expected a float64 array"
    if not isinstance(value, np.ndarray):
        raise ConventionError(f"{name} is {_spell(value)}, {expected}: write np.array({name}, dtype=np.float64)")
    if value.dtype != np.float64:
        raise ConventionError(f"{name} is {value.dtype}, {expected}: convert it with {name}.astype(np.float64)")


def _spell(thing: Any) -> str:
    """A thing by its kind: "a dict", "an array of shape (2, 3)"."""
    if isinstance(thing, np.ndarray):
        return f"an array of shape {thing.shape}"
    kind = "tuple of one" if isinstance(thing, tuple) and len(thing) == 1 else type(thing).__name__
    return "None" if thing is None else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
