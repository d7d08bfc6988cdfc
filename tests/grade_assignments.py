"""Assignments through nbgrader, as a teacher would: make the student versions, grade the solution and an empty hand-in.

    make grading     (an environment of its own, .venv-grader, for nbgrader is heavy)

With `--write` the student versions in notebooks/assignments/ are written anew; without, they have to be in step.
nbgrader's own exit status says nothing about marks, so the exported grades are read.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from class_of_handins import HONEST

from senet_np.handins.grade import Limits
from senet_np.handins.grade import grade as grade_one
from senet_np.handins.read import read_handins

HERE = Path(__file__).parents[1] / "notebooks" / "assignments"
STUDENTS = ("solution", "empty")
SHORT = {"1_ops": "ops", "2_se_block": "block", "3_conv": "conv"}  # assignment 4 trains for minutes


def nbgrader(course: Path, *words: str) -> None:
    """Run one of its commands; say what it said where it fails."""
    command = [sys.executable, "-m", "nbgrader", *words]  # the folder that it runs in is the course
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it calls alembic by its bare name
    result = subprocess.run(
        command, capture_output=True, encoding="utf-8", cwd=course, env={**os.environ, "PATH": path}
    )
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
    nbgrader(course, "autograde", name, "--force")
    nbgrader(course, "generate_feedback", name, "--force")
    nbgrader(course, "export", "--to", "grades.csv")
    with open(course / "grades.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["assignment"] == name]
    return {
        row["student_id"]: (float(row["score"] or 0), float(row["max_score"]))
        for row in rows
        if row["student_id"] in STUDENTS
    }


def agreement(course: Path, name: str, every: int) -> tuple[int, list[str]]:
    """The honest hand-ins, by nbgrader and by `senet-np grade`: how many there are, and where the points differ."""
    chosen = {*[*HONEST][::every], "ops copied", "ops deleted", "block mean"}  # these three needed a mend
    made = {who: make() for who, make in HONEST.items() if who.split()[0] == SHORT.get(name) and who in chosen}
    if not made:
        return 0, []
    for who, notebook in made.items():
        folder = course / "submitted" / who.replace(" ", "-") / name
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook), "utf-8")
    nbgrader(course, "autograde", name, "--force")
    nbgrader(course, "export", "--to", "grades.csv")
    with open(course / "grades.csv", newline="", encoding="utf-8") as file:
        theirs = {
            row["student_id"]: float(row["score"] or 0) for row in csv.DictReader(file) if row["assignment"] == name
        }
    ours = {one.student: grade_one(one, Limits()).points for one in read_handins(course / "submitted")}
    return len(made), [
        f"{name}, {who}: nbgrader {theirs[student]:g}, grade {ours[student]}"
        for who in made
        if theirs[student := who.replace(" ", "-")] != ours[student]
    ]


def main() -> None:
    """Every assignment: full marks for the solution, none for the empty one, feedback for both, a student version."""
    parser = argparse.ArgumentParser(description="Make the student versions and grade two hand-ins of each.")
    parser.add_argument("--write", action="store_true", help="write the student versions into notebooks/assignments/")
    parser.add_argument("--all", action="store_true", help="compare all honest hand-ins, not every third one")
    given = parser.parse_args()
    write, every = given.write, 1 if given.all else 3
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        shutil.copy(HERE / "teacher" / "nbgrader_config.py", course)
        for source in sorted((HERE / "source").iterdir()):
            name = source.name
            target = course / "source" / name
            target.mkdir(parents=True)
            shutil.copy(source / f"{name}.ipynb", target)
            scores = grade(course, name)
            print(f"{name}: " + ", ".join(f"{who} {score:g} of {most:g}" for who, (score, most) in scores.items()))
            if (scores["solution"][0], scores["empty"][0]) != (20, 0):  # assignment 4 has 5 more, given by hand
                faults.append(f"{name}: {scores}, expected 20 and 0")
            faults += [
                f"{name}: no feedback for {student}"
                for student in STUDENTS
                if not (course / "feedback" / student / name / f"{name}.html").exists()
            ]
            count, different = agreement(course, name, every)
            print(f"{name}: {count} honest hand-ins, nbgrader and grade agree on {count - len(different)}")
            faults += different
            shutil.rmtree(course / "submitted")
            text, kept = student_version(course / "release" / name / f"{name}.ipynb"), HERE / f"{name}.ipynb"
            if write:
                kept.write_text(text, "utf-8")
            elif not kept.exists() or kept.read_text("utf-8") != text:
                faults.append(f"{kept.name} is out of step with its source: make assignments")
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
