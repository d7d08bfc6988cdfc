"""A class hands in: who it was, what it is worth, and what nobody gets away with."""

import csv
import io
import json
import sys
import zipfile

import numpy as np
import pytest
from answers import RIGHT
from class_of_handins import BLOCK, DISHONEST, DISHONEST_CLAIMS, HONEST, OPS, UNRULY, edited, empty, solved, with_cell

from senet_np.cli import main
from senet_np.errors import SenetError
from senet_np.grading.marks import marks, set_class_seed
from senet_np.handins import wire
from senet_np.handins.grade import Limits, Report, grade
from senet_np.handins.notebook import TABLES, read_cells, recognize
from senet_np.handins.read import HandIn, read_handins
from senet_np.handins.report import as_csv, as_text, fill_gradebook, write_reports

QUICK = Limits(seconds=30.0)


def handed_in(notebook, student="Ada", **more):
    return HandIn(
        student, more.get("ident", ""), more.get("platform", ""), False, "x.ipynb", json.dumps(notebook).encode()
    )


def graded(notebook, limits=QUICK):
    return grade(handed_in(notebook), limits)


def lost(report):
    return {one.grade_id for one in report.graded if one.reason}


def said(report):
    return "\n".join([one.reason for one in report.graded] + report.notes)


# Points


@pytest.mark.parametrize("name", ["ops right", "ops names", "ops class", "ops magic", "ops scratch first",
                                  "ops later", "ops own points", "ops copied", "ops deleted", "block right",
                                  "conv right"])  # fmt: skip
def test_right_code_gets_all_points_whatever_stands_around_it(name):
    report = graded(HONEST[name]())
    assert (report.points, lost(report)) == (20, set())


@pytest.mark.parametrize(("name", "gone"), [
    ("ops mask at 0", {"relu-backward-check", "relu-hidden"}),
    ("ops syntax", {"sigmoid-forward-check", "sigmoid-backward-check", "sigmoid-hidden"}),
    ("ops outside", {"relu-hidden"}),
    ("ops in place", {"relu-forward-check", "relu-backward-check", "relu-hidden"}),
    ("ops naive", {"sigmoid-forward-check", "sigmoid-hidden"}),
    ("block ties", {"special-hidden"}),
    ("conv no stride", {"dx-stride-hidden"}),
])  # fmt: skip
def test_a_mistake_loses_the_points_that_it_loses_in_the_notebook(name, gone):
    assert lost(graded(HONEST[name]())) == gone


def test_an_empty_hand_in_gets_nothing_and_is_told_that_it_is_not_written_yet():
    report = graded(empty(OPS))
    assert report.points == 0
    assert all(one.reason.startswith("not written yet") for one in report.graded)


@pytest.mark.parametrize("name", DISHONEST)
def test_what_is_not_the_learners_work_gets_no_points_and_a_reason(name):
    make, cells, words = DISHONEST[name]
    report = graded(make())
    assert lost(report) >= {*cells}
    assert words in said(report)


@pytest.mark.parametrize("name", DISHONEST_CLAIMS)
def test_results_that_were_not_computed_and_functions_that_were_taken_get_no_points(name):
    make, cells, words = DISHONEST_CLAIMS[name]
    report = graded(make(), Limits(seconds=120.0))
    assert lost(report) >= {*cells}
    assert all(one in said(report) for one in words)


UNLIMITED = pytest.mark.skipif(sys.platform == "darwin", reason="macOS limits no process's memory")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[UNLIMITED][: name == "memory"]) for name in UNRULY])
def test_one_cell_that_does_not_end_or_ends_too_much_costs_no_other_points(name):
    make, points, words = UNRULY[name]
    report = graded(make(), Limits(seconds=2.0) if "endless" in name else QUICK)
    assert report.points == points
    assert words in said(report)


def test_a_hand_in_that_never_ends_is_given_up_after_four_starts():
    notebook = empty(OPS)
    for place in range(3, 9):
        with_cell(notebook, "while True:\n    pass", place)
    report = graded(notebook, Limits(seconds=1.0))
    assert report.points == 0
    assert "not graded: " in said(report)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", ["1_ops", "2_se_block", "3_conv"])
def test_the_right_answers_are_right_whatever_seed_the_teacher_sets(name, seed):
    set_class_seed(seed)
    try:
        assert sum(marks(TABLES[name], RIGHT[name]).values()) == 20
    finally:
        set_class_seed(None)


def test_the_cases_depend_on_the_teachers_seed():
    typed = "return {64: 4, 16: 2, 40: 2, 100: 6, 8: 2, 3: 2, 512: 32}[channels]"
    notebook = edited(BLOCK, ("return max(2, channels // r)", typed))
    assert "KeyError" in said(graded(notebook, Limits(seed=5)))


# What it is


def test_an_assignment_is_recognized_by_its_graded_cells_and_without_them_by_its_functions():
    for name in TABLES:
        cells = read_cells(json.dumps(empty(name)).encode())
        assert recognize(cells) == name
        assert recognize([cell._replace(grade_id="") for cell in cells]) == name


@pytest.mark.parametrize(("data", "words"), [
    (b"", "it is no notebook"),
    (b"%PDF-1.7", "it is no notebook"),
    (b"[]", "it is no notebook"),
    (b'{"cells": [3]}', "it is no notebook"),
    (b'{"cells": []}', "none of the four assignments"),
    (b"{" * 100_000, "it is no notebook"),
])  # fmt: skip
def test_a_file_that_is_no_assignment_gets_a_sentence_and_no_points(data, words):
    report = grade(HandIn("Ada", "", "", False, "x.ipynb", data), QUICK)
    assert words in report.notes[0]
    assert report.points == report.most == 0


# Who it was


def names_in(files, tmp_path):
    archive = tmp_path / "handins.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in files:
            opened.writestr(name, json.dumps(empty(OPS)))
    return read_handins(archive)


def test_moodles_names_are_read_in_folders_and_in_files(tmp_path):
    found = names_in(
        ["Ada Lovelace_42_assignsubmission_file_/1_ops (1).ipynb", "Öz Yıl_7_assignsubmission_file_ops.ipynb"], tmp_path
    )
    assert [(one.student, one.ident, one.platform) for one in found] == [
        ("Ada Lovelace", "42", "Moodle"),
        ("Öz Yıl", "7", "Moodle"),
    ]
    assert [one.file for one in found] == ["1_ops (1).ipynb", "ops.ipynb"]


def test_canvas_names_are_read_and_who_is_late(tmp_path):
    found = names_in(["lovelaceada_123_4567_1_ops-1.ipynb", "turingalan_LATE_124_4568_1_ops.ipynb"], tmp_path)
    assert [(one.student, one.ident, one.late) for one in found] == [
        ("lovelaceada", "123", False),
        ("turingalan", "124", True),
    ]


def test_nbgraders_folders_are_read_and_its_own_left_out(tmp_path):
    names = [
        "submitted/ada/1_ops/1_ops.ipynb",
        "source/1_ops/1_ops.ipynb",
        "autograded/ada/1_ops/1_ops.ipynb",
        "__MACOSX/x.ipynb",
    ]
    assert [(one.student, one.platform) for one in names_in(names, tmp_path)] == [("ada", "nbgrader")]


def test_of_several_copies_the_last_one_counts(tmp_path):
    found = names_in(
        ["ada/1_ops.ipynb", "ada/1_ops (2).ipynb", "ada/1_ops (1).ipynb", "ada/notes.txt", "bob/mine.ipynb"], tmp_path
    )
    assert [(one.student, one.file) for one in found] == [("ada", "1_ops (2).ipynb"), ("bob", "mine.ipynb")]


def test_a_zip_that_a_student_packed_is_opened_and_other_files_are_said(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("home/1_ops.ipynb", json.dumps(solved(OPS)))
    for name, data in {"ada/work.zip": packed.getvalue(), "bob/work.pdf": b"%PDF"}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(data)
    ada, bob = read_handins(tmp_path)
    assert grade(ada, QUICK).points == 20
    assert "it is no notebook" in grade(bob, QUICK).notes[0]


def test_a_place_without_hand_ins_is_an_error(tmp_path):
    with pytest.raises(SenetError, match="holds no hand-in"):
        read_handins(tmp_path)
    (tmp_path / "x.zip").write_bytes(b"PK nothing")
    with pytest.raises(SenetError, match="cannot be read"):
        read_handins(tmp_path / "x.zip")


# What the teacher gets


def test_the_csv_has_the_columns_of_the_platform():
    for platform, head in (
        ("Moodle", "Identifier,Full name,Grade"),
        ("Canvas", "Student,ID,SIS User ID"),
        ("", "student,assignment,points"),
    ):
        text = as_csv([grade(handed_in(empty(OPS), "Ada, L.", ident="42", platform=platform), QUICK)])
        assert text.startswith(head)
        assert '"Ada, L."' in text


def test_the_platforms_own_csv_is_filled_in_by_the_students_number(tmp_path):
    reports = [grade(handed_in(solved(OPS), "Ada", ident="42", platform="Moodle"), QUICK)]
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "Identifier,Full name,Grade,Maximum Grade\nParticipant 42,Ada,,20\nParticipant 43,Bob,,20\n", "utf-8"
    )
    text, found = fill_gradebook(reports, sheet)
    assert (list(csv.reader(io.StringIO(text)))[1:], found) == (
        [["Participant 42", "Ada", "20", "20"], ["Participant 43", "Bob", "", "20"]],
        1,
    )
    sheet.write_text("Student,ID,1_ops (77)\nAda,42,\n", "utf-8")
    assert "Ada,42,20" in fill_gradebook(reports, sheet)[0]
    sheet.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(SenetError, match="expected Identifier and Grade"):
        fill_gradebook(reports, sheet)


def test_names_that_differ_in_case_alone_get_pages_of_their_own(tmp_path):
    reports = [Report(handed_in(empty(OPS), student)) for student in ("Ada", "ADA")]
    write_reports(reports, tmp_path)
    assert len({path.name.lower() for path in (tmp_path / "feedback").iterdir()}) == 2


def test_identical_hand_ins_are_listed_and_those_with_other_names_too():
    renamed = edited(
        OPS,
        ("return dy @ w.T, x.T @ dy, dy.sum(axis=0)", "return dy @ v.T, x.T @ dy, dy.sum(axis=0)"),
        ("x, w = cache", "x, v = cache"),
    )
    other = edited(OPS, ("return x @ w + b, (x, w)", "return np.dot(x, w) + b, (x, w)"))
    reports = [
        grade(handed_in(book, who), QUICK)
        for who, book in (("Ada", solved(OPS)), ("Bob", solved(OPS)), ("Cem", renamed), ("Dan", other))
    ]
    text = as_text(reports)
    assert "the same code but for comments, look at them: Ada, Bob" in text
    assert "the same code but for names and comments, look at them: Ada, Bob, Cem" in text
    assert "Dan" not in text.split("look at them", 1)[1]


def test_the_command_writes_a_table_the_csv_and_a_page_for_each_student(tmp_path, capsys):
    for who, book in (("ada", solved(OPS)), ("bob", edited(OPS, ("return dy @ w.T", "return <script>")))):
        (tmp_path / "in" / who).mkdir(parents=True)
        (tmp_path / "in" / who / "1_ops.ipynb").write_text(json.dumps(book), "utf-8")
    assert main(["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--workers", "2"]) == 0
    out = capsys.readouterr().out
    assert "ada       20 of 20" in out
    assert "bob       16 of 20" in out
    page = (tmp_path / "out" / "feedback" / "bob  1_ops.html").read_text("utf-8")
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert len((tmp_path / "out" / "grades-1_ops.csv").read_text("utf-8").splitlines()) == 3


def test_gradescope_gets_its_results_file(tmp_path):
    (tmp_path / "1_ops.ipynb").write_text(json.dumps(solved(OPS)), "utf-8")
    assert main(["grade", str(tmp_path / "1_ops.ipynb"), "--gradescope", str(tmp_path / "results.json")]) == 0
    results = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert results["score"] == sum(one["score"] for one in results["tests"]) == 20
    assert {one["visibility"] for one in results["tests"]} == {"visible", "after_due_date"}


# The way between the processes


def test_values_arrive_as_they_were_sent_and_what_cannot_be_sent_as_its_name():
    stream = io.BytesIO()
    value = {
        "a": [1, 2.5, None, True, "ü"],
        "b": (np.arange(6.0).reshape(2, 3)[:, ::-1], np.float32(0.5), np.zeros((0, 3), bool)),
    }
    wire.send(stream, [value, object])
    stream.seek(0)
    again, foreign = wire.receive(stream)
    assert again["a"] == value["a"]
    assert np.array_equal(again["b"][0], value["b"][0])
    assert type(again["b"][1]) is np.float32
    assert again["b"][2].shape == (0, 3)
    assert (type(foreign).__name__, repr(foreign)) == ("type", "<class 'object'>")


@pytest.mark.parametrize("data", [
    b"\xff" * 16,
    wire.SIZES.pack(3, 0) + b"{a}",
    wire.SIZES.pack(22, 0) + b'{"array": ["<f8", 100]}'[:22],
    wire.SIZES.pack(23, 0) + b'{"array": ["<f8", 100]}',
    wire.SIZES.pack(21, 0) + b'{"array": ["O", 100]}',
    wire.SIZES.pack(22, 0) + b'{"array": ["<f8", -1]}',
])  # fmt: skip
def test_what_is_no_value_of_ours_is_refused(data):
    with pytest.raises((wire.Damaged, EOFError)):
        wire.receive(io.BytesIO(data))
