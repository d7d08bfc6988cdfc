"""Our end of the line to PyTorch, which computes in a process of its own.

On its own, so that its threads, its BLAS and the C library's settings are those of any PyTorch program and
neither side pays for the other. This file does not import it.
"""

import importlib.util
import multiprocessing
from functools import partial
from typing import Any

from .timing import Timer

LAYOUTS = ("contiguous", "channels last")


class PyTorch:
    """PyTorch in a process of its own, for the length of a `with` statement."""

    def __init__(self, threads: int):
        self.threads = threads
        self.excuses: dict[str, str] = {}  # forms that could not be had, and why

    def __enter__(self) -> "PyTorch":
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=_answer, args=(theirs,), daemon=True)
        self.process.start()
        self.version = self.ask("begin", self.threads)
        return self

    def __exit__(self, *error: object) -> None:
        self.line.send(None)
        self.process.join(10)
        self.process.terminate()

    def ask(self, command: str, *args: Any) -> Any:
        """Have a method of `torch_process.Side` called there, and return what it returns.

        Raises:
            RuntimeError: whatever went wrong there.
        """
        self.line.send((command, args))
        good, answer = self.line.recv()
        if not good:
            raise RuntimeError(answer)
        return answer

    def forms(self, batch: int, micro_batch: int, compiled: bool) -> dict[str, Timer]:
        """All the ways in which PyTorch can do the step that it was given, each tried once."""
        sizes = {f"micro-batches of {micro_batch}": micro_batch, "full batch": batch}
        kinds = ("eager", "compiled") if compiled else ("eager",)
        forms: dict[str, Timer] = {}
        self.excuses = {}
        for kind in kinds:
            for layout in LAYOUTS:
                for size_name, size in sizes.items():
                    name = f"PyTorch {kind}, {layout}, {size_name}"
                    forms[name] = partial(self.ask, "step", kind, layout, size)
                    try:
                        forms[name]()
                    except RuntimeError as error:
                        self.excuses[name] = str(error)
                        del forms[name]
        return forms


def is_installed() -> bool:
    """Whether there is a PyTorch to compare with."""
    return importlib.util.find_spec("torch") is not None


def _answer(line: Any) -> None:
    """What the other process does: call what is asked for, until nothing is."""
    from .torch_process import Side

    side = Side()
    while (message := line.recv()) is not None:
        command, args = message
        try:
            line.send((True, getattr(side, command)(*args)))
        except Exception as error:
            line.send((False, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"))
