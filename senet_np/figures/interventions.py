"""Accuracy when gates are replaced: by ones, by means, by another image's, or shuffled."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..analysis.interventions import ALL, INTERVENTIONS, Interventions
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
    beware="The other layers were trained together with these gates, so a fall does not show that a net trained "
    "without SE would be that much worse: the paired comparisons show that.",
)
def interventions(sources: Sources) -> Iterator[Drawing]:
    """One figure of all blocks."""
    if sources.findings and sources.findings.interventions:
        counts = sources.findings.interventions
        yield Drawing(title(counts), sources.images(counts.n), lambda: draw_interventions(counts))


def title(counts: Interventions) -> str:
    """What it costs to give every image the same gates, in all blocks."""
    place = ALL if ALL in counts.correct else next(iter(counts.correct))
    learned, mean = counts.learned / counts.n, counts.correct[place]["mean"] / counts.n
    noise = np.sqrt((learned * (1 - learned) + mean * (1 - mean)) / counts.n)  # at most: the images are the same
    verdict = "it matters that gates look at the image" if learned - mean > 2 * noise else "no difference seen"
    return (
        f"With each channel's mean gate in {short(place)}, {100 * mean:.1f} % are correct instead of "
        f"{100 * learned:.1f} %: {verdict}"
    )


def draw_interventions(counts: Interventions) -> Any:
    """Draw the accuracy with each intervention, one panel per block, beside that with the learned gates.

    Bars are ± 1 standard error of a share of n images.
    """
    places = [*counts.correct]
    width = 3.2 + 2.6 * min(len(places), PANELS_PER_ROW)
    figure = new_figure(width, 1.1 + 3 * rows_for(len(places), PANELS_PER_ROW))
    panels = block_panels(figure, len(places), PANELS_PER_ROW, sharey=True, sharex=True)[:, 0]
    y = np.arange(len(INTERVENTIONS))[::-1]
    oracle = np.array(["oracle" in name for name in INTERVENTIONS])
    for axes, place in zip(panels, places, strict=True):
        share = np.array([counts.correct[place][name] for name in INTERVENTIONS]) / counts.n
        error = 100 * np.sqrt(share * (1 - share) / counts.n)
        for mask, marker, color, label in ((~oracle, "o", BLUE, "replaced"), (oracle, "s", GRAY, "told the class")):
            axes.errorbar(100 * share[mask], y[mask], xerr=error[mask], fmt=marker, color=color, label=label)
        axes.axvline(100 * counts.learned / counts.n, color=ORANGE, linewidth=1.5, label="learned gates")
        axes.set(title=place if place == ALL else f"{short(place)} alone", xlabel="correct (%)")
        axes.grid(axis="y", color=GRAY, alpha=0.2)
    panels[0].set_yticks(y, INTERVENTIONS)
    shared_legend(figure, panels[0], 3)
    return figure
