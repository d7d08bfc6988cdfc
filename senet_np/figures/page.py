"""index.html: all figures of a report on one page, each with what to see and what not to conclude.

One file that needs nothing but the pictures beside it.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from ..analysis.tables import Table
from .captions import CAPTIONS
from .style import short

HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  :root {{ color-scheme: light; }}
  body {{ font: 17px/1.5 system-ui, sans-serif; color: #222; background: #fafafa;
         margin: 0 auto; max-width: 72rem; padding: 1rem 1.5rem 4rem; }}
  h1 {{ font-size: 1.7rem; line-height: 1.25; margin: 1rem 0 .3rem; }}
  h2 {{ font-size: 1.15rem; line-height: 1.35; margin: 0 0 .6rem; }}
  p {{ margin: .3rem 0; max-width: 60rem; }}
  .stamp {{ color: #555; margin: .2rem 0; }}
  nav ul {{ columns: 2 22rem; padding-left: 1.2rem; font-size: .95rem; }}
  section {{ background: #fff; border: 1px solid #ddd; border-radius: .5rem;
            padding: 1.1rem 1.3rem; margin: 1.4rem 0; }}
  img {{ max-width: 100%; height: auto; display: block; margin: .4rem 0 .8rem; }}
  .scroll {{ overflow-x: auto; }}
  table {{ border-collapse: collapse; font-size: .88rem; }}
  td, th {{ padding: .25rem .55rem; text-align: right; border-bottom: 1px solid #e4e4e4; }}
  td {{ white-space: nowrap; }}
  th {{ vertical-align: bottom; }}
  td:first-child, th:first-child {{ text-align: left; }}
</style>
</head>
<body>
"""


class Drawn(NamedTuple):
    """A figure that was written."""

    file: Path
    kind: str  # a key of CAPTIONS
    block: str  # which block it shows, "" for all
    title: str  # what it found
    stamp: str  # what it was found on

    @property
    def name(self) -> str:
        """Its heading: "Gates by depth", "All gates of one block: stage1"."""
        name = CAPTIONS[self.kind].name
        return f"{name}: {short(self.block)}" if self.block else name


def index_page(
    name: str, stamp: str, notes: Sequence[str], tables: Sequence[tuple[str, Table]], figures: list[Drawn]
) -> str:
    """The page.

    Args:
        name: what the page is about.
        stamp: network, data and seed.
        notes: sentences that stand at its top.
        tables: (heading, rows), the first row a head.
        figures: in the order in which they are to stand.

    Returns:
        HTML.
    """
    parts = [HEAD.format(title=escape(f"What the gates of {name} do")), f"<h1>What the gates of {escape(name)} do</h1>"]
    parts += [f'<p class="stamp">{escape(text)}</p>' for text in (stamp, *notes)]
    links = "".join(f'<li><a href="#{_anchor(one)}">{escape(one.name)}</a></li>' for one in figures)
    parts.append(f"<nav><ul>{links}</ul></nav>")
    parts += [_table(heading, rows) for heading, rows in tables]
    parts += [_section(one) for one in figures]
    return "\n".join([*parts, "</body>", "</html>", ""])


def _section(one: Drawn) -> str:
    caption = CAPTIONS[one.kind]
    alt, file = escape(f"{one.title}. {caption.alt} {one.stamp}.", quote=True), escape(one.file.name)
    return (
        f'<section id="{_anchor(one)}">\n<h2>{escape(one.name)}</h2>\n'
        f'<a href="{file}"><img src="{file}" alt="{alt}" loading="lazy"></a>\n'
        f"<p><b>What to see.</b> {escape(caption.see)}</p>\n"
        f"<p><b>What not to conclude.</b> {escape(caption.beware)}</p>\n</section>"
    )


def _table(heading: str, rows: Table) -> str:
    head, *body = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    lines = "\n".join(f"<tr>{cells}</tr>" for cells in (head.replace("td>", "th>"), *body))
    return f'<section><h2>{escape(heading)}</h2>\n<div class="scroll"><table>\n{lines}\n</table></div></section>'


def _anchor(one: Drawn) -> str:
    return escape(one.file.stem)
