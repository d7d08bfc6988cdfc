"""What happens to accuracy when gates are replaced, or channels switched off."""

from typing import Any

import numpy as np

from ..analysis.interventions import ALL, CONTROLS, Controls
from ..analysis.pruning import Pruning
from .style import BLUE, GRAY, ORANGE, new_figure, shared_legend, short

PLACES = 5  # panels in a row


def draw_controls(found: Controls, title: str, stamp: str) -> Any:
    """Accuracy with each control in each block's place, beside that with the learned gates.

    Args:
        found: from `controls.measure`.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure, a panel a block; bars are ± 1 standard error of a share of n images.
    """
    places = [*found.correct]
    across = min(len(places), PLACES)
    down = -(-len(places) // across)
    figure = new_figure(3.2 + 2.6 * across, 1.1 + 3 * down, title, stamp)
    panels = [*figure.subplots(down, across, sharey=True, sharex=True, squeeze=False).ravel()]
    for blank in panels[len(places) :]:
        blank.axis("off")
    y = np.arange(len(CONTROLS))[::-1]
    for axes, place in zip(panels, places, strict=False):
        share = np.array([found.correct[place][control] for control in CONTROLS]) / found.n
        error = 100 * np.sqrt(share * (1 - share) / found.n)
        oracle = np.array(["oracle" in control for control in CONTROLS])
        for mask, marker, color, label in ((~oracle, "o", BLUE, "replaced"), (oracle, "s", GRAY, "told the class")):
            axes.errorbar(100 * share[mask], y[mask], xerr=error[mask], fmt=marker, color=color, label=label)
        axes.axvline(100 * found.learned / found.n, color=ORANGE, linewidth=1.5, label="learned gates")
        axes.set(title=place if place == ALL else f"{short(place)} alone", xlabel="correct (%)")
        axes.grid(axis="y", color=GRAY, alpha=0.2)
    panels[0].set_yticks(y, CONTROLS)
    shared_legend(figure, panels[0], 3)
    return figure


def draw_pruning(found: Pruning, chance: float, title: str, stamp: str) -> Any:
    """Accuracy by the share of channels that are switched off in every block.

    Args:
        found: from `pruning.measure`.
        chance: the accuracy of guessing.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure; random orders are a band from the worst to the best draw, with their mean.
    """
    figure = new_figure(8, 4.6, title, stamp)
    axes = figure.subplots()
    x = 100 * found.shares
    band = 100 * found.random
    axes.fill_between(x, band.min(axis=0), band.max(axis=0), color=GRAY, alpha=0.25, linewidth=0)
    axes.plot(x, band.mean(axis=0), color=GRAY, label=f"at random, {len(band)} draws")
    kinds = ((BLUE, "o", "s"), (ORANGE, "^", "v"))  # markers tell them apart in gray
    for (order, curve), (color, low, high) in zip(found.lowest.items(), kinds, strict=True):
        axes.plot(x, 100 * curve, f"{low}-", color=color, label=f"lowest {order} first")
        axes.plot(x, 100 * found.highest[order], f"{high}--", color=color, label=f"highest {order} first")
    axes.axhline(100 * chance, color="black", linewidth=0.8, linestyle=":")
    axes.set(
        xlabel="channels of each block that are switched off (%)",
        ylabel="images classified correctly (%)",
        ylim=(0, None),
    )
    axes.legend()
    return figure
