"""A learner's backward pass of an SE block, or of its excitation: which gradients are wrong, and where to begin."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..gradcheck.check import UnfitInputsError, check_gradients
from ..gradcheck.convention import ConventionError
from ..gradcheck.report import ArgumentCheck
from ..grading.marks import Answer, Array, Wrong, require


def in_order(grads: Any, names: tuple[str, ...], function: str) -> tuple[Any, ...]:
    """The gradients that a backward pass returned, in a row or by name."""
    if isinstance(grads, dict):
        keys = {str(key).lower(): value for key, value in grads.items()}
        grads = [keys.get(name, keys.get(name[1:])) for name in names]
    row = isinstance(grads, (tuple, list))
    actual = f"{len(grads)} {'thing' if len(grads) == 1 else 'things'}" if row else type(grads).__name__
    expected = f"{function} returned {actual}, expected {len(names)} gradients: {', '.join(names)}"
    require(row and len(grads) == len(names), expected)
    none = [name for name, grad in zip(names, grads, strict=True) if grad is None]
    require(not none, f"{function} returned no {', no '.join(none)}")
    return tuple(grads)


def wrong_gradients(
    forward: Answer, backward: Answer, args: dict[str, Array], names: tuple[str, ...], function: str
) -> dict[str, ArgumentCheck]:
    """Those gradients of a pair that finite differences do not confirm, by name; a wrong shape is said at once."""

    def by_position(**named: Any) -> Any:
        return forward(*named.values())

    def five(dy: Array, cache: Any) -> tuple[Any, ...]:
        return in_order(backward(dy, cache), names, function)

    try:
        report = check_gradients(by_position, five, {name: args[name] for name in (n.removeprefix("d") for n in names)})
    except (ConventionError, UnfitInputsError) as error:
        raise Wrong(str(error)) from error
    found = dict(zip(names, report.arguments, strict=True))
    shapes = {name: one.problem for name, one in found.items() if one.problem}
    biases = set(shapes) <= {"db1", "db2"}
    turned = all(re.search(r"shape \((\d+), (\d+)\), expected \(\2, \1\)", problem) for problem in shapes.values())
    advice = "are rows and columns exchanged?" if turned else f"is the order {', '.join(names)}?"
    advice = "is it added up over the images?" if biases else advice
    more = f"; {advice}" if biases or turned or len(shapes) > 1 else ""
    require(not shapes, " and ".join(list(shapes.values())[: 2 if biases else 1]) + more)
    return {name: one for name, one in found.items() if not one.ok}


def facts(wrong: dict[str, ArgumentCheck]) -> str:
    """Where the gradient that was computed first is most wrong, and both numbers there."""
    name = min(wrong, key=["dw2", "db2", "dw1", "db1", "dz", "du"].index)
    one = wrong[name]
    ours, theirs = (np.asarray(array)[one.index] for array in (one.analytic, one.numeric))
    numbers = f"({name}{[*one.index]} is {ours:.4g}, finite differences say {theirs:.4g}.)"
    return f"{numbers} Of {name}, {one.hint}." if one.hint.startswith("every element") else numbers


def where_to_begin(wrong: Iterable[str], first: str) -> str:
    """What the wrong gradients tell about the line of the mistake; `first` (dz or du) is computed from all the others.

    "" if `first` alone is wrong.
    """
    names = {*wrong}
    weights = [name for name in ("dw2", "db2", "dw1", "db1") if name in names]
    if not weights:
        return ""
    if first not in names:
        chain = "de, dh and da" if first == "dz" else "ds, de, dh, da and dz"
        own = "line of this gradient itself" if len(weights) == 1 else "lines of these gradients themselves"
        return f"{first} is right, so {chain} are right. Look at the {own}."
    if {"dw2", "db2"} & names:
        return "Look first at what dw2 and db2 need: ds, de and h."
    return "dw2 and db2 are right, so de is right. The mistake stands after it: look at dh, da, and the lines of FC1."


def listed(wrong: Iterable[str]) -> str:
    """Which gradients are wrong."""
    return f"wrong: {', '.join(sorted(wrong))}."
