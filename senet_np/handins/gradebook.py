"""The CSV that a learning platform has exported, filled in so that it can be imported again."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import SenetError
from .grade import Report
from .report import comment_of

PARTICIPANT = re.compile(r"\D+(\d+)")  # Moodle's "Participant 42", in the language of the site


class Gradebook:
    """Moodle's grading worksheet, in any language, or Canvas' gradebook.

    In Moodle's the students are found by "Participant 42". The grade stands before the maximum grade, a column that
    has one number in all rows; points are scaled to it. In Canvas' the column's name begins with the assignment's.
    """

    def __init__(self, path: Path):
        data = path.read_bytes()
        marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        try:
            text = data.decode("utf-16" if marked else "utf-8-sig")
        except UnicodeError:
            text = data.decode("cp1252", "replace")  # as old spreadsheets write
        first = text.partition("\n")[0]
        self.path, self.delimiter = path, max(",;\t", key=first.count)
        rows = list(csv.reader(io.StringIO(text), delimiter=self.delimiter))
        self.head = [name.strip() for name in rows[0]] if rows else []
        self.rows = [row for row in rows[1:] if len(row) == len(self.head)]
        columns = [[row[k].strip() for row in self.rows] for k in range(len(self.head))]
        people = [k for k, cells in enumerate(columns) if cells and all(map(PARTICIPANT.fullmatch, cells))]
        maxima = [k for k, cells in enumerate(columns) if k > 1 and len({*cells}) == 1 and _number(cells[0])]
        self.is_moodle = bool(people and maxima)
        if self.is_moodle:
            self.key, self.grade, self.maximum = people[0], maxima[0] - 1, _number(columns[maxima[0]][0])
            self.comment = len(columns) - 1 if len(columns) > maxima[0] + 1 and not all(columns[-1]) else None
        elif "ID" not in self.head:
            raise SenetError(
                f"{path} has the columns {', '.join(self.head) or 'of nothing'}; expected Moodle's grading worksheet "
                "(with 'Participant 42' in a column, and one for the maximum grade), or Canvas' gradebook (with ID)"
            )

    def fill(self, reports: Sequence[Report]) -> tuple[str, list[str], list[str]]:
        """Its text with the points of the most frequent assignment; who handed in nothing, and who is not in it."""
        graded = [one for one in reports if one.most]
        assignment = Counter(one.assignment for one in graded).most_common(1)[0][0] if graded else ""
        chosen = [one for one in reports if one.assignment == assignment or not one.most]
        if not self.is_moodle:
            own = [k for k, name in enumerate(self.head) if assignment and name.startswith(assignment)]
            if not own:
                raise SenetError(f"{self.path} has no column that begins with {assignment!r}: {', '.join(self.head)}")
            self.key, self.grade, self.maximum, self.comment = self.head.index("ID"), own[0], 0.0, None
        rows = {_ident(row[self.key]): row for row in self.rows}
        missing = [one.handin.student for one in chosen if one.handin.ident not in rows]
        for one in chosen:
            if row := rows.get(one.handin.ident):
                row[self.grade] = self._scaled(one)
                if self.comment is not None:
                    row[self.comment] = comment_of(one)
        text = io.StringIO()
        csv.writer(text, delimiter=self.delimiter, lineterminator="\n").writerows([self.head, *self.rows])
        name = 1 if self.is_moodle else 0  # the column after the participant's number, or the first one
        handed_in = {"", *(one.handin.ident for one in chosen)}  # Canvas has rows of its own without a number
        return text.getvalue(), [row[name] for ident, row in rows.items() if ident not in handed_in], missing

    def scales(self, report: Report) -> bool:
        """Whether the maximum grade is another one than the assignment's, with or without what is read by hand."""
        return self.maximum not in (0.0, report.most, report.most + report.by_hand)

    def _scaled(self, report: Report) -> str:
        """The points as the platform counts them; nothing where there was no assignment to grade."""
        if not report.most:
            return ""
        points = report.points * (self.maximum / report.most if self.scales(report) else 1)
        return f"{points:.2f}".rstrip("0").rstrip(".")


def _number(text: str) -> float:
    """A number with a point or a comma; 0 for any other text."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return 0.0


def _ident(cell: str) -> str:
    found = PARTICIPANT.fullmatch(cell.strip())
    return found[1] if found else cell.strip()
