"""Update tables and figures of a page from the bundled models:   python docs/tools/gates.py docs/gates.md

Between `<!-- gates tiny-se interventions -->` and `<!-- end -->` stands a figure, named by its file without the ending;
"blocks table" and "interventions table" name tables; `<!-- gates all models -->` is the list of all models, and
`<!-- gates all pruning -->` what is left of each without some of its channels. Images are followed through blocks for
`shapes` alone, which NumPy draws: no figure holds an image of CIFAR-10.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from blocks import main, replace_blocks

import senet_np
from senet_np.analysis.findings import load_findings
from senet_np.analysis.interventions import ALL
from senet_np.analysis.pruning import Pruning
from senet_np.analysis.specificity import variance_shares
from senet_np.data import load_shapes
from senet_np.data.photo import Photo
from senet_np.errors import SenetError
from senet_np.figures.pruning import SHARE
from senet_np.figures.registry import Sources
from senet_np.figures.report import draw, plan
from senet_np.figures.style import save
from senet_np.figures.tables import Table, block_table, intervention_table
from senet_np.runs.bundled import findings_path, names
from senet_np.runs.twins import plain_twin

CHOSEN: dict[str, Callable[[Pruning], np.ndarray]] = {
    "smallest gates": lambda found: found.lowest["mean gate"],
    "largest gates": lambda found: found.highest["mean gate"],
    "smallest signals": lambda found: found.lowest["mean |s·u|"],
}


def refreshed(path: Path, figures: bool = False) -> str:
    """The page's text with every table and every figure's words made anew.

    Args:
        path: the page, Markdown.
        figures: whether to draw the figures too, into a folder beside the page that has its name.

    Raises:
        SenetError: there is no such bundled model, or no such figure.
    """
    opened = {}

    def block(words: str) -> str:
        if words == "all models":
            return as_markdown(model_table())
        if words == "all pruning":
            return as_markdown(pruning_table())
        name, _, part = words.partition(" ")
        if name not in opened:
            sources = bundled_sources(name)
            opened[name] = sources, {kind.file_name(one.block): (kind, one) for kind, one in plan(sources)}
        sources, planned = opened[name]
        model, findings = sources.model, sources.findings
        if part == "blocks table":
            return f"{as_markdown(block_table(findings))}\n\n*{model.provenance}; n = {findings.images}*"
        if part == "interventions table":
            counts, twin = findings.interventions, sources.twin.result if sources.twin else None
            return f"{as_markdown(intervention_table(counts, twin))}\n\n*{model.provenance}; n = {counts.n:,} images*"
        file = f"{part}.png"
        if file not in planned:
            raise SenetError(f"{path} asks for {part!r} of {name}, expected one of {', '.join(planned)}")
        kind, one = planned[file]
        if figures:
            folder = path.parent / path.stem / name
            folder.mkdir(parents=True, exist_ok=True)
            save(draw(one, sources), folder / file)
        image = f"![{kind.alt} {one.title}.]({path.stem}/{name}/{file})"
        return f"**{one.title}.**\n\n{image}\n\n*{model.provenance}; {one.source}*"

    return replace_blocks(path.read_text("utf-8"), "gates", block)


def bundled_sources(name: str) -> Sources:
    """A bundled model with its findings; of `shapes` with its first validation image."""
    model, photo = senet_np.load(name), None
    if model.settings.data == "shapes":
        images, labels = load_shapes().val
        truth = model.classes[labels[0]]
        photo = Photo(images[0], images[0], f"validation image 0 ({truth})", truth)
    return Sources(model, load_findings(findings_path(name)), photo, twin=plain_twin(model))


def model_table() -> Table:
    """One row per bundled model: what it is, its accuracy, and its gates in a few numbers."""
    rows = [["name", "network", "data", "test accuracy, %", "the same with mean gates, %", "class share by block, %"]]
    for name in names():
        model, means, classes = senet_np.load(name), "–", "–"
        result, data = model.metadata.result, model.metadata.data
        if model.settings.se:
            findings = load_findings(findings_path(name))
            classes = ", ".join(f"{100 * variance_shares(stats).class_:.0f}" for stats in findings.blocks.values())
            counts = findings.interventions
            means = f"{100 * counts.correct[ALL]['mean'] / counts.n:.2f}"
        accuracy = f"{100 * result.accuracy:.2f} ({result.correct:,} of {result.n:,})"
        source = f"{data.name} ({data.provenance})"
        rows.append([f"`{name}`", model.settings.describe(), source, accuracy, means, classes])
    return rows


def pruning_table() -> Table:
    """One row per bundled model with SE: its accuracy without 30 % of its channels, by what chose them."""
    rows = [["name", "all channels", *(f"{which} off" for which in CHOSEN), "random ones off"]]
    for name in names():
        found = load_findings(findings_path(name)).pruning if senet_np.load(name).settings.se else None
        if found is None:
            continue
        at = int(np.argmin(np.abs(found.shares - SHARE)))
        random = 100 * found.random[:, at]
        left = [found.random[0, 0], *(curves(found)[at] for curves in CHOSEN.values())]
        rows.append([f"`{name}`", *(f"{100 * x:.1f}" for x in left), f"{random.min():.1f} to {random.max():.1f}"])
    return rows


def as_markdown(rows: Table) -> str:
    """A table, numbers aligned right."""
    head, *body = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|---|" + "---:|" * (len(rows[0]) - 1), *body])


if __name__ == "__main__":
    main("Update a page's tables and figures from the bundled models.", partial(refreshed, figures=True))
