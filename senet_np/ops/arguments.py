"""Checks on what an op is given, so that a wrong shape is met by a sentence and not by a broadcast.

NumPy would happily add a (C,) array to an (N, C, H, C) one; every op asks here first.
"""

import numpy as np

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
Size = int | str  # an int is that very size; a str is any size of 1 or more, and names the axis in the message


def check_array(name: str, array: object, shape: tuple[Size, ...], dtype: np.dtype | None = None) -> None:
    """Raise ValueError unless `array` is a float array of the expected shape and dtype.

    Args:
        name: what the caller calls the argument.
        array: the argument.
        shape: the expected shape, one entry per axis: `(n, "H", "W", c)` expects four axes, the first and last fixed.
        dtype: the expected dtype, or None for float32 or float64.

    Raises:
        ValueError: names the argument, what it is and what was expected.
    """
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} is a {type(array).__name__}, expected a NumPy array of shape {_spell(shape)}")
    allowed = FLOATS if dtype is None else (dtype,)
    if array.dtype not in allowed:
        expected = " or ".join(str(d) for d in allowed)
        raise ValueError(f"{name} has dtype {array.dtype}, expected {expected}: convert it with {name}.astype(...)")
    fits = array.ndim == len(shape) and all(
        actual >= 1 if isinstance(expected, str) else actual == expected
        for actual, expected in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{name} has shape {array.shape}, expected {_spell(shape)}")


def check_any_shape(name: str, array: object) -> None:
    """Raise ValueError unless `array` is a float array, of whichever shape."""
    check_array(name, array, array.shape if isinstance(array, np.ndarray) else ("any",))


def check_labels(name: str, labels: object, n: int, classes: int) -> None:
    """Raise ValueError unless `labels` is an integer array of shape (n,) with values 0 to classes − 1."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
        actual = labels.dtype if isinstance(labels, np.ndarray) else type(labels).__name__
        raise ValueError(f"{name} is {actual}, expected an array of integers of shape ({n},)")
    if labels.shape != (n,):
        raise ValueError(f"{name} has shape {labels.shape}, expected ({n},): one label for each row of logits")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"{name} holds {labels.min()} to {labels.max()}, expected 0 to {classes - 1}")


def check_fcs(u: np.ndarray, w1: np.ndarray, b1: object, w2: object, b2: object) -> None:
    """Raise ValueError unless feature maps u (N, H, W, C) fit two FCs: w1 (C, C/r), b1 (C/r,), w2 (C/r, C), b2 (C,)."""
    check_array("u", u, ("N", "H", "W", "C"))
    check_array("w1", w1, (u.shape[3], "h"), u.dtype)
    check_array("w2", w2, (w1.shape[1], u.shape[3]), u.dtype)
    for name, b, width in (("b1", b1, w1.shape[1]), ("b2", b2, u.shape[3])):
        if b is not None:
            check_array(name, b, (width,), u.dtype)


def check_count(name: str, value: object, minimum: int) -> None:
    """Raise ValueError unless `value` is a whole number of at least `minimum`."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < minimum:
        raise ValueError(f"{name} is {value!r}, expected a whole number of at least {minimum}")


def check_window(height: int, width: int, kh: int, kw: int) -> None:
    """Raise ValueError unless a kh×kw window fits into the height×width image at least once."""
    if kh > height or kw > width:
        raise ValueError(f"x is {height}×{width} (padding included), expected at least the window's {kh}×{kw}")


def _spell(shape: tuple[Size, ...]) -> str:
    return "(" + ", ".join(str(size) for size in shape) + ("," if len(shape) == 1 else "") + ")"
