"""What goes to the package index: links that lead somewhere, one version, one address, the Pythons that we test."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import senet_np

ROOT = Path(__file__).parents[1]
TABLES = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT, ADDRESS = TABLES["project"], TABLES["tool"]["senet_np"]["address"]


def made_by_setup(monkeypatch):
    """What setup.py adds to pyproject.toml."""
    made = {}
    monkeypatch.setitem(sys.modules, "setuptools", SimpleNamespace(setup=lambda **given: made.update(given)))
    monkeypatch.setitem(sys.modules, "setuptools.command", SimpleNamespace())
    whole = type("bdist_wheel", (), {"run": lambda self: None})
    monkeypatch.setitem(sys.modules, "setuptools.command.bdist_wheel", SimpleNamespace(bdist_wheel=whole))
    monkeypatch.chdir(ROOT)
    exec(compile((ROOT / "setup.py").read_text("utf-8"), "setup.py", "exec"), {})
    return made


def test_on_the_index_every_link_and_picture_of_the_readme_has_a_whole_address(monkeypatch):
    text = made_by_setup(monkeypatch)["long_description"]
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert len(links) == len(re.findall(r"\]\(", (ROOT / "README.md").read_text("utf-8"))) > 10
    assert [link for link in links if not link.startswith("https://")] == []
    assert f"]({ADDRESS}/raw/HEAD/docs/img/problem.png)" in text
    assert f"[the course]({ADDRESS}/blob/HEAD/docs/course.md)" in text


def test_all_addresses_on_the_index_are_made_from_one(monkeypatch):
    addresses = made_by_setup(monkeypatch)["project_urls"]
    assert {"Repository", "Documentation", "Changelog", "Issues"} == {*addresses}
    assert all(address.startswith(ADDRESS) for address in addresses.values())
    for address in addresses.values():
        name = address.partition("/blob/HEAD/")[2]
        assert (ROOT / name).exists()


@pytest.mark.parametrize("who", ["", "student"])
def test_the_wheel_for_students_has_the_notebooks_and_no_solutions(monkeypatch, who):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("SENET_NP_FOR", who)
    patterns = TABLES["tool"]["setuptools"]["data-files"]
    files = [(place, [str(path) for one in some for path in Path().glob(one)]) for place, some in patterns.items()]
    wheel = made_by_setup(monkeypatch)["cmdclass"]["bdist_wheel"]()
    wheel.distribution = SimpleNamespace(data_files=files)
    wheel.run()
    kept = {Path(name).as_posix() for _, some in wheel.distribution.data_files for name in some}
    assert {"notebooks/01_channels.ipynb", "notebooks/assignments/1_ops.ipynb", "docs/symbols.md"} <= kept
    solved = {name for name in kept if re.search("solution|source/|teacher", name)}
    assert bool(solved) == (who != "student")


def test_the_citation_has_the_version_and_the_address_of_the_project():
    made = subprocess.run(
        [sys.executable, ROOT / "docs/tools/citation.py"], capture_output=True, encoding="utf-8", check=True
    )
    assert made.stdout == (ROOT / "CITATION.cff").read_text("utf-8"), "run: python docs/tools/citation.py --write"
    assert senet_np.__version__ in made.stdout
    assert ADDRESS in made.stdout


def test_the_changes_begin_with_this_version_and_its_date():
    (version, date), *_ = re.findall(r"^## (\S+) \((\S+)\)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert version == senet_np.__version__
    assert f"date-released: {date}" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_the_package_says_that_it_has_types():
    assert (Path(senet_np.__file__).parent / "py.typed").exists()
    assert "py.typed" in TABLES["tool"]["setuptools"]["package-data"]["senet_np"]
    assert "Typing :: Typed" in PROJECT["classifiers"]


def test_the_declared_pythons_are_those_that_the_workflow_tests():
    declared = [name.rpartition(" :: ")[2] for name in PROJECT["classifiers"] if "Python :: 3." in name]
    assert PROJECT["requires-python"] == f">={declared[0]}"
    workflow = ROOT / ".github/workflows/tests.yml"
    if workflow.exists():  # the source archive has none
        assert f"python: {str(declared).replace(chr(39), chr(34))}" in workflow.read_text("utf-8")
