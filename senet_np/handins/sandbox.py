"""What a hand-in may not do in its process: read or write other files, use the network, start programs, use too much
memory; and the modules of the package that it has to write itself.

A blocked module can be imported, since it may stand beside `import numpy`; whoever uses something of it is told.
This stops what students do. It does not stop an attack on Python itself: for that, grade in a container.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = Path(__file__).parents[1]
TABLES = ("ops", "se", "conv", "net")  # the modules of `senet_np.grading` that assignments import
FRAMEWORKS = ("torch", "tensorflow", "keras", "jax", "flax", "autograd", "mxnet", "paddle", "timm", "torchvision")
ANSWERS = tuple(f"senet_np.{name}" for name in ("cli", "exercises", "experiments", "grading", "handins", "train"))
PROGRAMS = ("multiprocessing", "ctypes", "_ctypes", "cffi", "_posixsubprocess", "pty")
DENIED = (
    *("socket.", "subprocess.", "ctypes.", "pty.", "winreg.", "webbrowser.", "ftplib.", "smtplib.", "urllib."),
    *("http.client.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.kill"),
    *("os.link", "os.symlink", "os.chmod", "os.chown", "signal.pthread_kill", "sys.addaudithook", "gc.get_"),
)
CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.utime", "shutil.")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
SYSTEM = (
    *("/usr/lib", "/usr/share", "/usr/local/lib", "/usr/local/share", "/lib", "/etc", "/dev", "/sys"),
    os.devnull,  # on Windows no file of /dev
    *("/proc/cpuinfo", "/proc/meminfo", "/System", "/Library", os.environ.get("SYSTEMROOT", "/usr/lib")),
)


class NotYours(Exception):
    """Something that the assignment asks for was taken from elsewhere."""


class _Package(ModuleType):
    """A module that may have modules of its own."""

    def __init__(self, name: str):
        super().__init__(name)
        vars(self)["__path__"] = []


class Blocked(_Package):
    """A module that can be imported and not used. So can every name in it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Blocked(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **named: Any) -> Any:
        raise NotYours(
            f"{self.__name__} is not available while grading: the assignment asks you to write this yourself"
        )


class Checks(_Package):
    """The checks of an assignment, seen from a hand-in: they can be called, and the grader runs the real ones."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("check_"):
            return lambda *answers: None
        raise AttributeError(f"{self.__name__}.{name} is not available while grading")

    def __setattr__(self, name: str, value: Any) -> None:
        raise NotYours(f"{self.__name__}.{name} cannot be replaced while grading")


class Unchecked:
    """What `check_gradients` returns here: hand-ins need it for their own tests alone."""

    ok, arguments = True, ()

    def __str__(self) -> str:
        return "gradients are not checked here: the grader checks them"

    __repr__ = __str__


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the blocked modules before Python finds the real ones."""

    def __init__(self, names: Sequence[str]):
        self.names = names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if any(name == one or name.startswith(one + ".") for one in self.names):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> ModuleType:
        return Blocked(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


def lock_down(whole_package: bool, folder: Path, megabytes: int) -> None:
    """From here on the process can do what an assignment needs, and no more.

    Args:
        whole_package: whether the assignment uses layers and networks of the package, as assignment 4 does.
        folder: where files may be written.
        megabytes: the most memory, where the system can limit it.
    """
    blocked = (*(ANSWERS if whole_package else ("senet_np",)), *FRAMEWORKS, *PROGRAMS)
    for name in [*sys.modules]:
        if any(name == one or name.startswith(one + ".") for one in blocked):
            parent, _, child = name.rpartition(".")
            if parent in sys.modules:
                vars(sys.modules[parent]).pop(child, None)
            del sys.modules[name]
    sys.meta_path.insert(0, _Finder(blocked))
    _put_stubs(whole_package)
    _limit(megabytes)
    sys.addaudithook(_guard(whole_package, folder))


def _put_stubs(whole_package: bool) -> None:
    """The checks and the gradient check, as far as a hand-in needs them."""
    grading = Checks("senet_np.grading")
    for name in (*TABLES, "marks"):
        module = Checks(f"senet_np.grading.{name}")
        vars(module).update({"show_points": lambda *given: None} if name == "marks" else {"TABLE": {}})
        vars(grading)[name] = sys.modules[module.__name__] = module
    gradcheck = ModuleType("senet_np.gradcheck")
    vars(gradcheck).update(
        check_gradients=lambda *args, **named: Unchecked(), KinkError=ValueError, FlatError=ValueError
    )
    package = sys.modules["senet_np"] if whole_package else Blocked("senet_np")
    vars(package).update(grading=grading, gradcheck=gradcheck)
    sys.modules.update({"senet_np": package, "senet_np.grading": grading, "senet_np.gradcheck": gradcheck})


def _limit(megabytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in (
        (resource.RLIMIT_AS, megabytes << 20),
        (resource.RLIMIT_FSIZE, 64 << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # already lower, or not known to this system
            continue


def _is_ours(value: Any) -> bool:
    """Whether something is a function of this module, whose code a hand-in must not exchange."""
    return getattr(value, "__module__", None) == __name__


def _guard(whole_package: bool, folder: Path) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook: Python calls it before it opens a file, a socket or a program."""
    real = os.path.realpath
    python = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *(p for p in sys.path if "-packages" in p)}
    writable = real(folder)
    writing = (writable, "/dev", real(os.devnull))
    readable = tuple({writable, *map(real, (*python, *SYSTEM))})
    package, hidden = real(PACKAGE), tuple(real(PACKAGE / name.partition(".")[2]) for name in ANSWERS)

    def inside(path: str, folders: Sequence[str]) -> bool:
        return any(path == one or path.startswith(one + os.sep) for one in folders)

    def may_read(path: str) -> bool:
        if inside(path, (package,)):
            return whole_package and not inside(path, hidden)
        return inside(path, readable)

    def guard(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
            path = real(os.fsdecode(args[0]))
            writes = bool((args[2] or 0) & WRITES) or any(letter in str(args[1] or "r") for letter in "wax+")
            if not (inside(path, writing) if writes else may_read(path)):
                raise PermissionError(f"{'writing' if writes else 'reading'} {path} is not possible while grading")
        elif event.startswith(CHANGES):
            paths = [real(os.fsdecode(arg)) for arg in args if isinstance(arg, (str, bytes, os.PathLike))]
            if not all(inside(path, (writable,)) for path in paths):
                raise PermissionError(f"{event} is not possible while grading")
        elif event.startswith(DENIED) or (event == "object.__setattr__" and _is_ours(args[0])):
            raise PermissionError(f"{event} is not possible while grading")

    return guard
