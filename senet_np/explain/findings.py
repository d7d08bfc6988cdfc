"""Pictures of what was found out about gates: by depth, with controls, through training, with channels switched off.

Floor 4. Each function takes arrays, returns a matplotlib Figure, and knows nothing of files.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .controls import ALL, CONTROLS, Controls
from .gates import GateStatistics
from .pruning import Pruning
from .specificity import Shares
from .style import BLUE, GREY, ORANGE, new_figure

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")  # Okabe and Ito; dashes tell them apart in grey
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def draw_profiles(
    stats: Mapping[str, GateStatistics], classes: Sequence[str], chosen: Sequence[int], title: str, stamp: str
) -> Any:
    """The paper's Figure 6: each channel's mean gate for several classes and for all, a panel a block, early to late.

    Args:
        stats: by block, from early to late, from `gates.summarise`.
        classes: all classes' names.
        chosen: which of them are drawn.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure; in every panel the channels are sorted by their mean gate over all images, and the band is the
        spread (± 1 sd) over all images.
    """
    down = -(-len(stats) // 3)
    figure = new_figure(13, 1.4 + 2.9 * down, title, stamp)
    panels = figure.subplots(down, min(3, len(stats)), sharey=True, squeeze=False).ravel()
    for axes, (path, block) in zip(panels, stats.items(), strict=False):
        order = np.argsort(block.overall_mean)
        x, mean, sd = np.arange(len(order)), block.overall_mean[order], block.overall_sd[order]
        axes.fill_between(x, mean - sd, mean + sd, color=GREY, alpha=0.2, linewidth=0, label="all images, ± 1 sd")
        for k, colour, dashes in zip(chosen, PALETTE, DASHES, strict=False):
            axes.plot(x, block.mean[k][order], linestyle=dashes, color=colour, linewidth=1.1, label=classes[k])
        axes.plot(x, mean, color="black", linewidth=1.6, label="all images, mean")
        axes.set(title=path, xlim=(0, len(order) - 1), ylim=(-0.02, 1.02), xlabel="channel, sorted by mean gate")
    for axes in panels[len(stats) :]:
        axes.axis("off")
    for axes in panels[:: min(3, len(stats))]:
        axes.set_ylabel("gate s")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
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
        ("channel", "which channel", GREY, ""),
        ("klass", "which class", ORANGE, "//"),
        ("image", "which image of the class", BLUE, ".."),
    )
    for field, label, colour, hatch in kinds:
        width = np.array([100 * getattr(share, field) for share in shares.values()])
        bars.barh(y, width, left=left, color=colour, hatch=hatch, edgecolor="white", label=label)
        left += width
    bars.set_yticks(y, [*shares])
    bars.set(xlabel="share of the variance of the block's gates (%)", xlim=(0, 100))
    bars.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    for row, values in zip(y, (selectivity[path] for path in shares), strict=True):
        dots.plot(values, np.full(len(values), row), "|", color=BLUE, alpha=0.4)
        dots.plot(values.mean(), row, "D", color=ORANGE, markersize=6)
    dots.set(xlabel="class selectivity\n(a line a channel, the diamond their mean)", xlim=(0, None))
    return figure


def draw_controls(found: Controls, title: str, stamp: str) -> Any:
    """Accuracy with each control in each block's place, beside that with the learned gates.

    Args:
        found: from `controls.measure`.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure, a panel a block; bars are ± 1 standard error of a share of n images.
    """
    places = [*found.correct]
    figure = new_figure(3.2 + 2.6 * len(places), 4.2, title, stamp)
    panels = figure.subplots(1, len(places), sharey=True, sharex=True, squeeze=False)[0]
    y = np.arange(len(CONTROLS))[::-1]
    for axes, place in zip(panels, places, strict=True):
        share = np.array([found.correct[place][control] for control in CONTROLS]) / found.n
        error = 100 * np.sqrt(share * (1 - share) / found.n)
        oracle = np.array(["oracle" in control for control in CONTROLS])
        for mask, marker, colour in ((~oracle, "o", BLUE), (oracle, "s", GREY)):
            axes.errorbar(100 * share[mask], y[mask], xerr=error[mask], fmt=marker, color=colour)
        axes.axvline(100 * found.learned / found.n, color=ORANGE, linewidth=1.5, label="learned gates")
        axes.set(title=place if place == ALL else f"{place} alone", xlabel="correct (%)")
    panels[0].set_yticks(y, CONTROLS)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower right")
    return figure


def draw_moments(moments: Mapping[int, Mapping[str, np.ndarray]], title: str, stamp: str) -> Any:
    """The distribution of all gates, a row a block and a column a moment of the training.

    Args:
        moments: {steps taken: {path: gates (n, C)}}, from `training.moments.read_moments`.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure of small histograms that share their axes.
    """
    paths = [*next(iter(moments.values()))]
    figure = new_figure(1.2 + 1.6 * len(moments), 1.6 + 1.3 * len(paths), title, stamp)
    panels = figure.subplots(len(paths), len(moments), sharex=True, sharey="row", squeeze=False)
    for column, (step, gates) in zip(panels.T, moments.items(), strict=True):
        for axes, path in zip(column, paths, strict=True):
            values = gates[path].astype(np.float32).ravel()
            axes.hist(values, bins=40, range=(0, 1), color=BLUE, weights=np.full(len(values), 100 / len(values)))
        column[0].set_title(f"step {step}", fontsize=9)
        column[-1].set_xlabel("gate s", fontsize=8)
    for axes, path in zip(panels[:, 0], paths, strict=True):
        axes.set_ylabel(f"{path}\n% of gates", fontsize=8)
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
    for (order, curve), colour in zip(found.lowest.items(), (BLUE, ORANGE), strict=True):
        axes.plot(x, 100 * curve, "o-", color=colour, label=f"lowest {order} first")
        axes.plot(x, 100 * found.highest[order], "s--", color=colour, label=f"highest {order} first")
    axes.axhline(100 * chance, color="black", linewidth=0.8, linestyle=":")
    axes.set(
        xlabel="channels of each block that are switched off (%)",
        ylabel="images classified correctly (%)",
        ylim=(0, None),
    )
    axes.legend()
    return figure
