"""The table of the course, made from the first cell of each notebook: title, and the minutes it takes.

python docs/tools/course.py            print it
python docs/tools/course.py --write    put it into docs/course.md, between `<!-- course -->` and `<!-- end -->`
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/course.md"
PARTS = {1: "The SE block", 6: "A whole network", 9: "What gates do, and whether SE helps", 12: "Further"}  # by first
ASSIGNMENTS = {3: "1_ops", 5: "2_se_block", 6: "3_conv", 11: "4_claim"}  # by the notebook after which it comes
TITLE = re.compile(r"^# # (\d+) · (.+)$", re.M)
TIME = re.compile(r"\*\*Time:\*\*\s(\d+)\sminutes\sto\sread\sand\srun,\s(\d+)\swith\sthe\sexercises\.")


def notebooks() -> list[tuple[int, str, str, int, int]]:
    """(number, name, title, minutes to read, minutes with the exercises) of every notebook, in order."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.py")):
        text = path.read_text("utf-8")
        title, minutes = TITLE.search(text), TIME.search(text.replace("\n# ", "\n"))
        if title is None or minutes is None:
            raise ValueError(f"{path.name} does not begin with its title and its time, as in docs/tools/course.py")
        found.append((int(title[1]), path.stem, title[2], int(minutes[1]), int(minutes[2])))
    return found


def as_markdown() -> str:
    """The table, with a line for each part and each assignment."""
    rows = ["| | minutes to read and run | with exercises |", "|---|---:|---:|"]
    for number, name, title, reading, whole in notebooks():
        if number in PARTS:
            rows.append(f"| **{PARTS[number]}** | | |")
        rows.append(f"| [{number} · {title}](../notebooks/{name}.ipynb) | {reading} | {whole} |")
        if number in ASSIGNMENTS:
            assignment = ASSIGNMENTS[number]
            text = (ROOT / f"notebooks/assignments/source/{assignment}/{assignment}.py").read_text("utf-8")
            title, hours = re.search(r"^# # (.+)$", text, re.M), re.search(r"\*\*Time:\*\* (\d+) hours", text)
            assert title is not None
            assert hours is not None
            rows.append(f"| [{title[1]}](../notebooks/assignments/{assignment}.ipynb) | | {60 * int(hours[1])} |")
    return "\n".join(rows)


def refreshed(page: str) -> str:
    """A page's text with the table between its marks made anew."""
    return re.sub(
        r"(<!-- course -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}\n{as_markdown()}\n\n{m[2]}", page, flags=re.S
    )


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(refreshed(PAGE.read_text("utf-8")), "utf-8")
    else:
        print(as_markdown())
