"""The gates from the first training step to the last."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..analysis.gates import BINS
from ..runs.snapshots import MAX_IMAGES
from .look import few
from .registry import Drawing, Sources, register
from .style import BLUE, new_figure, short

Snapshots = Mapping[int, Mapping[str, np.ndarray]]  # {steps taken: {path: (BINS,) share of the gates in each bin}}


@register(
    90,
    "Gates during training",
    alt="Small histograms of all gates: one row per block, one column per snapshot of the training.",
    see="Sigmoid gates start around one half, as the inputs of the sigmoid are small at first. Read from left to right "
    "when they leave it, and in which block.",
    beware="The snapshots are not evenly spaced in time. And gates that stay together early are no sign of an error.",
)
def snapshots(sources: Sources) -> Iterator[Drawing]:
    """One figure of all blocks, where snapshots were kept."""
    if sources.findings and sources.findings.snapshots:
        found, limits = sources.findings.snapshots, next(iter(sources.findings.blocks.values())).limits
        n = min(MAX_IMAGES, sources.model.metadata.data.images["val"])
        yield Drawing(title(found, limits), f"n = {n} validation images", lambda: draw_snapshots(found, limits))


def title(found: Snapshots, limits: tuple[float, float]) -> str:
    """Where gates start and where they end."""
    middles = (np.arange(BINS) + 0.5) / BINS * (limits[1] - limits[0]) + limits[0]

    def spread(gates: Mapping[str, np.ndarray]) -> str:
        means = [share @ middles for share in gates.values()]
        sds = [np.sqrt(share @ (middles - mean) ** 2) for share, mean in zip(gates.values(), means, strict=True)]
        return f"{np.mean(means):.2f} ± {np.mean(sds):.2f}"

    steps = [*found]
    start, end = spread(found[steps[0]]), spread(found[steps[-1]])
    return f"Gates start at {start} and are at {end} after {steps[-1]:,} steps (mean ± sd, averaged over blocks)"


def draw_snapshots(found: Snapshots, limits: tuple[float, float]) -> Any:
    """Draw the distribution of all gates, one row per block and one column per snapshot."""
    found = few(found, "snapshots")
    paths = [*few(next(iter(found.values())), "blocks")]
    figure = new_figure(1.2 + 1.6 * len(found), 1.6 + 1.2 * len(paths))
    panels = figure.subplots(len(paths), len(found), sharex=True, sharey="row", squeeze=False)
    edges = np.linspace(*limits, BINS + 1)
    for column, (step, gates) in zip(panels.T, found.items(), strict=True):
        for axes, path in zip(column, paths, strict=True):
            axes.bar(edges[:-1], 100 * gates[path], np.diff(edges), align="edge", color=BLUE)
        column[0].set_title(f"step {step:,}", fontsize=9)
        column[-1].set_xlabel("gate s", fontsize=8)
    for axes, path in zip(panels[:, 0], paths, strict=True):
        axes.set_ylabel(f"{short(path)}\n% of gates", fontsize=8)
    return figure
