"""What happens to accuracy when gates are replaced, or channels switched off.

Floor 4.
"""

from typing import Any

import numpy as np

from ..controls import ALL, CONTROLS, Controls
from ..pruning import Pruning
from .style import BLUE, GREY, ORANGE, new_figure, shared_legend, short

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
        for mask, marker, colour, label in ((~oracle, "o", BLUE, "replaced"), (oracle, "s", GREY, "told the class")):
            axes.errorbar(100 * share[mask], y[mask], xerr=error[mask], fmt=marker, color=colour, label=label)
        axes.axvline(100 * found.learned / found.n, color=ORANGE, linewidth=1.5, label="learned gates")
        axes.set(title=place if place == ALL else f"{short(place)} alone", xlabel="correct (%)")
        axes.grid(axis="y", color=GREY, alpha=0.2)
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
    axes.fill_between(x, band.min(axis=0), band.max(axis=0), color=GREY, alpha=0.25, linewidth=0)
    axes.plot(x, band.mean(axis=0), color=GREY, label=f"at random, {len(band)} draws")
    kinds = ((BLUE, "o", "s"), (ORANGE, "^", "v"))  # markers tell them apart in grey
    for (order, curve), (colour, low, high) in zip(found.lowest.items(), kinds, strict=True):
        axes.plot(x, 100 * curve, f"{low}-", color=colour, label=f"lowest {order} first")
        axes.plot(x, 100 * found.highest[order], f"{high}--", color=colour, label=f"highest {order} first")
    axes.axhline(100 * chance, color="black", linewidth=0.8, linestyle=":")
    axes.set(
        xlabel="channels of each block that are switched off (%)",
        ylabel="images classified correctly (%)",
        ylim=(0, None),
    )
    axes.legend()
    return figure
