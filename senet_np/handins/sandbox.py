"""What a hand-in finds in its process: modules that it may use, and stand-ins for those that it has to write itself.

A blocked module can be imported, since it may stand beside `import numpy`; whoever uses something of it is told.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from . import guard

TABLES = ("ops", "se", "conv", "net")  # the modules of `senet_np.grading` that assignments import
FRAMEWORKS = ("torch", "tensorflow", "keras", "jax", "flax", "autograd", "mxnet", "paddle", "timm", "torchvision")
ANSWERS = tuple(f"senet_np.{name}" for name in guard.HIDDEN)


class NotYours(Exception):
    """Something that the assignment asks for was taken from elsewhere."""

    says_all = True  # without its name, as students read it


def not_yours(name: str) -> NotYours:
    """The error of whoever uses this module, or a name in it."""
    return NotYours(f"{name} is not available while grading: write this yourself")


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
        raise not_yours(self.__name__)


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


class Shell:
    """What `get_ipython()` returns: there is no Jupyter here, so its commands do nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **named: None


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
    guard.limit(megabytes)
    blocked = (*(ANSWERS if whole_package else ("senet_np",)), *FRAMEWORKS)
    for name in [*sys.modules]:
        if any(name == one or name.startswith(one + ".") for one in (*blocked, *guard.MODULES)):
            parent, _, child = name.rpartition(".")
            if parent in sys.modules:
                vars(sys.modules[parent]).pop(child, None)
            del sys.modules[name]
    sys.meta_path.insert(0, _Finder(blocked))
    _put_stubs(whole_package)
    guard.start(whole_package, folder)


def _put_stubs(whole_package: bool) -> None:
    """The checks and the gradient check, as far as a hand-in needs them."""
    grading = Checks("senet_np.grading")
    for name in (*TABLES, "marks"):
        module = Checks(f"senet_np.grading.{name}")
        vars(module).update({"show_points": lambda *given: None} if name == "marks" else {"TABLE": {}})
        vars(grading)[name] = sys.modules[module.__name__] = module
    gradcheck = ModuleType("senet_np.gradcheck")
    vars(gradcheck).update(check_gradients=lambda *args, **named: Unchecked())
    vars(gradcheck).update(KinkError=ValueError, FlatError=ValueError)
    package = sys.modules["senet_np"] if whole_package else Blocked("senet_np")
    vars(package).update(grading=grading, gradcheck=gradcheck)
    sys.modules.update({"senet_np": package, "senet_np.grading": grading, "senet_np.gradcheck": gradcheck})
