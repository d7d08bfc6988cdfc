"""What a teacher gets: a table, a CSV for the learning platform, a page for each student, and Gradescope's file."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..files import write_atomically
from .grade import Report
from .notebook import by_hand

COLUMNS = {
    "Moodle": ("Identifier", "Full name", "Grade", "Maximum grade", "Feedback comments"),
    "Canvas": ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "{assignment}"),
    "nbgrader": ("assignment", "student_id", "score", "max_score"),
    "": ("student", "assignment", "points", "of", "late", "comment"),
}
STYLE = """
:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
padding: 0 1rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .3rem .6rem;
border-bottom: 1px solid #8886 } td:first-child, th:first-child { white-space: nowrap } code, pre { font-size: .9rem }
pre { white-space: pre-wrap }
"""


def as_text(reports: Sequence[Report]) -> str:
    """A line for each hand-in, then what two of them have in common."""
    width = max(7, *(len(report.handin.student) for report in reports))
    lines = [f"{'student':{width}}  points    remark"]
    for report in reports:
        remark = _remark(report)
        points = f"{report.points:3} of {report.most}" if report.most else "  – of –"
        lines.append(f"{report.handin.student:{width}}  {points:10}{remark}".rstrip())
    for students, how in identical(reports):
        lines.append(f"{how}, look at them: {', '.join(students)}")
    return "\n".join(lines)


def identical(reports: Sequence[Report]) -> Iterator[tuple[list[str], str]]:
    """Groups of students whose functions are the same, and in what way."""
    seen: set[tuple[str, ...]] = set()
    for which, how in ((0, "the same code but for comments"), (1, "the same code but for names and comments")):
        groups: dict[tuple[str, str], list[str]] = {}
        for report in reports:
            if text := report.fingerprints[which]:
                groups.setdefault((report.assignment, text), []).append(report.handin.student)
        for students in groups.values():
            if len(set(students)) > 1 and (*students,) not in seen:
                seen.add((*students,))
                yield students, how


def write_reports(reports: Sequence[Report], folder: Path) -> list[Path]:
    """grades.csv for each assignment, and a page for each hand-in; returns the CSVs."""
    (folder / "feedback").mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for report in reports:
        name = re.sub(r"[^\w\- ]", "_", f"{report.handin.student} {report.handin.ident} {report.assignment}").strip()
        while name.casefold() in taken:  # some systems take ADA and Ada for one
            name += "_"
        taken.add(name.casefold())
        write_atomically(folder / "feedback" / f"{name}.html", as_page(report).encode())
    tables: dict[str, list[Report]] = {}
    for report in reports:
        tables.setdefault(report.assignment or "unknown", []).append(report)
    paths = [folder / f"grades-{name}.csv" for name in tables]
    for path, some in zip(paths, tables.values(), strict=True):
        write_atomically(path, as_csv(some).encode("utf-8-sig"))  # so that a spreadsheet reads it as UTF-8
    return paths


def as_csv(reports: Sequence[Report]) -> str:
    """The table with the columns of the platform that the hand-ins come from."""
    platform = reports[0].handin.platform
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.format(assignment=reports[0].assignment) for column in COLUMNS[platform])
    for one in reports:
        who, comment = one.handin, _comment(one)
        writer.writerow({
            "Moodle": (f"Participant {who.ident}", who.student, one.points, one.most, comment),
            "Canvas": (who.student, who.ident, "", "", "", one.points),
            "nbgrader": (one.assignment, who.student, one.points, one.most),
            "": (who.student, one.assignment, one.points, one.most, "late" if who.late else "", comment),
        }[platform])  # fmt: skip
    return text.getvalue()


def fill_gradebook(reports: Sequence[Report], path: Path) -> tuple[str, int]:
    """The platform's own CSV with the points put in; returns its text, and how many students were found in it.

    Moodle's grading worksheet is filled in its column "Grade" (and "Feedback comments"), by "Identifier". Canvas'
    gradebook is filled in the column whose name begins with the assignment's, by "ID".
    """
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    if not rows:
        raise SenetError(f"{path} is empty, expected the CSV that your platform exports")
    head = [name.strip() for name in rows[0]]
    if {"Identifier", "Grade"} <= {*head}:
        key, columns = "Identifier", {"Grade": lambda one: f"{one.points}"}
        columns |= {"Feedback comments": _comment} if "Feedback comments" in head else {}
        found = {f"Participant {one.handin.ident}": one for one in reports}
    elif "ID" in head and (own := [name for name in head if name.startswith(reports[0].assignment)]):
        key, columns = "ID", {own[0]: lambda one: f"{one.points}"}
        found = {one.handin.ident: one for one in reports}
    else:
        raise SenetError(
            f"{path} has the columns {', '.join(head)}; expected Identifier and Grade (Moodle's grading worksheet), "
            f"or ID and one that begins with {reports[0].assignment!r} (Canvas' gradebook)"
        )
    count = 0
    for row in rows[1:]:
        if one := found.get(row[head.index(key)].strip() if len(row) == len(head) else ""):
            count += 1
            for name, value in columns.items():
                row[head.index(name)] = value(one)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue(), count


def as_page(report: Report) -> str:
    """One hand-in as a page: points by cell with the reasons, and what happened when it ran."""
    who = report.handin
    rows = "".join(
        f"<tr><td>{escape(one.grade_id)}{' (hidden)' if one.hidden else ''}</td><td>{one.points} of {one.most}</td>"
        f"<td><pre>{escape(one.reason)}</pre></td></tr>\n"
        for one in report.graded
    )
    notes = "".join(f"<li><code>{escape(note)}</code></li>\n" for note in report.notes)
    text, most = by_hand(who.data) if report.most else ("", 0)
    hand = f"<h2>To be read by your teacher ({most} points)</h2><pre>{escape(text)}</pre>" if most else ""
    title = escape(f"{who.student}: {report.assignment or who.file}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>\n"
        f"<p><strong>{report.points} of {report.most} points</strong>{', handed in late' if who.late else ''}. "
        f"File: {escape(who.file)}.</p>\n"
        f"<table><tr><th>part</th><th>points</th><th>why points are lost</th></tr>\n{rows}</table>\n{hand}"
        + (f"<h2>While it ran</h2><ul>\n{notes}</ul>\n" if notes else "")
        + "</html>\n"
    )


def as_gradescope(report: Report) -> str:
    """Gradescope's results.json: hidden checks are shown after the due date."""
    tests: list[dict[str, Any]] = [
        {"name": one.grade_id, "score": one.points, "max_score": one.most, "output": one.reason,
         "visibility": "after_due_date" if one.hidden else "visible"}
        for one in report.graded
    ]  # fmt: skip
    content = {"score": report.points, "output": "\n".join(report.notes), "tests": tests}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _comment(report: Report) -> str:
    """The reasons in one line."""
    lost = [f"{one.grade_id}: {' '.join(one.reason.split())}" for one in report.graded if one.reason]
    return "; ".join(lost or report.notes)[:1000] if report.points < report.most or not report.most else ""


def _remark(report: Report) -> str:
    words = ["late"] if report.handin.late else []
    if not report.most:
        words += report.notes[:1]
    elif report.notes:
        words.append(
            report.notes[0] if len(report.notes) == 1 else f"{len(report.notes)} notes, first: {report.notes[0]}"
        )
    return "; ".join(words)[:160]
