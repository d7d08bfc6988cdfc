"""A class hands in: whose file it is, and what the teacher gets."""

import csv
import io
import json
import zipfile

import pytest
from class_of_handins import CLAIM, OPS, QUICK, edited, empty, handed_in, solved

from senet_np.cli import main
from senet_np.errors import SenetError
from senet_np.files import write_keeping
from senet_np.handins.grade import BY_HAND, Graded, Report, grade
from senet_np.handins.gradebook import Gradebook
from senet_np.handins.read import read_handins
from senet_np.handins.report import TO_MOODLE, as_csv, as_page, as_text, one_per_student, write_reports

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


def test_of_several_files_of_a_student_the_best_counts_and_the_teacher_is_told():
    books = (("Ada", solved(OPS)), ("Ada", empty(OPS)), ("Ada", {"cells": []}), ("Bob", {"cells": []}))
    reports = one_per_student([grade(handed_in(book, who), QUICK) for who, book in books])
    assert [(one.handin.student, one.points) for one in reports] == [("Ada", 20), ("Bob", 0)]
    assert "LOOK: another file was graded too: x.ipynb got 0" in as_text(reports)


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
    text, absent, missing = Gradebook(sheet).fill(reports)
    assert list(csv.reader(io.StringIO(text)))[1:] == [
        ["Participant 42", "Ada", "20", "20"],
        ["Participant 43", "Bob", "", "20"],
    ]
    assert (absent, missing) == (["Bob"], [])
    sheet.write_text("Student,ID,1_ops (77)\nAda,42,\n", "utf-8")
    assert "Ada,42,20" in Gradebook(sheet).fill(reports)[0]
    sheet.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(SenetError, match="expected Moodle's grading worksheet"):
        Gradebook(sheet)


def test_a_worksheet_of_another_language_and_another_maximum_is_filled_in_too(tmp_path):
    sheet = tmp_path / "blatt.csv"
    sheet.write_text("ID;Vollständiger Name;Status;Bewertung;Bestwertung\nTeilnehmer/in 42;Ada;da;;100,00\n", "utf-8")
    reports = [
        grade(handed_in(solved(OPS), who, ident=number, platform="Moodle"), QUICK)
        for who, number in (("Ada", "42"), ("Bob", "7"))
    ]
    text, absent, missing = Gradebook(sheet).fill(reports)
    assert text.splitlines()[1] == "Teilnehmer/in 42;Ada;da;100;100,00"
    assert (absent, missing) == ([], ["Bob"])


def test_points_for_sentences_that_a_teacher_reads_leave_the_scale_as_it_is(tmp_path):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("Identifier,Full name,Grade,Maximum grade\nParticipant 42,Ada,,25\n", "utf-8")
    graded = [Graded("step-check", 8, 20, "", False)]
    claim, other = (
        Report(handed_in(solved(name), "Ada", ident="42", platform="Moodle"), name, graded) for name in (CLAIM, OPS)
    )
    assert "Participant 42,Ada,8,25" in Gradebook(sheet).fill([claim])[0]
    assert "Participant 42,Ada,10,25" in Gradebook(sheet).fill([other])[0]


def test_what_a_teacher_reads_of_all_students_stands_on_one_page(tmp_path):
    graded = [Graded("step-check", 8, 20, "", False)]
    reports = [Report(handed_in(solved(CLAIM), who), CLAIM, graded) for who in ("Ada", "Bob")]
    assert tmp_path / "sentences-4_claim.html" in write_reports(reports, tmp_path)
    page = (tmp_path / "sentences-4_claim.html").read_text("utf-8")
    assert page.count("YOUR ANSWER HERE") == 2
    assert "<h2>Bob: 8 of 20 points from the checks</h2>" in page


def test_who_wrote_nothing_is_asked_on_the_page_whether_it_is_the_wrong_file():
    page = as_page(grade(handed_in(empty(OPS), "Ben"), QUICK))
    assert "the wrong file?" in page
    assert "the wrong file?" not in as_page(grade(handed_in(solved(OPS), "Ada"), QUICK))


def test_moodle_gets_the_pages_back_under_the_names_that_it_reads(tmp_path):
    write_reports([Report(handed_in(empty(OPS), "Ada_L.", ident="42", platform="Moodle"), OPS)], tmp_path)
    with zipfile.ZipFile(tmp_path / TO_MOODLE.format(OPS)) as file:
        name = file.namelist()[0]
    assert name.split("/")[0].split("_", 4) == ["Ada L ", "42", "assignfeedback", "file", ""]


def test_names_that_differ_in_case_alone_get_pages_of_their_own(tmp_path):
    write_reports([Report(handed_in(empty(OPS), student)) for student in ("Ada", "ADA")], tmp_path)
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
    assert "the same functions, apart from names, look at them: Ada, Bob, Cem" in text
    assert "the same functions, look at them: Ada, Bob" in as_text([*reports[:2], reports[3]])
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
    assert "dy @ w.T" in (tmp_path / "out" / "code-1_ops.html").read_text("utf-8")
    assert len((tmp_path / "out" / "grades-1_ops.csv").read_text("utf-8").splitlines()) == 3


def test_gradescope_gets_its_results_file(tmp_path):
    (tmp_path / "1_ops.ipynb").write_text(json.dumps(solved(OPS)), "utf-8")
    assert main(["grade", str(tmp_path / "1_ops.ipynb"), "--gradescope", str(tmp_path / "results.json")]) == 0
    results = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert results["score"] == sum(one["score"] for one in results["tests"]) == 20
    assert {one["visibility"] for one in results["tests"]} == {"visible", "after_due_date"}


def test_a_zip_with_one_folder_for_the_whole_class_is_read_as_a_class(tmp_path):
    assert [one.student for one in names_in(["class/ada/1_ops.ipynb", "class/bob/1_ops.ipynb"], tmp_path)] == [
        "ada",
        "bob",
    ]
    assert [one.student for one in names_in(["class/ada.ipynb", "class/bob.ipynb"], tmp_path)] == ["ada", "bob"]
    assert [one.student for one in names_in(["ada/1_ops.ipynb", "ada/scratch.ipynb"], tmp_path)] == ["ada", "ada"]


def test_numbers_in_the_names_of_students_are_no_copies(tmp_path):
    found = names_in(["student-1.ipynb", "student-2.ipynb", "x (1).ipynb", "x (2).ipynb"], tmp_path)
    assert [one.student for one in found] == ["student-1", "student-2", "x (1)", "x (2)"]


def test_the_gradebook_gets_the_points_of_the_assignment_and_not_of_another_file(tmp_path):
    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes("Identifier;Full name;Grade;Maximum grade\nParticipant 42;Ada;;20\n".encode("utf-16"))
    who = {"ident": "42", "platform": "Moodle"}
    reports = one_per_student([grade(handed_in(book, "Ada", **who), QUICK) for book in (solved(OPS), {"cells": []})])
    assert "Participant 42;Ada;20;20" in Gradebook(sheet).fill(reports)[0]


def test_late_hand_ins_change_only_their_own_lines_of_a_filled_worksheet(tmp_path):
    sheet = tmp_path / "sheet.csv"
    head, full = "Identifier,Full name,Grade,Maximum Grade,Feedback comments", "Participant 41,Bob,23,25,well said"
    sheet.write_text(f"{head}\n{full}\nParticipant 42,Ada,,25,\n", "utf-8")
    late = handed_in(empty(OPS), "Ada", ident="42", platform="Moodle")
    graded = [Graded("relu-check", 0, 1, "not right", False), Graded("fc-check", 1, 1, "", False)]
    text, *_ = Gradebook(sheet).fill([Report(late, "1_ops", graded)])
    assert text.splitlines() == [head, full, "Participant 42,Ada,12.5,25,relu-check: not right"]


def test_who_deletes_the_sentences_does_not_get_their_points(tmp_path):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("Identifier,Full name,Grade,Maximum Grade\nParticipant 42,Ada,,25\n", "utf-8")
    book = solved(CLAIM)
    assert sum(cell["metadata"]["nbgrader"]["points"] for cell in book["cells"] if is_read(cell)) == BY_HAND[CLAIM]
    book["cells"] = [cell for cell in book["cells"] if not is_read(cell)]
    report = Report(handed_in(book, "Ada", ident="42", platform="Moodle"), CLAIM, [Graded("all", 20, 20, "", False)])
    assert "Participant 42,Ada,20,25" in Gradebook(sheet).fill([report])[0]
    assert "Participant 42,Ada,20,25" in as_csv([report])


def is_read(cell):
    return cell["cell_type"] == "markdown" and cell["metadata"].get("nbgrader", {}).get("grade", False)


def test_a_filled_worksheet_that_was_changed_by_hand_is_kept_under_another_name(tmp_path):
    path = tmp_path / "filled.csv"
    assert write_keeping(path, b"20") is None
    assert write_keeping(path, b"20") is None  # the same again
    path.write_bytes(b"24, by hand")
    assert write_keeping(path, b"20") == tmp_path / "filled-earlier-1.csv"
    path.write_bytes(b"25, by hand")
    assert write_keeping(path, b"20") == tmp_path / "filled-earlier-2.csv"
    assert path.read_bytes() == b"20"
    assert (tmp_path / "filled-earlier-1.csv").read_bytes() == b"24, by hand"
