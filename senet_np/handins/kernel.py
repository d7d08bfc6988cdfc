"""The grader's side of a hand-in's process: it runs cells, calls functions in it, and ends it when its time is up."""

import builtins
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from types import TracebackType
from typing import Any

import numpy as np

from . import wire
from .sandbox import NotYours

START = "import sys; sys.path[:] = {path!r}; from senet_np.handins.child import main; main()"


class Ended(Exception):
    """The process is gone: its time was up, or its code ended it."""


class Kernel:
    """One process with the names of one hand-in."""

    def __init__(self, whole_package: bool, seconds: float, megabytes: int, threads: int = 1):
        self.folder = tempfile.TemporaryDirectory(prefix="handin-", ignore_cleanup_errors=True)
        self.end, self.seconds = time.monotonic() + seconds, seconds
        self.stuck = ""  # the function that is being called
        self.ended = ""  # why the process is gone
        self._dropped: list[int] = []
        words = [self.folder.name, str(megabytes), "package" if whole_package else "alone"]
        needed = ("SYSTEMROOT", "LANG", "TMP", "TEMP", *(["PATH"] if os.name == "nt" else []))  # there, of libraries
        environment = {name: os.environ[name] for name in needed if name in os.environ}
        environment |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), str(threads))
        environment |= dict.fromkeys(("HOME", "USERPROFILE"), self.folder.name)
        start = START.format(path=[path or os.getcwd() for path in sys.path])
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", start, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder.name,
            env=environment,
            start_new_session=True,  # without the teacher's terminal
        )
        self._replies: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process and remove its folder."""
        self._process.kill()
        self._process.wait()
        self.folder.cleanup()

    def run(self, source: str, number: int) -> str:
        """Run one cell; returns "" or what it stopped with, as one sentence."""
        reply = self._ask(do="run", source=source, name=f"<cell {number}>")
        if "error" not in reply:
            return ""
        kind, text, line = _three(reply["error"])
        words = text if kind == NotYours.__name__ else f"{kind}: {text}" if text else kind
        return (f"it stops in `{line}`: " if line else "it stops: ") + words

    def answers(self, names: list[str]) -> dict[str, Any]:
        """Those of these names that there are: functions to call, and values."""
        kinds = self._value(do="kinds", names=names)
        return {name: Remote(self, name) if kind == "function" else self.fetch(name) for name, kind in kinds.items()}

    def fetch(self, name: str) -> Any:
        """The value of a name."""
        return self._value(do="fetch", name=name)

    def steps(self) -> dict[str, int]:
        """How many training steps and passes with replaced gates there were."""
        return self._value(do="steps")

    def call(self, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call a function of the hand-in. Arguments that it changes are changed here too, as if it ran here."""
        drop, self._dropped = self._dropped, []
        request = {"args": [*args], "named": named, "drop": drop, "errstate": np.geterr()}
        self.stuck = name
        reply = self._value(do="call", name=name, **request)
        self.stuck = ""
        for k, array in reply["changed"]:
            np.copyto([*args, *named.values()][k], array)
        result = reply["result"]
        if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict) and "choices" in result[1]:
            return result[0], self._cache(**result[1])
        return result

    def _cache(self, number: int, choices: list[np.ndarray]) -> wire.Cache:
        cache = _DroppedCache(choices)
        cache.number, cache.dropped = number, self._dropped
        return cache

    def _value(self, **request: Any) -> Any:
        reply = self._ask(**request)
        if "error" in reply:
            raise _as_here(*_three(reply["error"]))
        return reply.get("value")

    def _ask(self, **request: Any) -> dict[str, Any]:
        if self.ended:
            raise Ended(self.ended)
        reply: Any = None
        try:
            wire.send(self._process.stdin, request, _custom)  # type: ignore[arg-type]
            reply = self._replies.get(timeout=max(0.0, self.end - time.monotonic()))
        except queue.Empty:
            self.ended = f"its time was up after {self.seconds:g} seconds: an endless loop?"
        except OSError:  # it has ended
            pass
        if not self.ended and not isinstance(reply, dict):
            self.ended = "it ended its own process, or used too much memory"
        if self.ended:
            self._process.kill()
            raise Ended(self.ended)
        return reply

    def _listen(self) -> None:
        """Hand on replies until the process ends; then None."""
        try:
            while True:
                self._replies.put(wire.receive(self._process.stdout))  # type: ignore[arg-type]
        except (EOFError, ValueError, OSError):
            self._replies.put(None)


class Remote:
    """A function of the hand-in, to be called from here."""

    def __init__(self, kernel: Kernel, name: str):
        self._kernel, self.__name__ = kernel, name

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._kernel.call(self.__name__, args, named)


class _DroppedCache(wire.Cache):
    """Tells the process which caches nobody needs any more."""

    dropped: list[int]

    def __del__(self) -> None:
        self.dropped.append(self.number)


def _custom(value: Any) -> Any:
    """A cache goes as its number, a network as its settings."""
    if isinstance(value, wire.Cache):
        return {"cache": value.number}
    return {"net": value.recipe} if hasattr(value, "recipe") else None


def _three(error: Any) -> list[str]:
    """Type, text and line of an error; a hand-in may have sent anything."""
    return [*map(str, error), "", "", ""][:3] if isinstance(error, list) else ["Error", "", ""]


def _as_here(kind: str, text: str, line: str) -> Exception:
    """The exception as if it were raised here, with the line of the hand-in that raised it."""
    known = getattr(builtins, kind, None)
    text = text.strip("'") if kind == "KeyError" else text  # which quotes its text itself
    try:
        error = known(text) if isinstance(known, type) and issubclass(known, Exception) else None
    except TypeError:  # one that takes more than a text
        error = None
    error = error or (NotYours(text) if kind == NotYours.__name__ else RuntimeError(f"{kind}: {text}"))
    error.own_line = line  # type: ignore[attr-defined]
    return error
