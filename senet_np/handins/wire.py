"""Values on their way between the grader and a hand-in's process: JSON for what holds what, raw bytes for the arrays.

Nothing that arrives is executed. A hand-in's process could send anything, and a pickle could run code.
"""

import json
import re
import struct
from collections.abc import Callable, Mapping
from typing import IO, Any

import numpy as np

SIZES = struct.Struct("<QQ")  # bytes of JSON, bytes of arrays
MAX_BYTES = 1 << 27
MAX_DEPTH = 40
DTYPE = re.compile(r"[<>|=][biufc]\d{1,2}")


class Cache(tuple):
    """A cache that stays in the hand-in's process: its number, and of its content the masks and indices."""

    number: int


class Foreign:
    """A value that cannot be sent, such as an object of the learner's own class: its type's name and its text."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text


class Damaged(ValueError):
    """What arrived does not fit together."""


def send(stream: IO[bytes], value: Any, custom: Callable[[Any], Any] = lambda value: None) -> None:
    """Write one value. `custom` may give a JSON form of its own to a value, or None."""
    arrays: list[np.ndarray] = []
    text = json.dumps(_pack(value, arrays, custom, 0)).encode()
    data = b"".join(array.tobytes() for array in arrays)
    stream.write(SIZES.pack(len(text), len(data)) + text + data)
    stream.flush()


def receive(stream: IO[bytes], custom: Callable[[str, Any], Any] = lambda kind, value: None) -> Any:
    """Read one value; EOFError where the other side has ended, `Damaged` where it is no value of ours."""
    sizes = SIZES.unpack(_exactly(stream, SIZES.size))
    if sum(sizes) > MAX_BYTES:
        raise Damaged(f"{sum(sizes):,} bytes at once, expected at most {MAX_BYTES:,}")
    text, data = (_exactly(stream, size) for size in sizes)
    try:
        return _unpack(json.loads(text), [data], custom)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error


def choices(value: Any) -> list[np.ndarray]:
    """The masks and indices in a cache: a gradient check looks whether a step changes one."""
    if isinstance(value, np.ndarray):
        return [value] if value.dtype.kind in "bui" else []
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (tuple, list)) else ()
    return [array for part in parts for array in choices(part)]


def _pack(value: Any, arrays: list[np.ndarray], custom: Callable[[Any], Any], depth: int) -> Any:
    def inside(part: Any) -> Any:
        return _pack(part, arrays, custom, depth + 1)

    if (own := custom(value)) is not None:
        return own
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufc":
        array = np.ascontiguousarray(value)
        arrays.append(array)
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        return {kind: [array.dtype.str, *np.shape(value)]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value if value is None or isinstance(value, bool) else _plain(value)
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        return {"dict": [[inside(key), inside(part)] for key, part in value.items()]}
    if depth < MAX_DEPTH and isinstance(value, (list, tuple)):
        return {"list" if isinstance(value, list) else "tuple": [inside(part) for part in value]}
    try:
        text = repr(value)[:200]
    except Exception:
        text = "…"
    return {"other": [type(value).__name__, text]}


def _plain(value: Any) -> Any:
    """A number or a text as JSON knows it, also of a class of its own; of a NumPy scalar the caller takes care."""
    return next(kind(value) for kind in (int, float, str) if isinstance(value, kind))


def _unpack(value: Any, rest: list[bytes], custom: Callable[[str, Any], Any]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind in ("array", "scalar"):
        name, *shape = content
        if not DTYPE.fullmatch(name) or any(type(n) is not int or n < 0 for n in shape):
            raise Damaged(f"no array: {content!r:.80}")
        dtype = np.dtype(name)
        size = dtype.itemsize * int(np.prod(shape, dtype=object))
        if size > len(rest[0]):
            raise Damaged("an array ends early")
        part, rest[0] = rest[0][:size], rest[0][size:]
        array = np.frombuffer(part, dtype).reshape(shape).copy()
        return array if kind == "array" else array[()]
    if kind == "dict":
        return {_unpack(key, rest, custom): _unpack(part, rest, custom) for key, part in content}
    if kind in ("list", "tuple"):
        parts = [_unpack(part, rest, custom) for part in content]
        return parts if kind == "list" else tuple(parts)
    if kind == "other":
        name, text = map(str, content)
        return type(name, (Foreign,), {})(text)
    return custom(kind, content)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = stream.read(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
