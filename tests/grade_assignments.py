"""Assignments through nbgrader, as a teacher would: make the student versions, grade the solution and an empty hand-in.

    make grading     (an environment of its own, .venv-grader, for nbgrader is heavy)

With `--write` the student versions in notebooks/assignments/ are written anew; without, they have to be in step.
nbgrader's own exit status says nothing about marks, so the exported grades are read.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

HERE = Path(__file__).parents[1] / "notebooks" / "assignments"
STUDENTS = ("solution", "empty")
PATIENCE = 900  # seconds a cell may take: nbgrader would stop a training after 30


def nbgrader(course: Path, *words: str) -> None:
    """Run one of its commands; say what it said where it fails."""
    command = [sys.executable, "-m", "nbgrader", *words]  # the folder that it runs in is the course
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it calls alembic by its bare name
    result = subprocess.run(command, capture_output=True, text=True, cwd=course, env={**os.environ, "PATH": path})
    if result.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{result.stdout}{result.stderr}")


def student_version(path: Path) -> str:
    """A released notebook as text that is the same each time: no outputs, cells numbered."""
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata.get("nbgrader", {}).pop("checksum", None)
    notebook.metadata = {"kernelspec": notebook.metadata.get("kernelspec", {})}
    return nbformat.writes(notebook) + "\n"


def grade(course: Path, name: str) -> dict[str, tuple[float, float]]:
    """Generate, hand in twice, autograde, give feedback: {student: (score, of)}."""
    nbgrader(course, "generate_assignment", name, "--force")
    released = course / "release" / name
    for student, source in zip(STUDENTS, (course / "source" / name, released), strict=True):
        shutil.copytree(source, course / "submitted" / student / name)
    nbgrader(course, "autograde", name, "--force", f"--Execute.timeout={PATIENCE}")
    nbgrader(course, "generate_feedback", name, "--force")
    nbgrader(course, "export", "--to", "grades.csv")
    with open(course / "grades.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["assignment"] == name]
    return {row["student_id"]: (float(row["score"] or 0), float(row["max_score"])) for row in rows}


def main() -> None:
    """Every assignment: full marks for the solution, none for the empty one, feedback for both, a student version."""
    parser = argparse.ArgumentParser(description="Make the student versions and grade two hand-ins of each.")
    parser.add_argument("--write", action="store_true", help="write the student versions into notebooks/assignments/")
    write = parser.parse_args().write
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        for source in sorted((HERE / "source").iterdir()):
            name = source.name
            target = course / "source" / name
            target.mkdir(parents=True)
            shutil.copy(source / f"{name}.ipynb", target)
            scores = grade(course, name)
            print(f"{name}: " + ", ".join(f"{who} {score:g} of {most:g}" for who, (score, most) in scores.items()))
            most = scores["solution"][1]
            if scores["solution"][0] != most or scores["empty"] != (0, most):
                faults.append(f"{name}: {scores}, expected {most:g} and 0")
            faults += [
                f"{name}: no feedback for {student}"
                for student in STUDENTS
                if not (course / "feedback" / student / name / f"{name}.html").exists()
            ]
            text, kept = student_version(course / "release" / name / f"{name}.ipynb"), HERE / f"{name}.ipynb"
            if write:
                kept.write_text(text, "utf-8")
            elif not kept.exists() or kept.read_text("utf-8") != text:
                faults.append(f"{kept.name} is out of step with its source: make assignments")
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
