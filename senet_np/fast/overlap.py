"""A change of the whole process, wanted by several who begin and end in any order."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from threading import Lock
from typing import Any


class Overlapping:
    """The change is in force inside `with`; when the last one has left, all is as before the first one came."""

    def __init__(self, change: Callable[[], AbstractContextManager[Any]]):
        self.change, self.users, self.lock, self.changes = change, 0, Lock(), ExitStack()

    def __enter__(self) -> None:
        with self.lock:
            self.changes.enter_context(self.change())
            self.users += 1

    def keep(self) -> None:
        """From now on the change stays in force, and is not made again."""
        self.change = nullcontext
        self.users += 1

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.users -= 1
            if not self.users:
                self.changes.close()  # the last change is undone first
