"""One declaration for each setting: a dataclass field that says what is allowed, the default, and what it is for.

    reduction: int = setting(4, Whole(1, 4096), "reduction ratio r")

The settings themselves are declared in `settings.py` and `nets/attention.py`. The command line parses a text by such a
declaration, and `check_settings` checks a value from anywhere else by the same one, so no two readers can disagree.
(pydantic does this too, but is a compiled dependency in place of these lines.)
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any


@dataclass
class Allowed:
    """What the value of a setting may be."""

    words: str  # they complete "expected …" and "is not …"
    allows: Callable[[Any], bool]  # whether a value is of the right type and in its range
    read: Callable[[str], Any] = str  # the value that a text means, not checked yet; ValueError where it means none
    keep: Callable[[Any], Any] = lambda value: value  # the one form in which an allowed value is kept

    def check(self, value: Any) -> Any:
        """An allowed value in the form in which it is kept; ValueError for any other."""
        if not self.allows(value):
            raise ValueError(f"{value!r:.200}, expected {self.words}")
        return self.keep(value)

    def parse(self, text: str) -> Any:
        """The allowed value that a text means; ValueError for any other text."""
        try:
            return self.check(self.read(text))
        except ValueError:
            raise ValueError(f"{text!r:.200} is not {self.words}") from None


class OneOf(Allowed):
    """One of several names."""

    def __init__(self, names: tuple[str, ...]):
        super().__init__(f"one of {', '.join(names)}", lambda value: isinstance(value, str) and value in names)


def is_absolute(path: str) -> bool:
    """Whether a path begins at a root, of this system or of another one: a run may have been made there."""
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()


class NameOrFolder(Allowed):
    """One of several names, or the path of a folder; as a text any path that leads to one, kept as an absolute path."""

    def __init__(self, names: tuple[str, ...]):
        def allows(value: Any) -> bool:
            return isinstance(value, str) and (value in names or is_absolute(value))

        def read(text: str) -> str:
            try:
                folder = Path(text).expanduser()
                is_folder = bool(text.strip()) and text not in names and folder.is_dir()
                return folder.resolve().as_posix() if is_folder else text
            except (OSError, RuntimeError, ValueError):  # no such user, too long a name, a circle of links
                return text

        super().__init__(
            f"one of {', '.join(names)}, or a folder of images that exists (unpack an archive)", allows, read
        )


class Flag(Allowed):
    """True or False; on the command line --name or --no-name."""

    def __init__(self) -> None:
        super().__init__("true or false", lambda value: type(value) is bool)


def _is_number(value: Any, kind: type) -> bool:
    """Whether a value is a number of Python or NumPy; True and False do not count."""
    return isinstance(value, kind) and not isinstance(value, bool)


class Whole(Allowed):
    """A whole number from low to high."""

    def __init__(self, low: int, high: int):
        words = f"a whole number from {low:,} to {high:,}"
        super().__init__(words, lambda value: _is_number(value, Integral) and low <= value <= high, int, int)


class Number(Allowed):
    """A finite number of at least `low`, or above it where `above` is True, and below `below`; kept as a float.

    np.float32(0.1) is kept as 0.10000000149, its value as a float.
    """

    def __init__(self, low: float, above: bool = False, below: float = math.inf):
        def allows(value: Any) -> bool:
            try:
                number = float(value) if _is_number(value, Real) else math.nan
            except OverflowError:  # a whole number above all floats
                return False
            return low <= number < below and not (above and number == low)

        words = f"a number above {low:g}" if above else f"a number of at least {low:g}"
        super().__init__(words if below == math.inf else f"{words} and below {below:g}", allows, float, float)


class Wholes(Allowed):
    """A list of whole numbers, kept as a tuple; as a text "1,3". If `rising`, order and repetition mean nothing."""

    def __init__(self, at_least: int, at_most: int, low: int, high: int, rising: bool = False):
        def allows(value: Any) -> bool:
            counted = isinstance(value, list | tuple) and at_least <= len(value) <= at_most
            return counted and all(map(Whole(low, high).allows, value))

        def read(text: str) -> list[int]:
            return [int(part) for part in text.split(",")] if text else []

        words = f"a list of {at_least} to {at_most} whole numbers from {low:,} to {high:,}"
        super().__init__(words, allows, read, lambda value: tuple(map(int, sorted({*value}) if rising else value)))


def setting(default: Any, allowed: Allowed, help: str, default_text: str | None = None) -> Any:
    """A field of a settings dataclass; `default_text` spells a default that depends on other settings, for --help."""
    return field(default=default, metadata={"allowed": allowed, "help": help, "default_text": default_text})


def check_settings(settings: Any) -> None:
    """In a frozen settings dataclass's `__post_init__`: check every field, and bring it to its one form.

    What is not allowed is a ValueError: "squeeze is 'sum', expected one of avg, max, none, avg+max".
    """
    for declared in fields(settings):
        try:
            value = declared.metadata["allowed"].check(getattr(settings, declared.name))
        except ValueError as error:
            raise ValueError(f"{declared.name} is {error}") from None
        object.__setattr__(settings, declared.name, value)
