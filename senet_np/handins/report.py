"""What a teacher gets: a table, a CSV for the learning platform, a page for each student, and Gradescope's file."""

import csv
import io
import json
import re
import textwrap
import zipfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ..files import write_atomically
from ..grading.marks import NOT_WRITTEN
from .grade import BORROWED, COMPUTED, Report
from .notebook import sentences

COLUMNS = {
    "Moodle": ("Identifier", "Full name", "Grade", "Maximum grade", "Feedback comments"),
    "Canvas": ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "{assignment}"),
    "nbgrader": ("assignment", "student_id", "score", "max_score"),
    "": ("student", "assignment", "points", "of", "late", "comment"),
}
# Signs that something is no work of the student's own: in the reason for lost points, and in what happened on the way.
# Comparing one's own result with the library's is honest, so a note about that is no sign.
IN_REASONS = ("while grading", BORROWED, *(words.split("{}")[0] for _, _, words in COMPUTED.values()))
ANOTHER = "another file was graded too: "
IN_NOTES = (
    ANOTHER,
    "cannot be replaced while grading",
    "'Checks' object",
    "the real checks",
    "senet_np.grading",
    "/senet_np/",
)
TO_MOODLE, CODE, SENTENCES = "feedback-for-moodle-{}.zip", "code-{}.html", "sentences-{}.html"
WRONG_FILE = "nothing is written in it: the wrong file?"
STYLE = """
:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
padding: 0 1rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .3rem .6rem;
border-bottom: 1px solid #8886 } td:first-child, th:first-child { white-space: nowrap } code, pre { font-size: .9rem }
pre { white-space: pre-wrap; margin: 0 }
"""


def one_per_student(reports: Sequence[Report]) -> list[Report]:
    """Of several files of a student for one assignment the best one counts, with a note about the others."""
    kept: dict[tuple[str, str, str], Report] = {}
    for report in sorted(reports, key=lambda one: -one.points):
        who = (report.handin.student, report.handin.ident, report.assignment)
        if who in kept:
            kept[who].notes.insert(0, f"{ANOTHER}{report.handin.file} got {report.points}: the better one counts")
        else:
            kept[who] = report
    # A file that is no assignment is worth a line only where the student has nothing else.
    owners = {who[:2] for who in kept if who[2]}
    for (student, ident, assignment), report in [*kept.items()]:
        if not assignment and (student, ident) in owners:
            del kept[student, ident, assignment]
            for who in kept:
                if who[:2] == (student, ident):
                    kept[who].notes.append(f"{report.handin.file} is no assignment")
    return sorted(kept.values(), key=lambda one: (one.handin.student.casefold(), one.assignment))


def as_text(reports: Sequence[Report]) -> str:
    """A line for each hand-in, then what two of them have in common."""
    width = max(7, *(len(_name(report)) for report in reports))
    lines = [f"{'student':{width}}  points    remark"]
    for report in reports:
        remark = _remark(report)
        points = f"{report.points:3} of {report.most}" if report.most else "  – of –"
        lines.append(f"{_name(report):{width}}  {points:10}{remark}".rstrip())
    for students, how in identical(reports):
        lines.append(f"{how}, look at them: {', '.join(students)}")
    for assignment, most in sorted({(one.assignment, one.by_hand) for one in reports if one.by_hand}):
        lines.append(f"{assignment}: up to {most} more points from you, see {SENTENCES.format(assignment)}")
    return "\n".join(lines)


def identical(reports: Sequence[Report]) -> Iterator[tuple[list[str], str]]:
    """Groups of students whose functions are the same, at least but for names, and which of the two it is."""
    groups: dict[tuple[str, str], list[Report]] = {}
    for report in reports:
        if text := report.fingerprints[1]:
            groups.setdefault((report.assignment, text), []).append(report)
    for same in groups.values():
        if len(same) > 1:
            exactly = len({report.fingerprints[0] for report in same}) == 1
            yield [*map(_name, same)], "the same functions" + ("" if exactly else ", apart from names")


def write_reports(reports: Sequence[Report], folder: Path) -> list[Path]:
    """A CSV for each assignment, and a page for each hand-in, for Moodle in a zip too; returns all but the pages."""
    (folder / "feedback").mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    to_moodle: dict[str, dict[str, bytes]] = {}  # the pages of each assignment, as Moodle takes them back
    for report in reports:
        who = report.handin
        words = f"{who.student[:60]} {who.ident} {report.assignment}"
        name = re.sub(r"[^\w\- ]", "_", words).strip().encode()[:150].decode("utf-8", "ignore")
        while name.casefold() in taken:  # some systems take ADA and Ada for one
            name += "_"
        taken.add(name.casefold())
        page = as_page(report).encode("utf-8", "replace")
        write_atomically(folder / "feedback" / f"{name}.html", page)
        if who.platform == "Moodle":
            student = re.sub(r"[^\w\- ]", " ", who.student.replace("_", " "))[:60]
            name = f"{student}_{who.ident}_assignfeedback_file_/{report.assignment or 'feedback'}.html"
            to_moodle.setdefault(report.assignment or "unknown", {})[name] = page
    tables: dict[str, list[Report]] = {}
    for report in reports:
        tables.setdefault(report.assignment or "unknown", []).append(report)
    paths = [folder / f"grades-{name}.csv" for name in tables]
    for path, some in zip(paths, tables.values(), strict=True):
        write_atomically(path, as_csv(some).encode("utf-8-sig", "replace"))  # so that a spreadsheet reads it as UTF-8
    for name, some in tables.items():
        paths.append(folder / CODE.format(name))
        write_atomically(paths[-1], code_page(some).encode("utf-8", "replace"))
        if any(report.by_hand for report in some):
            paths.append(folder / SENTENCES.format(name))
            write_atomically(paths[-1], by_hand_page(some).encode("utf-8", "replace"))
    for name, pages in to_moodle.items():
        paths.append(folder / TO_MOODLE.format(name))
        write_atomically(paths[-1], _zipped(pages))
    return paths


def _zipped(pages: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, page in pages.items():
            file.writestr(name, page)
    return buffer.getvalue()


def as_csv(reports: Sequence[Report]) -> str:
    """The table with the columns of the platform that the hand-ins come from."""
    platform = reports[0].handin.platform
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.format(assignment=reports[0].assignment) for column in COLUMNS[platform])
    for one in reports:
        who, comment, student = one.handin, comment_of(one), _for_spreadsheets(one.handin.student)
        most = one.most + one.by_hand
        writer.writerow({
            "Moodle": (f"Participant {who.ident}", student, one.points, most, comment),
            "Canvas": (student, who.ident, "", "", "", one.points),
            "nbgrader": (one.assignment, student, one.points, most),
            "": (student, one.assignment, one.points, most, "late" if who.late else "", comment),
        }[platform])  # fmt: skip
    return text.getvalue()


def as_page(report: Report) -> str:
    """One hand-in as a page: points by cell with the reasons, and what happened when it ran."""
    who = report.handin
    rows = "".join(
        f"<tr><td>{escape(one.grade_id)}{' (hidden)' if one.hidden else ''}</td><td>{one.points} of {one.most}</td>"
        f"<td><pre>{escape(one.reason)}</pre></td></tr>\n"
        for one in report.graded
    )
    notes = "".join(f"<li><code>{escape(note)}</code></li>\n" for note in report.notes)
    hand, more = "", ""
    if report.by_hand:
        hand = f"<h2>To be read by your teacher ({report.by_hand} points)</h2>{_read_by_hand(report)}"
        more = f", and up to {report.by_hand} from your teacher"
    title = escape(f"{who.student}: {report.assignment or who.file}")
    doubt = f"<p><strong>Your file: {WRONG_FILE}</strong></p>\n" if _is_untouched(report) else ""
    return (
        _head(title, STYLE)
        + f"<p><strong>{report.points} of {report.most} points</strong>{more}{', handed in late' if who.late else ''}. "
        f"File: {escape(who.file)}.</p>\n{doubt}"
        f"<table><tr><th>part</th><th>points</th><th>why points are lost</th></tr>\n{rows}</table>\n{hand}"
        + (
            f"<h2>While it ran</h2><p>Cells are counted from the top, texts too.</p><ul>\n{notes}</ul>\n"
            if notes
            else ""
        )
        + "</html>\n"
    )


def _read_by_hand(report: Report) -> str:
    """What a teacher has to read of a hand-in, below the numbers that it computed."""
    return "<pre>" + escape("\n".join([*report.numbers, "", sentences(report.handin.data) or "nothing"])) + "</pre>"


def by_hand_page(reports: Sequence[Report]) -> str:
    """For the teacher: what is to be read of all students, one below the other."""
    title = escape(f"To be read by you: {reports[0].assignment}")
    parts = [
        f"<h2>{escape(_name(one))}: {one.points} of {one.most} points from the checks</h2>{_read_by_hand(one)}"
        for one in reports
    ]
    return _head(title, STYLE) + "\n".join(parts) + "</html>\n"


def code_page(reports: Sequence[Report]) -> str:
    """For the teacher: the functions of each student, and those side by side that are the same."""

    def column(report: Report) -> str:
        return f"<div><h3>{escape(_name(report))}</h3><pre>{escape(report.code) or 'nothing'}</pre></div>"

    by_name = {_name(report): report for report in reports}
    groups = [
        f"<h2>{escape(how)}</h2><div class=row>{''.join(column(by_name[name]) for name in students)}</div>"
        for students, how in identical(reports)
    ]
    title = escape(f"Functions that were handed in: {reports[0].assignment or 'unknown'}")
    row = ".row { display: flex; gap: 1rem; overflow-x: auto } .row div { flex: 0 0 26rem }"
    return (
        _head(title, STYLE + row + " body { max-width: none; margin: 2rem }")
        + "\n".join([*groups, "<h2>All</h2>", *map(column, reports)])
        + "</html>\n"
    )


def _head(title: str, style: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{style}</style><h1>{title}</h1>\n"
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


def _name(report: Report) -> str:
    """The student as a line of a table can show it."""
    return "".join(letter if letter.isprintable() else "?" for letter in report.handin.student)[:40]


def _for_spreadsheets(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name


def comment_of(report: Report) -> str:
    """The reasons in one line."""
    if not report.most:
        return report.notes[0] if report.notes else ""
    if _is_untouched(report):
        return NOT_WRITTEN
    lost = [f"{one.grade_id}: {_cut(one.reason, 150)}" for one in report.graded if one.reason]
    return _cut("; ".join(lost), 1000)


def _remark(report: Report) -> str:
    """What a teacher should know at a glance; first what looks like no work of the student's own."""
    words = ["late"] if report.handin.late else []
    reasons = [one.reason for one in report.graded if any(sign in one.reason for sign in IN_REASONS)]
    notes = [note for note in report.notes if any(sign in note for sign in IN_NOTES)]
    if reasons or notes:
        words.append(f"LOOK: {[*reasons, *notes][0]}")
    elif _is_untouched(report):
        words.append(WRONG_FILE)
    elif report.notes:
        more = f" (and {len(report.notes) - 1} more)" if len(report.notes) > 1 else ""
        words.append(f"{_cut(report.notes[0], 120)}{more}")
    line = _cut("; ".join(words), 200)
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _is_untouched(report: Report) -> bool:
    return bool(report.graded) and all(NOT_WRITTEN in one.reason for one in report.graded)


def _cut(text: str, most: int) -> str:
    """The text in one line, cut between two words."""
    return textwrap.shorten(text, most, placeholder=" …")
