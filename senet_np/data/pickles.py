"""Reads the pickles of CIFAR-10's Python version without any way to run code.

A pickle is a program for a small stack machine, and Python's own unpickler lets it import and call whatever it names.
Here it has only the instructions that the official files need, and three names of NumPy, which all stand for a class
of ours: an array is made here, from bytes that are really in the file.
"""

import io
import pickle
import struct
from typing import Any

import numpy as np

from .places import FETCH, DataError

NAMES = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct", "numpy.ndarray", "numpy.dtype")
SAFE = (
    "PROTO FRAME STOP MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 SHORT_BINSTRING BINSTRING SHORT_BINBYTES "
    "BINBYTES SHORT_BINUNICODE BINUNICODE BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET EMPTY_LIST APPEND APPENDS "
    "SETITEM SETITEMS TUPLE TUPLE1 TUPLE2 TUPLE3 GLOBAL STACK_GLOBAL REDUCE BUILD"
)
MAX_INSTRUCTIONS = 200_000  # an official batch has some 30,000; a file of nothing else would take minutes


def load_batch_pickle(raw: bytes, what: str) -> dict[str, Any]:
    """Read a pickled dictionary of texts, integers, lists, tuples and uint8 arrays; all else is a DataError."""
    try:
        result = _Unpickler(io.BytesIO(raw), encoding="bytes").load()  # a text of Python 2 becomes bytes
    except DataError as refusal:
        raise DataError(f"{what} was refused: {refusal}, unlike any file of CIFAR-10; {FETCH}") from None
    except (pickle.UnpicklingError, struct.error, EOFError, ValueError, TypeError, LookupError, AttributeError):
        raise DataError(f"{what} is damaged or not a pickle of CIFAR-10 ({len(raw):,} bytes); {FETCH}") from None
    if not isinstance(result, _Dictionary):
        raise DataError(f"{what} holds a {type(result).__name__}, expected a dictionary; {FETCH}")
    return result


class _Unpickler(pickle._Unpickler):  # the one written in Python: its table of instructions can be replaced
    left = MAX_INSTRUCTIONS

    @property
    def dispatch(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The table of instructions: itself, so that `__getitem__` is asked for each."""
        return self

    def __getitem__(self, code: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise DataError(f"it has more than {MAX_INSTRUCTIONS:,} instructions")
        if code not in INSTRUCTIONS:
            raise DataError(f"it has the instruction {bytes([code])}")
        return INSTRUCTIONS[code]

    def find_class(self, module: str, name: str) -> type:
        if (full := f"{module}.{name}") not in NAMES:
            raise DataError(f"it asks for {full[:80]!r}")
        return _Stub


class _Stub:
    """Stands for an object of NumPy: an array, at first without its bytes, or the type of its elements."""

    def __init__(self, kind: Any, shape: Any, rest: Any) -> None:
        self.kind = kind

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def as_array(self) -> np.ndarray:
        """Make the array from NumPy's pickled state: version, shape, type, Fortran order, bytes."""
        _, shape, dtype, fortran, content = self.state
        if not (type(shape) is tuple and all(type(n) is int and 0 <= n <= len(content) for n in shape)):
            raise TypeError("not a shape")
        if dtype.kind not in ("u1", b"u1") or fortran:
            raise DataError("it has an array of another type than uint8, or in Fortran order")
        return np.frombuffer(content, np.uint8).reshape(shape)


class _Dictionary(dict[str, Any]):
    __slots__ = ()  # so that BUILD cannot give it attributes

    def __setitem__(self, key: str | bytes, value: Any) -> None:
        text = str(key, "ascii") if isinstance(key, bytes) else key
        if not isinstance(text, str):
            raise TypeError("not a text")  # a tuple of tuples of tuples might take forever to hash
        super().__setitem__(text, value.as_array() if isinstance(value, _Stub) else value)


CODES = [getattr(pickle, name)[0] for name in SAFE.split()]
INSTRUCTIONS: dict[int, Any] = {code: pickle._Unpickler.dispatch[code] for code in CODES}
INSTRUCTIONS[pickle.EMPTY_DICT[0]] = lambda machine: machine.append(_Dictionary())
