"""Which tests check a function: those that name it, in themselves or in what they use of the tests' own helpers.

A name is followed through the imports to the file that defines it, so that namesakes stay apart. What the gradient
check runs, its cases are watched to find.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from senet_np.gradcheck.cases import all_cases

MAX_LINKS = 3  # per function
MAX_STEPS = 10  # of imports from file to file
# They use much and check something else.
OTHERS = ("test_grading.py", "test_drawn.py", "test_arguments.py", "test_cli.py", "test_extreme_numbers.py")
EVERY_CASE = "test_backward_is_the_derivative_of_forward"  # in test_gradients.py: runs every case of senet_np.gradcheck
PASSES = ("_forward", "_backward")


class Test(NamedTuple):
    """A test function."""

    file: str  # "test_se.py"
    name: str
    line: int

    @property
    def words(self) -> str:
        """Its name as the sentence that it is."""
        return self.name.removeprefix("test_").replace("_", " ")


class Defined(NamedTuple):
    """A function, class or variable where it is defined."""

    file: Path
    name: str


class Source:
    """A Python file: what its names mean."""

    def __init__(self, path: Path):
        self.path, self.tree = path, ast.parse(path.read_text("utf-8"))

    @cached_property
    def definitions(self) -> dict[str, ast.stmt]:
        """{name: the statement that defines it} at the top of the file."""
        return {name: node for node in self.tree.body for name in _defines(node)}

    @cached_property
    def imports(self) -> dict[str, tuple[str, str | None]]:
        """{name: (module, name in it; None for the module itself)}; relative modules begin with dots."""
        found: dict[str, tuple[str, str | None]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for one in node.names:
                    top = one.name.partition(".")[0]
                    found[one.asname or top] = (one.name if one.asname else top, None)
            elif isinstance(node, ast.ImportFrom):
                for one in node.names:
                    found[one.asname or one.name] = ("." * node.level + (node.module or ""), one.name)
        return found


class Proofs:
    """The tests of a folder, by the functions that they name.

    Args:
        tests: the folder of the tests; their helpers lie in it too.
        package: the folder of the package that they test.
    """

    def __init__(self, tests: Path, package: Path):
        self.tests, self.package = tests, package
        self.sources: dict[Path, Source] = {}
        self.by_function: defaultdict[Defined, list[tuple[Test, bool]]] = defaultdict(list)  # whether in itself
        for path in sorted(tests.glob("test_*.py")):
            for name, node in self.source(path).definitions.items():
                if name.startswith("test_") and isinstance(node, ast.FunctionDef):
                    test = Test(path.name, name, node.lineno)
                    direct = {self.resolve(path, words) for words in _dotted(node)}
                    for function in self.used(path, node):
                        self.by_function[function].append((test, function in direct))

    def of(self, path: Path, name: str) -> list[Test]:
        """At most MAX_LINKS tests of a function: the gradient check, those of its own file, short sentences."""
        stem = name.removesuffix("_backward").removesuffix("_forward").split("_")[0]
        near = (path.stem, path.parent.name, stem)

        def order(found: tuple[Test, bool]) -> tuple[bool, bool, bool, int]:
            test, direct = found
            return test.name != EVERY_CASE, all(word not in test.file for word in near), not direct, len(test.name)

        own = [found for found in self.by_function[Defined(path, name)] if found[0].file not in OTHERS]
        return [test for test, _ in sorted(own, key=order)][:MAX_LINKS]

    def watch_every_case(self) -> None:
        """Run the cases of the gradient check once each, and note the passes that they call."""
        path = self.tests / "test_gradients.py"
        test = Test(path.name, EVERY_CASE, self.source(path).definitions[EVERY_CASE].lineno)
        for function in watched_passes():
            self.by_function[function].append((test, True))

    def source(self, path: Path) -> Source:
        """A file, read once."""
        if path not in self.sources:
            self.sources[path] = Source(path)
        return self.sources[path]

    def used(self, path: Path, node: ast.AST) -> set[Defined]:
        """The definitions of the package that some code names; what it takes from the tests' own files is read too."""
        found: set[Defined] = set()
        todo, read = [(path, node)], set()
        while todo:
            where, what = todo.pop()
            for words in _dotted(what):
                defined = self.resolve(where, words)
                if defined is None or defined in read:
                    continue
                read.add(defined)
                if defined.file.is_relative_to(self.package):
                    found.add(defined)
                elif not defined.name.startswith("test_"):
                    todo.append((defined.file, self.source(defined.file).definitions[defined.name]))
        return found

    def resolve(self, path: Path, words: list[str], steps: int = MAX_STEPS) -> Defined | None:
        """What `ops.conv2d_forward` or `conv2d_forward` means in a file; None if it is nothing of ours."""
        source, name = self.source(path), words[0]
        if name in source.definitions:
            return Defined(path, name)
        if name not in source.imports or not steps:
            return None
        module, inner = source.imports[name]
        file = self.file(path, module)
        if inner is None:  # import senet_np, import senet_np.ops as ops
            return self.inside(file, words[1:], steps)
        below = self.file(path, f"{module}{'' if module.endswith('.') else '.'}{inner}")
        if below and not (file and inner in self.source(file).definitions):
            return self.inside(below, words[1:], steps)
        return self.resolve(file, [inner, *words[1:]], steps - 1) if file else None

    def inside(self, file: Path | None, words: list[str], steps: int) -> Defined | None:
        """What the attributes of a module mean."""
        if file is None or not words:
            return None
        below = file.parent / f"{words[0]}.py"
        package = file.parent / words[0] / "__init__.py"
        known = words[0] in self.source(file).definitions or words[0] in self.source(file).imports
        if file.name == "__init__.py" and not known:
            return self.inside(next((one for one in (below, package) if one.is_file()), None), words[1:], steps)
        return self.resolve(file, words, steps - 1)

    def file(self, path: Path, module: str) -> Path | None:
        """The file of a module as it is imported in a file; None if it is none of ours."""
        name = module.lstrip(".")
        level = len(module) - len(name)
        parts = name.split(".") if name else []
        if level:
            base = path.parents[level - 1].joinpath(*parts)
        elif parts[0] == self.package.name:
            base = self.package.joinpath(*parts[1:])
        else:
            base = self.tests.joinpath(*parts)
        return next((one for one in (base.with_suffix(".py"), base / "__init__.py") if one.is_file()), None)


def watched_passes() -> set[Defined]:
    """The functions `…_forward` and `…_backward` that the cases of the gradient check call."""
    found: set[Defined] = set()

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_name.endswith(PASSES):
            found.add(Defined(Path(frame.f_code.co_filename), frame.f_code.co_name))

    for case in all_cases():
        rng = np.random.default_rng(0)
        args = case.draw(rng)
        sys.setprofile(note)
        try:
            y, cache = case.forward(**args)
            case.backward(rng.standard_normal(np.shape(y)), cache)
        finally:
            sys.setprofile(None)
    return found


def _dotted(node: ast.AST) -> Iterator[list[str]]:
    """Every name in some code with its attributes: [ops, conv2d_forward]; an argument's name too, as a fixture's."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            yield [one.id]
        elif isinstance(one, ast.arg):
            yield [one.arg]
        elif isinstance(one, ast.Attribute):
            words, inner = [one.attr], one.value
            while isinstance(inner, ast.Attribute):
                words, inner = [inner.attr, *words], inner.value
            if isinstance(inner, ast.Name):
                yield [inner.id, *words]


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    names = [inner for target in targets for inner in ast.walk(target)]
    return [inner.id for inner in names if isinstance(inner, ast.Name)]
