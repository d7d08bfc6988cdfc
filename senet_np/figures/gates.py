"""The gates of many images: by class and channel, by depth, and where their variance comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..analysis.gates import GateStatistics
from ..analysis.health import Diagnosis, histogram
from ..analysis.specificity import Shares
from .style import (
    ACROSS,
    BLUE,
    DASHES,
    GATE_COLORS,
    GRAY,
    ORANGE,
    PALETTE,
    block_panels,
    gate_axis,
    new_figure,
    shared_legend,
    short,
)  # fmt: skip


def draw_gates(stats: GateStatistics, classes: Sequence[str], title: str, stamp: str) -> Any:
    """One block's gates: every channel's distribution over all images, then mean and spread class by class.

    Args:
        stats: from `gates.summarize`.
        classes: their names.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure with three panels that share the order of the channels: by mean gate over all images.
    """
    order = np.argsort(stats.overall_mean)
    channels = len(order)
    figure = new_figure(10, 9, title, stamp)
    line, mean, sd = figure.subplots(3, 1, height_ratios=(1, 1.4, 1.4))

    x = np.arange(channels)
    middle, spread = stats.overall_mean[order], stats.overall_sd[order]
    low, high = stats.limits
    ends = np.maximum(middle - spread, low), np.minimum(middle + spread, high)
    line.fill_between(x, *ends, color=BLUE, alpha=0.25, linewidth=0, label="± 1 sd")
    line.plot(x, middle, color=BLUE, label="mean")
    if low == 0 and high == 1:
        line.axhline(0.5, color=GRAY, linewidth=0.8, linestyle=":")  # where a sigmoid begins
    low, high = gate_axis(stats.mean)
    line.set(xlim=(-0.5, channels - 0.5), ylim=(low, 1.04 * high), ylabel="gate s", title="All images: mean and spread")
    line.legend(loc="lower right", ncols=2)
    line.xaxis.get_major_locator().set_params(integer=True)

    for axes, values, name, limits, colors in (
        (mean, stats.mean, "Mean gate of each class", (low, high), GATE_COLORS),
        (sd, stats.sd, "Spread of the gate between images of the same class", (0, float(np.nanmax(stats.sd))), "magma"),
    ):
        image = axes.imshow(values[:, order], aspect="auto", clim=limits, cmap=colors, interpolation="nearest")
        axes.set_yticks(range(len(classes)), classes, fontsize=8)
        axes.set_title(name)
        figure.colorbar(image, ax=axes, label="mean of s" if axes is mean else "sd of s", pad=0.01)
    sd.set_xlabel(f"the {channels} channels, ordered by mean gate over all images (the same order in all panels)")
    return figure


def draw_profiles(
    stats: Mapping[str, GateStatistics], classes: Sequence[str], chosen: Sequence[int], title: str, stamp: str
) -> Any:
    """The paper's Figure 6: each channel's mean gate for several classes and for all, a panel a block, early to late.

    Args:
        stats: by block, from early to late, from `gates.summarize`.
        classes: all classes' names.
        chosen: which of them are drawn.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure; in every panel the channels are sorted by their mean gate over all images, and the band is the
        spread (± 1 sd) over all images.
    """
    figure = new_figure(13, 1.4 + 2.9 * -(-len(stats) // ACROSS), title, stamp)
    panels = block_panels(figure, len(stats), sharey=True)
    for axes, (path, block) in zip(panels, stats.items(), strict=True):
        order = np.argsort(block.overall_mean)
        draw_band(axes, block, order)
        for k, color, dashes in zip(chosen, PALETTE, DASHES, strict=False):
            axes.plot(block.mean[k][order], linestyle=dashes, color=color, linewidth=1.1, label=classes[k])
        axes.plot(block.overall_mean[order], color="black", linewidth=1.6, label="all images, mean")
        axes.set(title=short(path), xlabel="channel, sorted by mean gate")
    for axes in panels[::ACROSS]:
        axes.set_ylabel("gate s")
    shared_legend(figure, panels[0], 6)
    return figure


def draw_band(axes: Any, block: GateStatistics, order: np.ndarray) -> None:
    """What is usual: each channel's mean ± 1 sd over all images, as far as gates can go."""
    low, high = block.limits
    mean, sd = block.overall_mean[order], block.overall_sd[order]
    ends = np.maximum(mean - sd, low), np.minimum(mean + sd, high)
    axes.fill_between(range(len(order)), *ends, color=GRAY, alpha=0.25, linewidth=0, label="all images, ± 1 sd")
    margin = 0.02 * (high - low)
    axes.set(xlim=(-0.5, len(order) - 0.5), ylim=(low - margin, high + margin))
    axes.xaxis.get_major_locator().set_params(integer=True)


def draw_distribution(
    stats: Mapping[str, GateStatistics], found: Mapping[str, Diagnosis], title: str, stamp: str
) -> Any:
    """All gates of each block, and what share of them is shut or open.

    Args:
        stats: by block, from early to late.
        found: by block, from `diagnosis.diagnose`.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure with a histogram a block; the first and the last bin are set apart.
    """
    figure = new_figure(12, 1.4 + 2.3 * -(-len(stats) // ACROSS), title, stamp)
    panels = block_panels(figure, len(stats), sharex=True, sharey=True)
    for axes, (path, block) in zip(panels, stats.items(), strict=True):
        edges, share = histogram(block)
        bars = axes.bar(edges[:-1], 100 * share, np.diff(edges), align="edge", color=BLUE, edgecolor="white")
        for end in (bars[0], bars[-1]):
            end.set(color=ORANGE, hatch="//", edgecolor="white")
        this = found[path]
        word = this.verdict.partition(":")[0]
        axes.set(title=f"{short(path)}: {word}", xlabel="gate s", xlim=block.limits)
        units = f"\n{this.dead_units} of {this.units} hidden units dead" if this.units else ""
        text = f"shut {100 * this.shut:.1f} %, open {100 * this.open:.1f} %{units}"
        axes.text(0.02, 0.97, text, transform=axes.transAxes, va="top", fontsize=8)
    panels[0].set_ylim(0, 1.35 * panels[0].get_ylim()[1])  # room for the text
    for axes in panels[::ACROSS]:
        axes.set_ylabel("% of the gates")
    return figure


def draw_shares(shares: Mapping[str, Shares], selectivity: Mapping[str, np.ndarray], title: str, stamp: str) -> Any:
    """Where the variance of each block's gates comes from, and how much its channels prefer one class.

    Args:
        shares: by block, from early to late, from `specificity.variance_shares`.
        selectivity: by block, (C,), from `specificity.class_selectivity`.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure with two panels that share the blocks.
    """
    figure = new_figure(11, 2.0 + 0.42 * len(shares), title, stamp)
    bars, dots = figure.subplots(1, 2, sharey=True, width_ratios=(1.6, 1))
    y, left = np.arange(len(shares))[::-1], np.zeros(len(shares))  # early at the top
    kinds = (
        ("channel", "which channel", GRAY, ""),
        ("class_", "which class", ORANGE, "//"),
        ("image", "which image of the class", BLUE, ".."),
    )
    for field, label, color, hatch in kinds:
        width = np.array([100 * getattr(share, field) for share in shares.values()])
        bars.barh(y, width, left=left, color=color, hatch=hatch, edgecolor="white", label=label)
        left += width
    bars.set_yticks(y, [short(path) for path in shares])
    bars.set(xlabel="share of the variance of the block's gates (%)", xlim=(0, 100))
    bars.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    for row, values in zip(y, (selectivity[path] for path in shares), strict=True):
        dots.plot(values, np.full(len(values), row), "|", color=BLUE, alpha=0.4)
        dots.plot(values.mean(), row, "D", color=ORANGE, markersize=6)
    dots.set(xlabel="class selectivity\n(a line a channel, the diamond their mean)", xlim=(0, None))
    return figure
