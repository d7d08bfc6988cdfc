"""The layout: imports go down only and without circles, files are short, the map comes from the same list."""

import ast
import subprocess
import sys
from pathlib import Path

from importlinter.cli import lint_imports

import senet_np

PACKAGE = Path(senet_np.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MATHEMATICS = {
    "ops",
    "se.py",
    "variants.py",
    "fast",
    "layers",
    "containers.py",
    "nets",
    "gradcheck",
    "options.py",
    "tree.py",
}
MATHEMATICS_MAY_IMPORT = {"numpy", "senet_np", "threadpoolctl"}  # the last for fast/workers.py alone
OTHER_ENGINES = {"torch", "scipy", "numba", "jax", "tensorflow", "cython"}


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def imported(path):
    """The first part of each module that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "senet_np" if node.level else str(node.module).split(".")[0]


def test_imports_go_down_the_declared_layers_and_never_in_a_circle(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    status = lint_imports(no_cache=True)
    assert status == 0, capsys.readouterr().out


def test_the_map_of_the_code_is_that_of_the_declared_layers():
    made = subprocess.run(
        [sys.executable, ROOT / "docs/tools/layout.py"], capture_output=True, encoding="utf-8", check=True
    )
    assert made.stdout.strip() in (ROOT / "docs/code.md").read_text("utf-8"), "run: python docs/tools/layout.py --write"


def test_the_mathematics_needs_numpy_and_the_standard_library_alone():
    mathematics = [path for path in MODULES if name_of(path).split("/")[0] in MATHEMATICS]
    more = {name_of(path): {*imported(path)} - sys.stdlib_module_names - MATHEMATICS_MAY_IMPORT for path in mathematics}
    assert {name: modules for name, modules in more.items() if modules} == {}


def test_matplotlib_is_imported_by_figures_alone_and_no_other_engine_but_by_the_benchmarks_opponent():
    importing = {name_of(path): {*imported(path)} for path in MODULES}
    drawing = {name for name, modules in importing.items() if "matplotlib" in modules}
    assert {name for name in drawing if not name.startswith("figures/")} <= {"data/photo.py"}
    others = {name for name, modules in importing.items() if modules & OTHER_ENGINES}
    assert others <= {"bench/torch_process.py", "bench/pytorch_nets.py"}


def test_a_file_has_at_most_300_lines_and_the_page_that_everyone_reads_150():
    lines = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: n for name, n in lines.items() if n > (150 if name == "se.py" else 300)} == {}


def test_importing_the_package_and_its_command_line_loads_no_matplotlib():
    code = "import sys, senet_np, senet_np.cli, senet_np.figures.report; print('matplotlib' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert result.stdout.strip() == "False"


def test_no_test_imports_a_test():
    importing = []
    for path in sorted((ROOT / "tests").glob("*.py")):
        nodes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
        modules = [node.module.split(".")[-1] for node in nodes if node.module]
        importing += [(path.name, module) for module in modules if module.startswith("test_")]
    assert importing == []
