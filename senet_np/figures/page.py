"""index.html: all figures of a report on one page, each with what to see and what not to conclude.

One file that needs nothing but the figures beside it.
"""

from collections.abc import Sequence
from html import escape

from .registry import Drawing, Kind
from .tables import Table

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
  .provenance {{ color: #555; margin: .2rem 0; }}
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


def index_page(
    name: str,
    provenance: str,
    notes: Sequence[str],
    tables: Sequence[tuple[str, Table]],
    figures: Sequence[tuple[Kind, Drawing]],
) -> str:
    """The page as HTML: `notes` are sentences for its top, tables are (heading, rows), figures stand in their order."""
    links, sections = "", []
    for kind, one in figures:
        file, heading = escape(kind.file_name(one.block)), escape(kind.heading(one.block))
        anchor = file.removesuffix(".png")
        alt = escape(f"{one.title}. {kind.alt} {provenance}; {one.source}.", quote=True)
        links += f'<li><a href="#{anchor}">{heading}</a></li>'
        sections.append(
            f'<section id="{anchor}">\n<h2>{heading}</h2>\n'
            f'<a href="{file}"><img src="{file}" alt="{alt}" loading="lazy"></a>\n'
            f"<p><b>What to see.</b> {escape(kind.see)}</p>\n"
            f"<p><b>What not to conclude.</b> {escape(kind.beware)}</p>\n</section>"
        )
    title = escape(f"What the gates of {name} do")
    parts = [HEAD.format(title=title), f"<h1>{title}</h1>"]
    parts += [f'<p class="provenance">{escape(text)}</p>' for text in (provenance, *notes)]
    parts.append(f"<nav><ul>{links}</ul></nav>")
    parts += [_table(heading, rows) for heading, rows in tables]
    return "\n".join([*parts, *sections, "</body>", "</html>", ""])


def _table(heading: str, rows: Table) -> str:
    head, *body = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    lines = "\n".join(f"<tr>{cells}</tr>" for cells in (head.replace("td>", "th>"), *body))
    return f'<section><h2>{escape(heading)}</h2>\n<div class="scroll"><table>\n{lines}\n</table></div></section>'
