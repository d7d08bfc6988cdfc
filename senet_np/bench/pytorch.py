"""PyTorch, which computes in a process of its own.

So its threads, its BLAS and the C library's settings are those of any PyTorch program, and neither side pays for the
other. This file does not import it.
"""

from functools import partial
from itertools import product
from typing import Any

from .timing import FreshProcess, Timer

LAYOUTS = ("contiguous", "channels last")


class PyTorch(FreshProcess):
    """The process, for the length of a `with` statement."""

    def __init__(self, threads: int):
        super().__init__()
        self.version = self.ask("begin", threads)

    def ask(self, function: str, *args: Any) -> Any:
        """Call a function of `torch_process.py` there; RuntimeError tells whatever went wrong."""
        return self.submit(_call, function, args).result()

    def forms(self, batch: int, micro_batch: int, compiled: bool) -> dict[str, Timer]:
        """All the ways in which PyTorch can do the step that it was given, each tried once."""
        forms: dict[str, Timer] = {}
        self.failures: dict[str, str] = {}  # forms that do not work here, and why
        kinds = ("eager", "compiled") if compiled else ("eager",)
        sizes = {f"micro-batches of {micro_batch}": micro_batch, "full batch": batch}
        for kind, layout, (size, images) in product(kinds, LAYOUTS, sizes.items()):
            name, step = f"PyTorch {kind}, {layout}, {size}", partial(self.ask, "step", kind, layout, images)
            try:
                step()
                forms[name] = step
            except RuntimeError as error:
                self.failures[name] = str(error)
        return forms


def _call(function: str, args: tuple) -> Any:
    """In the other process. PyTorch's own errors may not survive the way back, so only their text goes."""
    from . import torch_process

    try:
        return getattr(torch_process, function)(*args)
    except Exception as error:
        raise RuntimeError(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}") from None
