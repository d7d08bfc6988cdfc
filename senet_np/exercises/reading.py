"""Answers as people write them: numbers, names and gradients, read in any form that says the same."""

import re
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..grading.marks import Array, Wrong, require


def numbers(answer: Any, name: str, *shapes: tuple[int, ...]) -> Array:
    """An answer as an array of finite numbers, float64; of one of the shapes, if there are any."""
    require(answer is not None, f"{name} is None, expected numbers")
    require(not isinstance(answer, Mapping), f"{name} is a dictionary, expected numbers: a list, or an array")
    if isinstance(answer, Iterable) and not isinstance(answer, (np.ndarray, str)):
        answer = list(answer)
    try:
        array = np.array(answer, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise Wrong(f"{name} is {reprlib.repr(answer)}, expected numbers") from None
    require(not shapes or array.shape in shapes, f"{name} has shape {array.shape}, expected {[*shapes, ()][0]}")
    require(array.size and np.isfinite(array).all(), f"{name} must hold finite numbers")
    return array


def number(answer: Any, name: str) -> float:
    """An answer as one number; an array of one number will do."""
    array = numbers(answer, name)
    require(array.size == 1, f"{name} holds {array.size} numbers, expected one")
    return float(array.flat[0])


def whole(answer: Any, name: str) -> int:
    """An answer as a whole number."""
    value = number(answer, name)
    require(value == round(value), f"{name} is {value:g}, expected a whole number")
    return round(value)


def names(answer: Any) -> set[str]:
    """Words in lower case, from a list, a set, or one text with commas; at least one."""
    parts = [answer] if isinstance(answer, str) or not isinstance(answer, Iterable) else [str(part) for part in answer]
    found = {word.lower() for part in parts for word in re.findall(r"\w+(?:[.-]\w+)*", str(part))} - {"and"}
    require(found, "name at least one")
    return found


def gradients(answer: Any, name: str, known: Iterable[str]) -> set[str]:
    """Names out of `known`: "dw1", "dW1" and "w1" are the same one, and "all" are all of them."""
    known = [*known]
    require(answer is not None, f"{name} is None, expected names out of {', '.join(known)}")
    try:
        found = names(answer)
    except Wrong as error:
        raise Wrong(f"{name}: {error}") from None
    if found == {"all"}:
        return {*known}
    unknown = sorted(one for one in found if not {one, f"d{one}"} & {*known})
    require(not unknown, f"{name}: {', '.join(unknown)} is none of {', '.join(known)}")
    return {one if one in known else f"d{one}" for one in found}


def truth(answer: Any, name: str) -> bool | None:
    """What a test returned: one truth value, or None where it returned nothing."""
    if answer is None:
        return None
    if isinstance(answer, np.ndarray) and answer.size != 1:
        raise Wrong(f"{name} returned an array of shape {answer.shape}, expected one True or False: use .all()")
    single = isinstance(answer, (bool, int, np.bool_, np.integer, np.ndarray))
    require(single, f"{name} returned {reprlib.repr(answer)}, expected True or False")
    return bool(answer)
