"""Which tests check a function: found in the source of the tests, so the links are always right."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from senet_np.gradcheck.cases import all_cases

MAX_LINKS = 3  # per function
OTHERS = (
    "test_grading.py",
    "test_drawn.py",
    "test_arguments.py",
    "test_cli.py",
)  # they use much and check something else
EVERY_CASE = "test_backward_is_the_derivative_of_forward"  # in test_gradients.py: runs every case of senet_np.gradcheck


class Test(NamedTuple):
    """A test function."""

    file: str  # "test_se.py"
    name: str
    line: int

    @property
    def words(self) -> str:
        """Its name as the sentence that it is."""
        return self.name.removeprefix("test_").replace("_", " ")


class Proofs:
    """The tests of a folder, by the names that they use."""

    def __init__(self, folder: Path):
        self.by_name: defaultdict[str, list[Test]] = defaultdict(list)
        for path in sorted(folder.glob("test_*.py")):
            for test, used in _tests(path):
                for name in used:
                    self.by_name[name].append(test)
                if test.name == EVERY_CASE:
                    self.every_case = test
        self.cases = {case.op for case in all_cases()}

    def of(self, name: str) -> list[Test]:
        """At most MAX_LINKS tests that check a function: finite differences first, then those of its own file."""
        stem = name.removesuffix("_backward").removesuffix("_forward")
        found = [self.every_case] if stem in self.cases and stem != name else []
        own = [test for test in self.by_name[name] if test.file not in OTHERS]
        own.sort(key=lambda test: (stem.split("_")[0] not in test.file, len(test.name)))
        return [*found, *(test for test in own if test not in found)][:MAX_LINKS]


def _tests(path: Path) -> Iterator[tuple[Test, set[str]]]:
    """Each test of a file with all names in it, and in what it takes from the rest of the file."""
    tree = ast.parse(path.read_text("utf-8"))
    around = {name: _names(node) for node in tree.body for name in _defines(node)}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            used = _names(node)
            for name in used & around.keys():
                used = used | around[name]
            yield Test(path.name, node.name, node.lineno), used


def _names(node: ast.AST) -> set[str]:
    """Identifiers, attributes, and strings that could be a name."""
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            found.add(one.id)
        elif isinstance(one, ast.Attribute):
            found.add(one.attr)
        elif isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value.isidentifier():
            found.add(one.value)
    return found


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [] if node.name.startswith("test_") else [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []
