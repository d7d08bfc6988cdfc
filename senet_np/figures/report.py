"""All figures of one network, and a page that shows them.

Which figures can be drawn depends on what is there: findings are enough for most, images of the data need the data.
"""

import contextlib
import io
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..files import write_atomically
from .look import PAGE, Look
from .page import index_page
from .registry import Drawing, Kind, Sources, kinds
from .style import add_title, enlarge, load_matplotlib, style
from .tables import block_table, intervention_table

FORMER_KEYS = ("controls", "moments", "openers")  # of version 0.1


def plan(sources: Sources) -> Iterator[tuple[Kind, Drawing]]:
    """All figures that can be drawn, in the order of the page."""
    for kind in kinds():
        for drawing in kind.drawings(sources):
            yield kind, drawing


def draw(drawing: Drawing, sources: Sources, look: Look | None = None) -> Any:
    """Draw one figure, with its title, in a look or in the present one."""
    with style(look) as now:
        figure = drawing.draw()
        source = "; ".join([sources.model.provenance, drawing.source, *now.notes])
        return enlarge(add_title(figure, drawing.title, source))


def write_report(sources: Sources, out: Path, notes: tuple[str, ...] = (), look: Look = PAGE) -> list[Path]:
    """Draw everything that can be drawn, and write the page; the files that were written, the page first.

    Where the drawing of a figure fails, a warning and the page say so.

    Args:
        sources: the network and what is known of it.
        out: the folder to write to; it is made.
        notes: sentences for the top of the page.
        look: how large the figures are drawn, and how much is in each.

    Raises:
        SenetError: the folder cannot be written.
    """
    model, findings, tables = sources.model, sources.findings, []
    if findings:
        tables.append((f"Each block in numbers, {findings.images}", block_table(findings)))
    if findings and findings.interventions:
        twin = sources.twin.result if sources.twin else None
        heading = f"Accuracy with replaced gates, in percent of {findings.interventions.n:,} images"
        tables.append((heading, intervention_table(findings.interventions, twin)))
    try:
        out.mkdir(parents=True, exist_ok=True)
        drawn, failed = _draw_all(sources, look)
        files = {out / kind.file_name(drawing.block): png for (kind, drawing), png in drawn.items()}
        for path, png in files.items():
            path.write_bytes(png)
        lost = [f"not drawn: {', '.join(names)} ({reason})" for reason, names in failed.items()]
        page = out / "index.html"
        text = index_page(model.settings.describe(), model.provenance, (*notes, *lost), tables, [*drawn])
        write_atomically(page, text.encode())
    except OSError as error:
        raise SenetError(f"could not write the plots to {out}: {error.strerror}; choose another with --out") from error
    for sentence in lost:
        warnings.warn(sentence, stacklevel=2)
    return [page, *files]


def _draw_all(sources: Sources, look: Look) -> tuple[dict[tuple[Kind, Drawing], bytes], dict[str, list[str]]]:
    """All figures as PNG, drawn in memory; and, by reason, the names of those that failed."""
    drawn, failed = {}, {}

    @contextlib.contextmanager
    def left_out(name: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # whatever it is, it costs no other figure
            reason = str(error) if isinstance(error, SenetError) else f"{type(error).__name__}: {error}"
            failed.setdefault(textwrap.shorten(reason, 300), []).append(name)

    with left_out("all figures"):
        load_matplotlib()
        for kind in kinds():
            with left_out(f"“{kind.name}”"):
                for drawing in kind.drawings(sources):
                    with left_out(f"“{kind.heading(drawing.block)}”"), style(look):
                        draw(drawing, sources).savefig(png := io.BytesIO())
                        drawn[kind, drawing] = png.getvalue()
    return drawn, failed


def remove_old(folder: Path) -> None:
    """Delete what `write_report` wrote into a folder, and leave everything else.

    Raises:
        SenetError: a file cannot be deleted.
    """
    keys = [*(kind.key for kind in kinds()), *FORMER_KEYS]
    patterns = ["index.html", *(f"{key}{rest}.png" for key in keys for rest in ("", "_*"))]
    try:
        for old in [file for pattern in patterns for file in folder.glob(pattern)]:
            old.unlink()
    except OSError as error:
        raise SenetError(f"could not delete the old figures in {folder}: {error.strerror}") from error
