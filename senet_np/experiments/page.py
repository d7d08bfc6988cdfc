"""Tables in a page, made anew from the result lines:   python -m senet_np.experiments.page docs/results.md

Between `<!-- compare comparisons/tiny-se.toml -->` and `<!-- end -->` stands what the lines of that comparison
say; nothing there is written by hand. The rest of the page is left as it is.
"""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from ..errors import SenetError
from .comparison import read_comparison
from .report import as_markdown, make_report


def refreshed(path: Path) -> str:
    """The page's text with every table made anew.

    Args:
        path: the page, Markdown; comparison files are named from its folder.

    Returns:
        The new text.

    Raises:
        SenetError: a comparison or its results cannot be read.
    """

    def table(file: str) -> str:
        report = make_report(read_comparison(path.parent / file))
        return as_markdown(report) if report.arms else "No results yet."

    return replace_blocks(path, "compare", table)


def replace_blocks(path: Path, kind: str, make: Callable[[str], str]) -> str:
    """A page's text with everything between `<!-- KIND WHAT -->` and `<!-- end -->` made anew.

    Args:
        path: the page, Markdown.
        kind: the marks' first word.
        make: from the mark's other words to what is to stand there.

    Returns:
        The new text.
    """
    mark = re.compile(rf"(<!-- {kind} (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
    return mark.sub(lambda block: f"{block[1]}\n{make(block[2])}\n\n{block[3]}", path.read_text("utf-8"))


def main() -> None:
    """Make the tables of one page anew."""
    parser = argparse.ArgumentParser(description="Make a page's tables anew from the result lines.")
    parser.add_argument("page", type=Path, help="a Markdown page with <!-- compare FILE --> … <!-- end --> in it")
    page = parser.parse_args().page
    try:
        page.write_text(refreshed(page), "utf-8")
    except (SenetError, OSError) as error:
        parser.exit(2, f"error: {error}\n")
    print(f"{page}: tables made anew")


if __name__ == "__main__":
    main()
