"""The course: notebooks in step with their text form, without output, and copied without losing work."""

import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from senet_np import files
from senet_np.cli import course, main
from senet_np.errors import SenetError

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
ALL = sorted(path for path in NOTEBOOKS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
STUDENTS = sorted((NOTEBOOKS / "assignments").glob("*.ipynb"))  # made by nbgrader from their sources
PAIRS = [path for path in ALL if path not in STUDENTS]
COPIED = [path for path in ALL if "source" not in path.parts]


def name_of(path):
    return path.relative_to(NOTEBOOKS).with_suffix("").as_posix()


@pytest.mark.parametrize("path", PAIRS, ids=name_of)
def test_a_notebook_is_in_step_with_its_text(path):
    notebook, text = nbformat.read(path, as_version=4), jupytext.read(path.with_suffix(".py"))
    ours, theirs = ([(cell.cell_type, cell.source) for cell in one.cells] for one in (notebook, text))
    assert ours == theirs, "run: make pairs"


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_a_notebook_carries_no_output(path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert cell.cell_type != "code" or (cell.outputs, cell.execution_count) == ([], None), "run: make pairs"


def test_the_page_of_the_course_has_the_titles_and_minutes_that_the_notebooks_say():
    made = subprocess.run(
        [sys.executable, NOTEBOOKS.parent / "docs/tools/course.py"], capture_output=True, encoding="utf-8", check=True
    )
    page = (NOTEBOOKS.parent / "docs/course.md").read_text("utf-8")
    assert made.stdout.strip() in page, "run: python docs/tools/course.py --write"


def test_results_that_a_notebook_quotes_stand_in_the_results():
    text = (NOTEBOOKS / "04_excitation.py").read_text("utf-8")
    quoted = re.findall(r"\((\d\d\.\d\d), (\d\.\d\d)\)", text)
    results = (NOTEBOOKS.parent / "docs" / "results.md").read_text("utf-8")
    assert len(quoted) == 8
    assert not [pair for pair in quoted if "{} ± {}".format(*pair) not in results]


def test_every_text_has_its_notebook():
    texts = {path.with_suffix(".ipynb") for path in NOTEBOOKS.rglob("*.py") if "teacher" not in path.parts}
    assert texts == set(PAIRS)


def test_the_course_is_copied_whole_with_its_folders(tmp_path, capsys):
    assert main(["course", str(tmp_path / "mine")]) == 0
    copied = {path.relative_to(tmp_path / "mine") for path in (tmp_path / "mine").rglob("*.ipynb")}
    assert copied == {path.relative_to(NOTEBOOKS) for path in COPIED}
    assert f"jupyter lab {files.quoted(tmp_path / 'mine')}" in capsys.readouterr().out


def test_work_is_kept_and_named_unless_one_says_otherwise(tmp_path, capsys):
    main(["course", str(tmp_path)])
    first = tmp_path / COPIED[0].relative_to(NOTEBOOKS)
    first.write_text("my work", "utf-8")
    capsys.readouterr()
    assert main(["course", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert first.read_text("utf-8") == "my work"
    assert f"kept as it is, because it was changed: {first}" in out
    assert out.startswith(f"0 of {len(COPIED) + 2} files copied")  # START.md and symbols.md
    assert main(["course", str(tmp_path), "--overwrite"]) == 0
    assert first.read_bytes() == course.copy_of(COPIED[0])


def test_what_a_student_gets_holds_no_solution(tmp_path):
    main(["course", str(tmp_path), "--for", "student"])
    given = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*") if path.is_file()}
    assert len(given) == len(list(NOTEBOOKS.glob("*.ipynb"))) + len(STUDENTS) + 2
    assert {name for name in given if not name.endswith(".ipynb")} == {"START.md", "symbols.md"}
    text = "".join(path.read_text("utf-8") for path in given.values())
    assert "](solutions/" not in text
    assert "](../solutions/" not in text
    assert "ask your teacher, after you have tried" in text
    assert "SOLUTION" not in text
    for source in NOTEBOOKS.glob("assignments/source/*/*.py"):
        answers = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", source.read_text("utf-8"), re.DOTALL)
        lines = {line.strip() for answer in answers for line in answer.splitlines() if len(line.strip()) > 25}
        assert len(lines) > 5
        own = given[f"assignments/{source.stem}.ipynb"].read_text("utf-8")
        assert not [line for line in lines if line.replace('"', '\\"') in own]


def test_a_teacher_gets_a_folder_of_nbgraders_with_the_sources(tmp_path):
    main(["course", str(tmp_path), "--for", "teacher"])
    sources = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("source/*/*"))
    assert sources == [f"source/{path.stem}/{path.name}" for path in STUDENTS]
    assert all("BEGIN SOLUTION" in (tmp_path / name).read_text("utf-8") for name in sources)
    assert (tmp_path / "solutions" / "01_channels.ipynb").exists()
    guide = (tmp_path / "teachers.md").read_text("utf-8")
    assert guide.startswith("# ")
    assert not re.search(r"\]\((?!https?:|#)", guide)


def test_a_copy_has_no_link_to_a_file_that_does_not_lie_beside_it(tmp_path):
    main(["course", str(tmp_path)])
    copies = {path: path.read_text("utf-8") for path in tmp_path.rglob("*.ipynb")}
    assert not [path for path, text in copies.items() if re.search(r"\]\(\.\./(?!solutions/|symbols)", text)]
    assert "the library's own loops" in copies[tmp_path / "06_convolution.ipynb"]
    for text in copies.values():
        nbformat.validate(nbformat.reads(text, as_version=4))


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["course", str(tmp_path / "file" / "inside")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_installed_package_finds_them_in_its_environment(tmp_path, monkeypatch):
    installed = tmp_path / course.INSTALLED
    installed.mkdir(parents=True)
    (installed / course.FIRST).write_text("{}")
    monkeypatch.setattr(course, "HERE", tmp_path / "not-here")
    monkeypatch.setattr("sysconfig.get_path", lambda name, scheme="": str(tmp_path if not scheme else tmp_path / "no"))
    assert course.find_notebooks() == installed


def test_the_wheel_for_students_needs_a_clone_and_pip_is_told_to_leave_out_solutions(tmp_path, monkeypatch, capsys):
    asked = []

    def pip(command, env, check):
        asked.append((command[1:5], env["SENET_NP_FOR"]))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(course.subprocess, "run", pip)
    assert main(["course", str(tmp_path / "handout"), "--for", "student", "--wheel"]) == 0
    assert asked == [(["-m", "pip", "wheel", "--quiet"], "student")]
    monkeypatch.setattr(course, "HERE", tmp_path)
    with pytest.raises(SenetError, match="from a clone"):
        course.write_wheel(tmp_path)


def test_where_there_are_none_the_places_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "HERE", tmp_path / "not-here")
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(tmp_path))
    with pytest.raises(SenetError, match="not-here"):
        course.find_notebooks()


def test_the_students_copy_says_that_it_holds_no_solutions(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(course, "GUIDE", "docs/left out for students.md")
    assert main(["course", str(tmp_path / "class"), "--for", "teacher"]) == 2
    assert "without solutions: use the repository's" in capsys.readouterr().err
