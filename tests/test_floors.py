"""The house: imports go down only, and the lower floors need nothing but NumPy and the standard library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import senet_np

PACKAGE = Path(senet_np.__file__).parent
FLOORS = {
    "errors": 1, "locks": 1, "tree": 1, "ops": 1, "gradcheck": 1, "verdict": 1, "hints": 1,
    "se": 2, "variants": 2, "layers": 2, "compose": 2,
    "nets": 3, "data": 3,
    "training": 4, "bench": 4, "explain": 4, "explorer": 4, "checks": 4, "experiments": 4, "grading": 4,
    "cli": 5, "__main__": 5,
}  # fmt: skip
FRONT_DOOR = 4  # senet_np/__init__.py loads trained networks, when it is asked to
MODULES = sorted(PACKAGE.rglob("*.py"))
JUDGES_AND_COMPILERS = {"torch", "scipy", "numba", "jax", "tensorflow", "cython"}


def imports(path: Path):
    """The full names of what a module imports, wherever in it the import stands."""
    parts = ("senet_np", *path.relative_to(PACKAGE).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level] if node.level else ()
            stem = ".".join((*base, *([node.module] if node.module else [])))
            whole = node.module is None or stem == "senet_np"  # then what is imported may be modules
            yield from ([f"{stem}.{alias.name}" for alias in node.names] if whole else [stem])


def floor(module: str) -> int:
    parts = module.removesuffix(".__version__").split(".")
    return FLOORS[parts[1]] if len(parts) > 1 else 0  # all may import the version from senet_np itself


def name_of(path: Path) -> str:
    return ".".join(("senet_np", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down_only(path):
    own = floor(name_of(path)) or FRONT_DOOR
    climbing = [m for m in imports(path) if m.split(".")[0] == "senet_np" and floor(m) > own]
    assert climbing == []


@pytest.mark.parametrize("path", [p for p in MODULES if floor(name_of(p)) <= 3], ids=name_of)
def test_the_lower_floors_need_numpy_and_the_standard_library_alone(path):
    foreign = {m.split(".")[0] for m in imports(path)} - sys.stdlib_module_names - {"numpy", "senet_np"}
    assert foreign == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_matplotlib_is_imported_inside_explain_alone_and_pytorch_by_its_process_in_bench(path):
    names = {m.split(".")[0] for m in imports(path)}
    assert "matplotlib" not in names or path.is_relative_to(PACKAGE / "explain")
    allowed = {"torch"} if path == PACKAGE / "bench" / "torch_process.py" else set()  # the opponent of the benchmark
    assert names & JUDGES_AND_COMPILERS == allowed


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_fits_in_the_head(path):
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= (150 if path.name == "se.py" else 300)


def test_importing_the_package_draws_nothing():
    code = "import sys, senet_np, senet_np.cli, senet_np.figures.report; print('matplotlib' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
