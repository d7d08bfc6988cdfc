"""The site for students: without the pages that hold solutions, and without links to them."""

import re
import shutil
from pathlib import Path, PurePosixPath
from posixpath import normpath

import nbformat

# Solutions, the exam's answers, the teacher's guide with a solution of assignment 4, the checks of exercises and
# assignments, and the tests, which hand in right answers.
WITHHELD = ("course/solutions", "exam", "teachers", "source/exercises", "source/grading", "tests")
IN_TEXT = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|#)([^)\s#]+)[^)]*\)")
EMPTY = re.compile(r"```\{toctree\}\n(:.*\n)*\n*```\n?")  # contents of which nothing is left
NOT_FOR_STUDENTS = "<!-- not for students -->"  # at the end of a line that goes
IN_HTML = re.compile(r'<a\b[^>]*\bhref="(?!https?:|#)([^"#]+)[^"]*"[^>]*>(.*?)</a>', re.DOTALL)


def withhold(source: Path) -> None:
    """Take these pages out of the site's source, and make plain text of the links that led to them."""
    for name in WITHHELD:
        shutil.rmtree(source / name, ignore_errors=True)
        (source / f"{name}.md").unlink(missing_ok=True)
    for path in (*source.rglob("*.md"), *source.rglob("*.ipynb")):
        page = path.relative_to(source).as_posix()
        if path.suffix == ".md":
            path.write_text(without_links(path.read_text("utf-8"), page), "utf-8")
            continue
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = without_links(cell.source, page)
        nbformat.write(notebook, path)


def without_links(text: str, page: str) -> str:
    """A page's text without its links to withheld pages; a line that is nothing else goes, and a marked one, too."""

    def is_withheld(target: str) -> bool:
        target = target.removeprefix("/") if target.startswith("/") else f"{PurePosixPath(page).parent}/{target}"
        target = re.sub(r"\.(md|ipynb|html)$", "", normpath(target))
        return any(target == name or target.startswith(f"{name}/") for name in WITHHELD)

    def plain(link: re.Match[str]) -> str:
        return "ask your teacher" if link[1].startswith("solutions/") else link[1]

    lines = []
    for line in text.split("\n"):
        item = IN_TEXT.fullmatch(line.removeprefix("- "))
        is_link = item and line.startswith("- ") and is_withheld(item[2])
        if is_link or is_withheld(line.strip() or ".") or line.endswith(NOT_FOR_STUDENTS):
            continue
        lines.append(IN_TEXT.sub(lambda found: plain(found) if is_withheld(found[2]) else found[0], line))
    text = EMPTY.sub("", "\n".join(lines))
    return IN_HTML.sub(lambda found: found[2] if is_withheld(found[1]) else found[0], text)
