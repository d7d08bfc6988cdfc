"""Tables and figures in a page, made anew from the box:   python -m senet_np.explain.docs docs/gates.md

Between `<!-- gates tiny-se controls -->` and `<!-- end -->` stands what lies in the box: after the network's
name comes "blocks table", "controls table", or a figure's file without its ending; and `<!-- gates box table -->` is
the list of all networks. Nothing there is written by hand. Pictures are followed through blocks for shapes alone, which
NumPy draws: no figure holds an image of CIFAR-10.
"""

import argparse
from pathlib import Path

from ..analysis.findings import Findings, load_findings
from ..analysis.subject import Subject, of_box
from ..analysis.tables import Table, block_table, box_table, control_table
from ..data import load_shapes
from ..data.photo import Picture
from ..errors import SenetError
from ..experiments.page import replace_blocks
from ..fast.workers import Workers
from ..runs.bundled import findings_path, pretrained
from .captions import CAPTIONS
from .report import Planned, draw, plan


def refreshed(path: Path, figures: bool = False) -> str:
    """The page's text with every table and every figure's words made anew.

    Args:
        path: the page, Markdown.
        figures: whether to draw the figures too, into a folder beside the page that has its name.

    Returns:
        The new text.

    Raises:
        SenetError: a network is not in the box, or there is no such figure.
    """
    opened: dict[str, tuple[Subject, Findings, list[Planned]]] = {}

    def block(what: str) -> str:
        if what == "box table":
            return as_markdown(box_table())
        name, _, part = what.partition(" ")
        if name not in opened:
            opened[name] = _open(name)
        subject, found, planned = opened[name]
        if part == "blocks table":
            return f"{as_markdown(block_table(found))}\n\n*{subject.stamp}; n = {found.images}*"
        if part == "controls table" and found.controls:
            return f"{as_markdown(control_table(found.controls))}\n\n*{subject.stamp}; n = {found.controls.n:,} images*"
        one = next((one for one in planned if one.name == f"{part}.png"), None)
        if one is None:
            raise SenetError(f"{path} asks for {part!r} of {name}, which there is not")
        folder = path.parent / path.stem / name
        if figures:
            folder.mkdir(parents=True, exist_ok=True)
            draw(one, subject, folder)
        alt = f"{CAPTIONS[one.kind].alt} {one.title}."
        return f"**{one.title}.**\n\n![{alt}]({path.stem}/{name}/{one.name})\n\n*{subject.stamp}; {one.on}*"

    return replace_blocks(path, "gates", block)


def _open(name: str) -> tuple[Subject, Findings, list[Planned]]:
    subject, found, picture = of_box(pretrained(name)), load_findings(findings_path(name)), None
    if subject.settings.data == "shapes":
        images, labels = load_shapes().val
        truth = subject.classes[labels[0]]
        picture = Picture(images[0], images[0], f"validation image 0 ({truth})", truth)
    with Workers(1) as workers:
        return subject, found, [*plan(subject, found, picture, None, workers)]


def as_markdown(rows: Table) -> str:
    """A table, numbers to the right."""
    head, *body = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|---|" + "---:|" * (len(rows[0]) - 1), *body])


def main() -> None:
    """Make one page's tables and figures anew."""
    parser = argparse.ArgumentParser(description="Make a page's tables and figures anew from the box.")
    parser.add_argument("page", type=Path, help="a Markdown page with <!-- gates NAME PART --> … <!-- end --> in it")
    page = parser.parse_args().page
    try:
        page.write_text(refreshed(page, figures=True), "utf-8")
    except (SenetError, OSError) as error:
        parser.exit(2, f"error: {error}\n")
    print(f"{page} is made anew")


if __name__ == "__main__":
    main()
