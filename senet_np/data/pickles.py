"""Reads the pickles of CIFAR-10's Python version without ever unpickling one.

A pickle is a program for a little stack machine, and Python's own unpickler lets that program import and
call whatever it names: a data file from the internet could run any command. The official files need some thirty
instructions and three names, so here is a machine that knows those and no others. The three names are never
imported either; they only say "an array follows", and the array is made here, out of bytes that are really there.
"""

import math
import pickletools
from typing import Any

import numpy as np

from .places import FETCH, DataError

RECONSTRUCT = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")  # NumPy 1 and NumPy 2
ADMITTED = (*RECONSTRUCT, "numpy.ndarray", "numpy.dtype")

# An official batch has some 30,000 instructions. A file of nothing but instructions would keep us busy for minutes.
MAX_INSTRUCTIONS = 200_000

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}


class _Global(str):
    """One of the admitted names, on the stack. Texts are kept as bytes there, so nothing else is a str."""


class _BlankArray:
    """An array that was announced, and whose shape and bytes are still to come."""


class _Refused(Exception):
    """Says what the pickle asked for that no CIFAR-10 file needs."""


def load_batch_pickle(raw: bytes, what: str) -> dict[bytes, object]:
    """Read a pickled dictionary of bytes, integers, lists, tuples and uint8 arrays.

    Args:
        raw: the whole file, pickle protocol 2 to 4 in binary form.
        what: the file's name, for the message.

    Returns:
        The dictionary; every text in it is bytes, as `pickle.load(..., encoding="bytes")` would give it.

    Raises:
        DataError: `raw` is damaged, is no pickle, or asks for anything that a CIFAR-10 file does not need.
    """
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(raw)):
            if count == MAX_INSTRUCTIONS:
                raise _Refused(f"more than {MAX_INSTRUCTIONS} instructions")
            machine.step(opcode.name, argument)
        result = machine.stack.pop()
    except _Refused as refusal:
        raise DataError(f"{what} was refused: it asks for {refusal}, which no CIFAR-10 file needs; {FETCH}") from None
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
        # A program that is cut short or makes no sense fails in many ways, all with the same meaning.
        raise DataError(f"{what} is damaged or not a pickle of CIFAR-10 ({len(raw):,} bytes); {FETCH}") from None
    if not isinstance(result, dict):
        raise DataError(f"{what} holds a {type(result).__name__}, expected a dictionary; {FETCH}")
    return result


class _Machine:
    """The stack machine. Its memory grows with the file's length alone, whatever numbers stand in the file."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}  # a dict: index 4,000,000,000 costs no more than index 0

    def step(self, name: str, argument: Any) -> None:
        """Carry out one instruction."""
        stack = self.stack
        match name:
            case "BININT1" | "BININT2" | "BININT" | "LONG1" | "SHORT_BINBYTES" | "BINBYTES":
                stack.append(argument)
            case "SHORT_BINSTRING" | "BINSTRING":  # Python 2's str; pickletools hands its bytes over as Latin-1
                stack.append(argument.encode("latin-1"))
            case "SHORT_BINUNICODE" | "BINUNICODE":
                stack.append(argument.encode("utf-8", "surrogatepass"))
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(self.memo[argument])
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append(_CONSTANTS[name])
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "MARK":
                self.marks.append(len(stack))
            case "TUPLE":
                stack.append(tuple(self._pop_from(self.marks.pop())))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                stack.append(tuple(self._pop_from(len(stack) - int(name[-1]))))
            case "APPEND":
                self._extend([stack.pop()])
            case "APPENDS":
                self._extend(self._pop_from(self.marks.pop()))
            case "SETITEM":
                self._set_items(self._pop_from(len(stack) - 2))
            case "SETITEMS":
                self._set_items(self._pop_from(self.marks.pop()))
            case "GLOBAL":
                stack.append(_admit(argument.replace(" ", ".")))
            case "STACK_GLOBAL":
                stack.append(_admit(b".".join(self._pop_from(len(stack) - 2)).decode()))
            case "REDUCE":
                function, arguments = self._pop_from(len(stack) - 2)
                stack.append(_call(function, arguments))
            case "BUILD":
                thing, state = self._pop_from(len(stack) - 2)
                stack.append(_fill(state) if isinstance(thing, _BlankArray) else thing)
            case "PROTO" | "FRAME" | "STOP":
                pass
            case "INST":  # protocol 0's way of calling a name
                _admit(argument.replace(" ", "."))
                raise _Refused("the instruction INST")
            case _:
                raise _Refused(f"the instruction {name}")

    def _pop_from(self, start: int) -> list[Any]:
        if not 0 <= start <= len(self.stack):
            raise IndexError("stack underflow")
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def _extend(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise TypeError("not a list")
        self.stack[-1].extend(items)

    def _set_items(self, items: list[Any]) -> None:
        keys, values = items[::2], items[1::2]
        # bytes only: the hash of a tuple nested in itself fifty times would take for ever
        if not isinstance(self.stack[-1], dict) or not all(isinstance(key, bytes) for key in keys):
            raise TypeError("not a dictionary with texts as keys")
        self.stack[-1].update(zip(keys, values, strict=True))


def _admit(name: str) -> _Global:
    if name not in ADMITTED:
        raise _Refused(repr(name[:80]))
    return _Global(name)


def _call(function: Any, arguments: Any) -> Any:
    """What numpy's two functions stand for: a blank array, and the type of its elements."""
    if isinstance(function, _Global) and function in RECONSTRUCT:
        return _BlankArray()
    if isinstance(function, _Global) and function == "numpy.dtype":
        if not isinstance(arguments[0], bytes):  # nor print it: it may be a tuple of tuples without end
            raise TypeError("not the name of a type")
        if arguments[0] not in (b"u1", b"|u1", b"uint8"):
            raise _Refused(f"an array of type {arguments[0]!r:.40}")
        return np.dtype(np.uint8)
    raise TypeError("not a function")


def _fill(state: Any) -> np.ndarray:
    """Make the array from NumPy's pickled state: version, shape, dtype, Fortran order, bytes."""
    _, shape, dtype, fortran, content = state
    if not (isinstance(shape, tuple) and len(shape) <= 4 and all(type(n) is int and n >= 0 for n in shape)):
        raise TypeError("not a shape")
    if not (isinstance(dtype, np.dtype) and isinstance(content, bytes)):
        raise TypeError("not the bytes of an array")
    if fortran:
        raise _Refused("an array in Fortran order")
    if math.prod(shape) != len(content):
        raise _Refused(f"an array of {math.prod(shape):,} bytes where {len(content):,} stand in the file")
    return np.frombuffer(content, np.uint8).reshape(shape)
