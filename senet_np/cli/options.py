"""What commands share: how they and their options are declared, and what the values may be.

Commands import what they need when they run, so that `--help` is quick.
"""

import argparse
import os
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..data import DATA_SETS
from ..options import Allowed, Flag, NameOrFolder, Number, OneOf, Whole, Wholes
from ..settings import Settings

METAVARS = {OneOf: "NAME", Whole: "N", Number: "X", Wholes: "N,N"}


def add_command(commands: Any, name: str, run: Any, summary: str, examples: str) -> argparse.ArgumentParser:
    """Add one command with its examples. Options that are not given leave no trace in the namespace."""
    command = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n" + examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    command.set_defaults(run=run)
    return command


def add_settings(command: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """One option for each of these settings, as `Settings` declares it."""
    for name in names:
        declared, option = Settings.__dataclass_fields__[name], "--" + name.replace("_", "-")
        values, help, default_text = (declared.metadata[key] for key in ("allowed", "help", "default_text"))
        default = f"default: {default_text or declared.default}"
        if isinstance(values, Flag):
            command.add_argument(option, action=argparse.BooleanOptionalAction, help=f"{help} ({default})")
        else:
            help, metavar = f"{help} ({values.words}; {default})", METAVARS[type(values)]
            command.add_argument(option, type=parsed(values), metavar=metavar, help=help)


def add_data_options(command: argparse.ArgumentParser, default: str) -> None:
    """--data, --data-dir and --skip-bad."""
    names = NameOrFolder(("auto", *DATA_SETS))
    command.add_argument("--data", type=parsed(names), metavar="NAME|DIR", help=f"{names.words} (default: {default})")
    places = "CIFAR-10: a folder that holds it, or its archive (default: $SENET_NP_DATA, else the usual places)"
    command.add_argument("--data-dir", type=existing_path, metavar="DIR", help=places)
    skip = "skip files of a folder that cannot be read as images"
    command.add_argument("--skip-bad", action="store_true", help=skip)


def add_workers(command: argparse.ArgumentParser) -> None:
    """--workers."""
    words = "micro-batches at a time, on Linux each in a process; affects speed only "
    words += "(default: one per core that this program may use and has memory for)"
    command.add_argument("--workers", type=whole(1, 1024), metavar="N", help=words)


def parsed(allowed: Allowed) -> Callable[[str], Any]:
    """The type of an option, for argparse."""

    def parse(text: str) -> Any:
        try:
            return allowed.parse(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return parse


def whole(low: int, high: int) -> Callable[[str], Any]:
    """The type of an option that is a whole number from `low` to `high`."""
    return parsed(Whole(low, high))


positive = parsed(Number(0, above=True))


def as_path(text: str) -> Path:
    """The type of a path, with the home folder for a ~."""
    try:
        path = Path(text).expanduser()
        path.exists()  # which fails where the name is too long for the system
    except (OSError, RuntimeError, ValueError) as error:
        raise ArgumentTypeError(f"{text[:80]!r} is no path ({getattr(error, 'strerror', None) or error})") from None
    return path


def existing_path(text: str) -> Path:
    """The type of a folder or file that exists."""
    if not as_path(text).exists():
        raise ArgumentTypeError(f"{text!r} does not exist")
    return as_path(text)


def new_file(text: str) -> Path:
    """The type of a file to write at the end: what cannot be written is refused before the work."""
    path = as_path(text)
    folder = path.absolute().parent
    if not text.strip() or (path.exists() and not path.is_file()):
        raise ArgumentTypeError(f"{text!r} is not a file's name")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ArgumentTypeError(f"{text!r} cannot be written: there is no such folder, or it is read-only")
    return path


def new_path(text: str) -> Path:
    """The type of a folder to write to."""
    if not text.strip():
        raise ArgumentTypeError("it is empty, expected a folder")
    return as_path(text)
