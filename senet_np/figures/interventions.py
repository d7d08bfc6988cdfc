"""Accuracy when gates are replaced: by ones, by means, by another image's, or shuffled."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..analysis.interventions import ALL, Interventions
from ..model import Result
from .look import look, only
from .registry import Drawing, Sources, register
from .style import BLUE, GRAY, ORANGE, block_panels, new_figure, rows_for, shared_legend, short

PANELS_PER_ROW = 5


@register(
    60,
    "Interventions: replaced gates",
    alt="One panel per block and one for all blocks: accuracy when the gates are replaced by ones, means, another "
    "image's gates or shuffled ones, beside the accuracy with the learned gates.",
    see="The distance from 'mean' to the learned gates shows how much it matters that gates look at the image. The "
    "gray squares know the true class: they are oracles, no fair comparison.",
    beware="Bars are ± 1 standard error. The other layers were trained together with these gates, so a fall is not "
    "what SE is worth. Where there is a dashed line, it is the same net trained without SE, on the same images: its "
    "distance from the learned gates is, but for chance, what SE is worth.",
)
def interventions(sources: Sources) -> Iterator[Drawing]:
    """One figure of all blocks."""
    if sources.findings and sources.findings.interventions:
        counts, twin = sources.findings.interventions, sources.twin.result if sources.twin else None
        source = sources.images(counts.n)
        if sources.twin and twin:
            source += f"; without SE: {sources.twin.name}, {twin.correct:,} of the same {twin.n:,}"
        yield Drawing(title(counts, twin), source, lambda: draw_interventions(counts, twin))


def title(counts: Interventions, twin: Result | None = None) -> str:
    """What it costs to give every image the same gates, in all blocks; and how well the net does that never had any."""
    place = ALL if ALL in counts.correct else next(iter(counts.correct))
    learned, mean = counts.learned / counts.n, counts.correct[place]["mean"] / counts.n
    noise = np.sqrt((learned * (1 - learned) + mean * (1 - mean)) / counts.n)  # at most: the images are the same
    verdict = "it matters that gates look at the image" if learned - mean > 2 * noise else "no difference seen"
    found = (
        f"With each channel's mean gate in {short(place)}, {100 * mean:.1f} % are correct instead of "
        f"{100 * learned:.1f} %: {verdict}"
    )
    return found + (f". Trained without SE: {100 * twin.accuracy:.1f} %" if twin else "")


def telling(counts: Interventions) -> Mapping[str, Mapping[str, int]]:
    """The places to draw: all, or where there is no room, the block whose gates matter most, the last one, and all."""
    *blocks, last = [*counts.correct]
    if len(counts.correct) <= look().max_panels:
        return counts.correct
    most = min(blocks, key=lambda place: counts.correct[place]["mean"])
    return only(counts.correct, [most, *blocks[-1:], last], "panels")


def draw_interventions(counts: Interventions, twin: Result | None = None) -> Any:
    """Draw the accuracy with each intervention, one panel per block, beside that with the learned gates.

    A dashed line is the accuracy of `twin` on the same images: the same network, trained without SE.
    Bars are ± 1 standard error of a share of n images.
    """
    correct = telling(counts)
    places = [*correct]
    width = 3.2 + 2.6 * min(len(places), PANELS_PER_ROW)
    figure = new_figure(width, 1.1 + 3 * rows_for(len(places), PANELS_PER_ROW))
    panels = block_panels(figure, len(places), PANELS_PER_ROW, sharey=True, sharex=True)[:, 0]
    y = np.arange(len(counts.names))[::-1]
    oracle = np.array(["oracle" in name for name in counts.names])
    for axes, place in zip(panels, places, strict=True):
        share = np.array([correct[place][name] for name in counts.names]) / counts.n
        error = 100 * np.sqrt(share * (1 - share) / counts.n)
        for mask, marker, color, label in ((~oracle, "o", BLUE, "replaced"), (oracle, "s", GRAY, "told the class")):
            axes.errorbar(100 * share[mask], y[mask], xerr=error[mask], fmt=marker, color=color, label=label)
        axes.axvline(100 * counts.learned / counts.n, color=ORANGE, linewidth=1.5, label="learned gates")
        if twin:
            label = "the same net, trained without SE"
            axes.axvline(100 * twin.accuracy, color=GRAY, linewidth=1.5, linestyle="--", label=label)
        axes.set(title=place if place == ALL else f"{short(place)} alone", xlabel="correct (%)")
        axes.grid(axis="y", color=GRAY, alpha=0.2)
    panels[0].set_yticks(y, counts.names)
    shared_legend(figure, panels[0], 4 if twin else 3)
    return figure
