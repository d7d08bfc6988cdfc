"""Update the tables of a page from the result lines:   python docs/tools/comparisons.py docs/results.md

Between `<!-- compare comparisons/tiny-se.toml -->` and `<!-- end -->` stands the table of that comparison.
"""

from pathlib import Path

from blocks import main, replace_blocks

from senet_np.experiments.comparison import read_comparison
from senet_np.experiments.report import as_markdown, make_report


def refreshed(path: Path) -> str:
    """The page's text with every table made anew; comparison files are named from the page's folder."""

    def table(file: str) -> str:
        report = make_report(read_comparison(path.parent / file))
        return as_markdown(report) if report.arms else "No results yet."

    return replace_blocks(path, "compare", table)


if __name__ == "__main__":
    main("Update a page's tables from the result lines.", refreshed)
