"""All figures of one network, and a page that shows them.

Which figures can be drawn depends on what is there: findings are enough for most, images of the data need the data.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..files import write_atomically
from .page import index_page
from .registry import Drawing, Kind, Sources, kinds
from .style import add_title, save, style
from .tables import block_table, intervention_table

FORMER_KEYS = ("controls", "moments", "openers")  # of version 0.1


def plan(sources: Sources) -> Iterator[tuple[Kind, Drawing]]:
    """All figures that can be drawn, in the order of the page."""
    for kind in kinds():
        for drawing in kind.drawings(sources):
            yield kind, drawing


def draw(drawing: Drawing, sources: Sources) -> Any:
    """Draw one figure, with its title."""
    with style():
        return add_title(drawing.draw(), drawing.title, f"{sources.model.provenance}; {drawing.source}")


def write_report(sources: Sources, out: Path, notes: tuple[str, ...] = ()) -> list[Path]:
    """Draw everything that can be drawn, and write the page; the files that were written, the page first.

    Args:
        sources: the network and what is known of it.
        out: the folder to write to; it is made.
        notes: sentences for the top of the page.

    Raises:
        SenetError: the folder cannot be written.
    """
    model, findings, tables = sources.model, sources.findings, []
    if findings:
        tables.append((f"Each block in numbers, {findings.images}", block_table(findings)))
    if findings and findings.interventions:
        heading = f"Accuracy with replaced gates, in percent of {findings.interventions.n:,} images"
        tables.append((heading, intervention_table(findings.interventions)))
    try:
        out.mkdir(parents=True, exist_ok=True)
        figures = {out / kind.file_name(drawing.block): (kind, drawing) for kind, drawing in plan(sources)}
        for path, (_, drawing) in figures.items():
            save(draw(drawing, sources), path)
        page = out / "index.html"
        text = index_page(model.settings.describe(), model.provenance, notes, tables, [*figures.values()])
        write_atomically(page, text.encode())
    except OSError as error:
        raise SenetError(f"could not write the plots to {out}: {error.strerror}; choose another with --out") from error
    return [page, *figures]


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
