"""RUN|NAME: a trained network on the command line is a run's folder, or the name of one in the box."""

import argparse
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..runs.bundled import names
from ..runs.run import Run, open_run


def add_trained(command: argparse.ArgumentParser) -> None:
    """The argument."""
    command.add_argument("what", metavar="RUN|NAME", help=f"a run's folder, or one of {', '.join(names())}")


def is_of_the_box(what: str) -> bool:
    """Whether it names a network of the box; a run in a folder of that name comes first."""
    return what in names() and not (Path(what) / "config.json").exists()


def open_named_run(what: str) -> Run:
    """Open a run's folder; where there is none, say which names the box knows.

    Raises:
        SenetError: there is no run, or it cannot be read.
    """
    path = Path(what)
    try:
        return open_run(path)
    except SenetError as error:
        if (path / "config.json").exists():
            raise
        raise SenetError(f"{error}; or name a network of the box: {', '.join(names())}") from error


def check_data_option(given: dict[str, Any], data: str, what: str) -> None:
    """Refuse other data than what the network was trained on: its classes are others.

    Raises:
        SenetError: --data names another data set.
    """
    if given.get("data", "auto") not in ("auto", data):
        raise SenetError(f"--data is {given['data']}, but {what} was trained on {data}: its classes are others")
