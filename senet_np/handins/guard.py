"""What a hand-in's process may not do: read and write other files, use the network, start programs, fill the memory.

This stops what students do. It does not stop an attack on Python itself: for that, grade in a container.
"""

import contextlib
import os
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
HIDDEN = ("cli", "exercises", "experiments", "grading", "handins", "train")  # of the package: they hold answers
# Modules of C code that open files, programs or terminals without asking.
MODULES = ("fcntl", "readline", "resource", "sqlite3", "_sqlite3", "termios", "tkinter", "_tkinter",
           "_xxsubinterpreters", "_interpreters", "pty")  # fmt: skip
DENIED = (
    *("socket.", "subprocess.", "ctypes.", "pty.", "winreg.", "_winapi.Create", "webbrowser.", "ftplib.", "smtplib."),
    *("urllib.", "http.client.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile"),
    *("os.kill", "os.link", "os.symlink", "os.chmod", "os.chown", "signal.pthread_kill", "sys.addaudithook", "gc.get_"),
)
CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.utime", "shutil.")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
SYSTEM = ("/usr/lib", "/usr/share", "/usr/local/lib", "/usr/local/share", "/lib", "/etc", "/sys", "/proc/cpuinfo",
          "/proc/meminfo", "/dev/random", "/dev/urandom", "/System", "/Library",
          os.environ.get("SYSTEMROOT", "/usr/lib"))  # fmt: skip


def limit(megabytes: int) -> None:
    """Limit memory and the size of a file, where the system can; and end the process when the grader has ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    import ctypes  # noqa: F401  which libraries import, and which may not be used from now on

    with contextlib.suppress(ImportError):  # as subprocess does, which may be imported but not used
        import _posixsubprocess

        setattr(_posixsubprocess, "fork_exec", _no_programs)  # noqa: B010  of a module without types
    for name in ("pidfd_open", "pidfd_send_signal"):  # with these one could end the grader
        for module in (os, sys.modules.get("signal")):
            if hasattr(module, name):
                delattr(module, name)
    try:
        import resource
    except ImportError:  # Windows
        return
    memory, file = megabytes << 20, 64 << 20
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, file), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # already lower, or not known to this system
            continue


def start(whole_package: bool, folder: Path) -> None:
    """Have Python ask the guard before it opens a file, a socket or a program; there is no way back."""
    sys.addaudithook(_guard(whole_package, folder))


def _guard(whole_package: bool, folder: Path) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook. What it calls is bound here, so that a hand-in cannot exchange it."""
    real, decode, sep = os.path.realpath, os.fsdecode, os.sep
    text, isinstance_, any_of = (str, bytes, os.PathLike), isinstance, str.__contains__
    own = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *(p for p in sys.path if "-packages" in p)}
    writable = (real(folder), real(os.devnull))
    readable = tuple({*writable, *map(real, (*own, *SYSTEM))})
    package, hidden = (real(PACKAGE),), tuple(real(PACKAGE / name) for name in HIDDEN)
    denied, changes, modules, write_flags = DENIED, CHANGES, MODULES, WRITES

    def inside(path: str, folders: tuple[str, ...]) -> bool:
        for one in folders:  # noqa: SIM110  a hand-in could exchange any()
            if path == one or path.startswith(one + sep):
                return True
        return False

    def refuse(what: str) -> None:
        raise PermissionError(f"{what} is not possible while grading")

    def may_read(path: str) -> bool:
        if inside(path, package):
            return whole_package and not inside(path, hidden)
        return inside(path, readable)

    def guard(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance_(args[0], text):
            name, mode, flags = decode(args[0]), args[1] or "", args[2] or 0
            if args[1] is None and not name.startswith((sep, "\\")) and name[1:2] != ":":
                refuse("opening a file relative to a folder's number")
            path = real(name)
            writes = (
                flags & write_flags or any_of(mode, "w") or any_of(mode, "a") or any_of(mode, "x") or any_of(mode, "+")
            )
            if not (inside(path, writable) if writes else may_read(path)):
                refuse(f"{'writing' if writes else 'reading'} {path}")
        elif event.startswith(changes):
            for arg in args:
                if isinstance_(arg, text) and not inside(real(decode(arg)), writable):
                    refuse(event)
                if isinstance_(arg, int) and arg != -1 and event in ("os.remove", "os.rename", "os.rmdir"):
                    refuse(event)  # relative to a folder's number
        elif event == "import" and args[0] in modules:
            raise ImportError(f"{args[0]} is not there while grading")
        elif event.startswith(denied) or (event == "object.__setattr__" and _is_ours(args[0])):
            refuse(event)

    return guard


def _no_programs(*args: Any) -> int:
    raise PermissionError("starting a program is not possible while grading")


def _is_ours(value: Any) -> bool:
    """Whether something is a function of this module, whose code a hand-in must not exchange."""
    return getattr(value, "__module__", None) == __name__
