"""All gates of one block, channel by channel and class by class."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..analysis.gates import GateStatistics
from .look import look
from .registry import Drawing, Sources, register
from .style import BLUE, GATE_COLORS, GRAY, draw_band, gate_axis, new_figure, short


@register(
    120,
    "All gates of one block",
    alt="One block: each channel's mean gate with its spread over all images; then the mean, and the spread within "
    "the class, for every class and channel.",
    see="Columns whose middle panel changes from row to row are channels that depend on the class; the lowest panel "
    "shows how much images of one class differ.",
    beware="The middle panel alone would make gates look like constants of the class. Compare its differences with the "
    "spread below before saying that a class opens a channel.",
)
def gates(sources: Sources) -> Iterator[Drawing]:
    """One figure per block."""
    for path, stats in sources.findings.blocks.items() if sources.findings else ():
        draw = partial(draw_gates, stats, sources.classes)
        yield Drawing(title(path, stats), sources.images(), draw, path)


def title(path: str, stats: GateStatistics) -> str:
    """Whether the classes or the images of one class differ more."""
    if not stats.spread_known:
        apart = float(stats.between.mean())
        return f"{short(path)}: the classes' mean gates lie {apart:.3f} apart; one image of a class tells no spread"
    spreads = {"images of one class": float(stats.within.mean()), "the classes' means": float(stats.between.mean())}
    more, less = sorted(spreads, key=spreads.__getitem__, reverse=True)
    return (
        f"{short(path)}: the {len(stats.overall_mean)} gates differ more between {more} (sd {spreads[more]:.3f}) "
        f"than between {less} (sd {spreads[less]:.3f}); both averaged over channels"
    )


def draw_gates(stats: GateStatistics, classes: Sequence[str]) -> Any:
    """Draw every channel's mean and spread over all images, then both class by class.

    The three panels share the order of the channels: by mean gate over all images.
    """
    order = np.argsort(stats.overall_mean)
    channels = len(order)
    heights = (1, 1.4, 1.4)[: look().max_levels if stats.spread_known else 2]
    figure = new_figure(10, 3 * len(heights))
    line, mean, *below = figure.subplots(len(heights), 1, height_ratios=heights)

    draw_band(line, stats, order, BLUE, "± 1 sd")
    line.plot(stats.overall_mean[order], color=BLUE, label="mean")
    if stats.limits == (0, 1):
        line.axhline(0.5, color=GRAY, linewidth=0.8, linestyle=":")  # where a sigmoid starts
    low, high = gate_axis(stats.mean)
    line.set(ylim=(low, 1.04 * high), ylabel="gate s", title="All images: mean and spread")
    line.legend(loc="lower right", ncols=2)

    panels = [(mean, stats.mean, "Mean gate of each class", "mean of s", (low, high), GATE_COLORS)]
    spread, largest = "Spread of the gate between images of the same class", float(np.nanmax(stats.sd))
    panels += [(sd, stats.sd, spread, "sd of s", (0, largest), "magma") for sd in below]
    for axes, values, name, label, limits, colors in panels:
        image = axes.imshow(values[:, order], aspect="auto", clim=limits, cmap=colors, interpolation="nearest")
        axes.set_yticks(range(len(classes)), classes, fontsize=8)
        axes.set_title(name)
        figure.colorbar(image, ax=axes, label=label, pad=0.01)
    panels[-1][0].set_xlabel(
        f"the {channels} channels, ordered by mean gate over all images (the same order in all panels)"
    )
    return figure
