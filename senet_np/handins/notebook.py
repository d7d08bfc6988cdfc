"""The cells of a hand-in, whatever program saved it; which assignment it is; and what is the same in two of them."""

import ast
import builtins
import copy
import json
import re
from typing import Any, NamedTuple

from ..errors import SenetError
from ..grading import conv, net, ops, se
from ..grading.marks import Table

TABLES: dict[str, Table] = {"1_ops": ops.TABLE, "2_se_block": se.TABLE, "3_conv": conv.TABLE, "4_claim": net.TABLE}
FRESH = {"1_ops": ops.FRESH, "2_se_block": se.FRESH, "3_conv": conv.FRESH, "4_claim": net.FRESH}
MAX_CELLS, MAX_BYTES = 2000, 64 << 20
# Commands of Jupyter: a line of its own (the statement after %time stays), a question, a command whose result is kept.
MAGICS = (
    (re.compile(r"^(\s*)%(?:time|prun)\s+(?!-)(\S.*)$"), r"\1\2"),
    (re.compile(r"^(\s*)(?:[%!].*|\?{1,2}[\w.]+|[\w.]+\?{1,2})\s*$"), r"\1pass"),
    (re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$"), r"\1None"),
)
OTHER_LANGUAGES = ("bash", "sh", "html", "javascript", "js", "latex", "markdown", "script", "svg", "writefile", "cmd")


class Cell(NamedTuple):
    """A code cell."""

    number: int  # as the learner counts: from 1, with the text cells
    source: str
    grade_id: str  # of a cell with points, or ""


def read_cells(data: bytes) -> list[Cell]:
    """The code cells of a notebook; SenetError where it is none."""
    if len(data) > MAX_BYTES:
        raise SenetError(f"it has {len(data) >> 20} MB, expected a notebook of at most {MAX_BYTES >> 20}")
    try:
        content = json.loads(_text(data))
        cells = content["cells"] if "cells" in content else content["worksheets"][0]["cells"]  # before 2015
        found = [_read_cell(number, cell) for number, cell in enumerate(cells[:MAX_CELLS], 1)]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise SenetError("it is no notebook: export it as .ipynb and hand it in again") from error
    return [cell for cell in found if cell]


def sentences(data: bytes) -> str:
    """The text that a teacher has to read; "" where there is none."""
    try:
        for cell in json.loads(_text(data)).get("cells", ()):
            graded = (cell.get("metadata") or {}).get("nbgrader") or {}
            if cell.get("cell_type") == "markdown" and graded.get("grade"):
                return "".join(cell["source"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return ""


def _text(data: bytes) -> str:
    """The text of a file, in UTF-8 or in UTF-16 with its mark."""
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")


def recognize(cells: list[Cell]) -> str:
    """The assignment with most of its graded cells here; without any, the one with most of its functions."""
    sources = "\n".join(cell.source for cell in cells)
    ids = {cell.grade_id for cell in cells}

    def fit(name: str) -> tuple[int, int]:
        needs = {need for mark in TABLES[name].values() for need in mark.needs}
        own = sum(bool(re.search(rf"^(def )?{need}\b", sources, re.MULTILINE)) for need in needs)
        return len(ids & TABLES[name].keys()), own

    best = max(TABLES, key=fit)
    if not any(fit(best)):
        raise SenetError("it is none of the four assignments: none of their functions is in it")
    return best


def plain_python(source: str) -> str:
    """A cell without the commands of Jupyter; a cell in another language becomes empty."""
    lines = source.splitlines()
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and first[2:].split()[:1] and first[2:].split()[0].lower() in OTHER_LANGUAGES:
        return ""
    if is_python(source):
        return source
    for magic, instead in MAGICS:
        lines = [magic.sub(instead, line) for line in lines]
    return "\n".join(lines)


def glimpse(source: str) -> str:
    """The beginning of a cell's code in one line, to know it again."""
    lines = [line.strip() for line in source.splitlines()]
    return "; ".join(line for line in lines if line and not line.startswith("#"))[:60]


def is_python(source: str) -> bool:
    """Whether Python can read it."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def defines(source: str, name: str) -> bool:
    """Whether a cell gives this name a meaning, as far as its text shows."""
    return bool(re.search(rf"^\s*(def\s+{name}\b|{name}\s*[=\[])", source, re.MULTILINE))


def own_functions(cells: list[Cell], assignment: str) -> dict[str, ast.FunctionDef]:
    """The functions that the assignment asks for, as far as they are written: {name: definition}."""
    needs = {need for mark in TABLES[assignment].values() for need in mark.needs}
    found: dict[str, ast.FunctionDef] = {}
    for cell in cells:
        source = plain_python(cell.source)
        tree = ast.parse(source if is_python(source) else "")
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        found |= {node.name: node for node in functions if node.name in needs and _is_written(node)}
    return {name: found[name] for name in sorted(found)}


def as_code(functions: dict[str, ast.FunctionDef]) -> str:
    """Functions as text in one style, without comments."""
    return "\n\n".join(map(ast.unparse, functions.values()))


def fingerprints(functions: dict[str, ast.FunctionDef], assignment: str) -> tuple[str, str]:
    """The learner's own functions as text without comments: as they are, and with all names replaced by numbers.

    Two hand-ins of one fingerprint are the same but for comments and spaces, or but for names too.
    """
    needs = sorted({need for mark in TABLES[assignment].values() for need in mark.needs})
    if len(functions) < len(needs) / 2:  # two hand-ins with one line each are alike without a reason
        return "", ""
    bare = [_without_docstring(copy.deepcopy(node)) for node in functions.values()]
    exact = "\n".join(map(ast.dump, bare))
    return exact, "\n".join(ast.dump(_Numbered(needs).visit(node)) for node in bare)


def _read_cell(number: int, cell: dict[str, Any]) -> Cell | None:
    if cell["cell_type"] != "code":
        return None
    source = cell.get("source", cell.get("input", ""))
    source = source if isinstance(source, str) else "".join(source)
    graded = (cell.get("metadata") or {}).get("nbgrader") or {}
    return Cell(number, source, str(graded.get("grade_id", "")) if graded.get("grade") else "")


def _is_written(function: ast.FunctionDef) -> bool:
    return not any(isinstance(node, ast.Name) and node.id == "NotImplementedError" for node in ast.walk(function))


def _without_docstring(node: Any) -> Any:
    if ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return node


class _Numbered(ast.NodeTransformer):
    """Every name of the learner's own becomes a number, in the order in which they first stand."""

    def __init__(self, kept: list[str]):
        self.kept, self.numbers = {*kept, "np", *dir(builtins)}, {}

    def _number(self, name: str) -> str:
        return name if name in self.kept else self.numbers.setdefault(name, f"v{len(self.numbers)}")

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._number(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self._number(node.arg)
        return node
