"""Blocks of a Markdown page that a command writes: they stand between `<!-- KIND WHAT -->` and `<!-- end -->`."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from senet_np.errors import SenetError


def replace_blocks(text: str, kind: str, make: Callable[[str], str]) -> str:
    """A page's text with the content of every block of one kind made anew; the rest stays as it is.

    Args:
        text: the page, Markdown.
        kind: the first word of the blocks' marks.
        make: from the other words of a mark to the content of its block.
    """
    mark = re.compile(rf"(<!-- {kind} (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
    return mark.sub(lambda block: f"{block[1]}\n{make(block[2])}\n\n{block[3]}", text)


def main(description: str, refreshed: Callable[[Path], str]) -> None:
    """The command line of a tool that rewrites one page."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("page", type=Path, help="a Markdown page with marks in it")
    page = parser.parse_args().page
    try:
        page.write_text(refreshed(page), "utf-8")
    except (SenetError, OSError) as error:
        parser.exit(2, f"error: {error}\n")
    print(f"{page} is up to date")
