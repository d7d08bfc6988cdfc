"""Accuracy when channels are switched off, by the order in which they go."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..analysis.pruning import Pruning
from .registry import Drawing, Sources, register
from .style import BLUE, GRAY, ORANGE, new_figure

SHARE = 0.3  # of the channels: the point on the curves that the title describes


@register(
    70,
    "Channels switched off",
    alt="Accuracy by the share of channels switched off in every block: lowest or highest mean gate first, lowest "
    "or highest mean signal first, and at random with the range of several draws.",
    see="If small gates marked channels that can be removed, 'lowest mean gate first' would lie above the gray band of "
    "random orders; the signal |s·u| is the baseline.",
    beware="Nothing was trained again after the cut, and all blocks were cut at once: this ranks channels, it is no "
    "method to make a net small.",
)
def pruning(sources: Sources) -> Iterator[Drawing]:
    """One figure of all blocks."""
    if sources.findings and sources.findings.pruning:
        found, chance = sources.findings.pruning, 1 / len(sources.model.classes)
        yield Drawing(title(found), sources.images(found.n), lambda: draw_pruning(found, chance))


def title(found: Pruning) -> str:
    """Whether a small gate marks a removable channel."""
    at = int(np.argmin(np.abs(found.shares - SHARE)))
    low, random = 100 * float(found.lowest["mean gate"][at]), 100 * found.random[:, at]
    verdict = "no sign that a small gate marks a removable channel"
    noise = 200 * np.sqrt(0.25 / found.n)  # two standard errors of a share, at most
    if low > random.max() and low - random.mean() > noise:
        verdict = "a small gate marks a removable channel"
    elif low < random.min() and random.mean() - low > noise:
        verdict = "channels with small gates are needed more than others"
    return (
        f"Without the {100 * found.shares[at]:.0f} % of channels with the smallest mean gate {low:.0f} % are correct, "
        f"without as many random ones {random.min():.0f} to {random.max():.0f} %: {verdict}"
    )


def draw_pruning(found: Pruning, chance: float) -> Any:
    """Draw the accuracy by the share of channels that are switched off in every block; `chance` is that of guessing.

    Random orders are a band from the worst to the best draw, with their mean.
    """
    figure = new_figure(8, 4.6)
    axes = figure.subplots()
    x = 100 * found.shares
    band = 100 * found.random
    axes.fill_between(x, band.min(axis=0), band.max(axis=0), color=GRAY, alpha=0.25, linewidth=0)
    axes.plot(x, band.mean(axis=0), color=GRAY, label=f"at random, {len(band)} draws")
    looks = ((BLUE, "o", "s"), (ORANGE, "^", "v"))  # markers tell them apart in gray
    for (order, curve), (color, low, high) in zip(found.lowest.items(), looks, strict=True):
        axes.plot(x, 100 * curve, f"{low}-", color=color, label=f"lowest {order} first")
        axes.plot(x, 100 * found.highest[order], f"{high}--", color=color, label=f"highest {order} first")
    axes.axhline(100 * chance, color="black", linewidth=0.8, linestyle=":")
    axes.set(xlabel="channels of each block that are switched off (%)", ylim=(0, None))
    axes.set_ylabel("correctly classified images (%)")
    axes.legend()
    return figure
