"""What the README and the pages in docs/ show is what a reader gets."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from senet_np.gradcheck.cases import all_cases

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    pytest.param(*match.groups(), id=f"{page.name}-{number}")
    for page in PAGES
    for number, match in enumerate(EXAMPLE.finditer(page.read_text("utf-8")), 1)
]


@pytest.mark.parametrize(("code", "output"), EXAMPLES)
def test_an_example_runs_and_prints_what_the_page_says(code, output):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "example", "exec"), {})
    if output is None:  # then it is a comment in the code
        (output,) = re.findall(r"^print\(.*\)\s+# (.*\n)", code, re.MULTILINE)
    assert printed.getvalue() == output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_to_a_file_leads_to_one(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_marks_of_the_exam_add_up():
    text = (ROOT / "docs/exam.md").read_text("utf-8")
    marks = [int(points) for points in re.findall(r"^\*\*\d+\. \((\d+) points; [^)]+\)\*\*", text, re.MULTILINE)]
    assert (len(marks), sum(marks), sum(marks[:8])) == (12, 60, 39)


def test_the_table_of_worst_errors_has_a_row_for_everything_that_is_checked():
    table = (ROOT / "docs/testing.md").read_text("utf-8").split("| op | gradients checked")[1].split("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+?) \| [\d,]+ ", table, re.MULTILINE)
    assert rows == [*dict.fromkeys(case.op for case in all_cases())]
