"""A class hands in: who it was, what it is worth, and what nobody gets away with."""

import io
import json
import sys

import numpy as np
import pytest
from answers import RIGHT
from class_of_handins import (
    BLOCK,
    DISHONEST,
    DISHONEST_CLAIMS,
    HONEST,
    OPS,
    QUICK,
    UNRULY,
    edited,
    empty,
    graded,
    lost,
    said,
    solved,
    with_cell,
)

from senet_np.grading.marks import marks, set_class_seed
from senet_np.handins import wire
from senet_np.handins.grade import Limits, grade
from senet_np.handins.notebook import TABLES, read_cells, recognize
from senet_np.handins.read import HandIn
from senet_np.handins.report import as_text, write_reports

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
    assert report.graded[0].reason.startswith("relu_forward is not written yet")
    assert all("not written yet" in one.reason for one in report.graded)
    assert "the wrong file?" in as_text([report])


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
    report = graded(make(), Limits(seconds=5.0) if "endless" in name else QUICK)
    assert report.points == points
    assert words in said(report)


def test_a_hand_in_that_never_ends_is_given_up_in_the_end():
    notebook = empty(OPS)
    for place in range(3, 17):
        with_cell(notebook, "while True:\n    pass", place)
    report = graded(notebook, Limits(seconds=0.8))
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


@pytest.mark.parametrize("name", [name for name in HONEST if name.startswith("ops")][:24])
def test_no_honest_hand_in_is_pointed_out_to_the_teacher(name):
    assert "LOOK" not in as_text([graded(HONEST[name]())])


@pytest.mark.parametrize(
    "name", ["imports ops", "silences expect", "mocks a check", "reads the source", "types the width in"]
)
def test_what_is_not_the_learners_work_is_pointed_out_to_the_teacher(name):
    assert "LOOK" in as_text([graded(DISHONEST[name][0]())])


# What an attack showed


@pytest.mark.parametrize("source", [
    "y = " + "1 + " * 3000 + "1",
    "x = " + "-" * 50_000 + "1",
    "raise ValueError('\\ud800\\x1b[2J\\nada   20 of 20')",
    "import os\nfor n in range(3, 9):\n    try:\n        os.write(n, b'x' * 99)\n    except OSError: pass",
])  # fmt: skip
def test_no_hand_in_keeps_the_class_from_its_marks(source, tmp_path):
    reports = [graded(with_cell(solved(OPS), source, 4)), graded(solved(OPS))]
    write_reports(reports, tmp_path)
    lines = as_text(reports).splitlines()
    assert reports[1].points == 20
    assert all(line.isprintable() for line in lines)
    assert sum(line.startswith("Ada") for line in lines) == 2


@pytest.mark.parametrize("cell", [{"metadata": None}, {"metadata": {"nbgrader": {"grade": True, "points": None}}}])
def test_an_odd_text_cell_does_no_harm(cell, tmp_path):
    notebook = solved(OPS)
    notebook["cells"].insert(0, {"cell_type": "markdown", "source": "hello", **cell})
    write_reports([graded(notebook)], tmp_path)
    assert len(list((tmp_path / "feedback").iterdir())) == 1


@pytest.mark.parametrize(("line", "words"), [
    ("from tqdm import tqdm\nassert list(tqdm(range(3))) == [0, 1, 2]", ""),
    ("import multiprocessing\nmultiprocessing.cpu_count()", ""),
    ("import subprocess, ctypes, sqlite", "No module named 'sqlite'"),
    ("from google.colab import drive\nimport torch\ntorch.manual_seed(0)", "No module named 'google'"),
    ("get_ipython().run_line_magic('matplotlib', 'inline')\nfiles = !ls\n%precision 3\nanswer = 3  # or 4?", ""),
])  # fmt: skip
def test_what_honest_people_import_costs_nothing(line, words):
    notebook = solved(OPS)
    cell = next(cell for cell in notebook["cells"] if "import numpy" in cell["source"])
    cell["source"] = f"{line}\n{cell['source']}"
    report = graded(notebook)
    assert (report.points, lost(report)) == (20, set())
    assert words in said(report)
    assert words or not report.notes


@pytest.mark.parametrize("source", [
    "open('/dev/shm/for_the_next_one', 'w')",
    "import os\nos.fsdecode = lambda name: os.devnull\nopen('/etc/../tmp/x', 'w')",
    "import os\nos.open('x', os.O_RDONLY, dir_fd=os.open('/usr/lib', os.O_RDONLY))",
    "import sqlite3",
    "import multiprocessing\nmultiprocessing.get_context('spawn').Process(target=print).start()",
    "import signal, os\nsignal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)",
    "open('/dev/tty', 'w')",
])  # fmt: skip
def test_the_ways_out_that_were_found_are_shut(source):
    report = graded(with_cell(solved(OPS), source, 4))
    assert report.points == 20
    assert "cell 5: it stops" in said(report)
