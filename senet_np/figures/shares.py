"""Where the variance of the gates comes from: which channel, which class, or which image."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..analysis.specificity import Shares, class_selectivity, variance_shares
from .registry import Drawing, Sources, register
from .style import BLUE, GRAY, MAX_NUMBERS, ORANGE, new_figure, percentages, short

MIN_FALL = 0.0005  # of a share: less is not seen in percent with one digit


@register(
    50,
    "Channel, class or image?",
    alt="Left, one bar per block: the shares of the gates' variance that come from the channel, from the class and "
    "from the image. Right, each channel's class selectivity and the block's mean.",
    see="The hatched part is what the paper calls class-specific, as one number per block; the dotted part is what "
    "changes from one image of a class to the next. Black lines are 95 % intervals over images.",
    beware="A share of the variance tells what gates depend on, not what the net needs: only the interventions tell "
    "that. With few classes and channels, small differences between blocks mean nothing.",
)
def shares(sources: Sources) -> Iterator[Drawing]:
    """One figure of all blocks; none where gates can be negative, as their selectivity has no meaning.

    And none where a class has one image alone: the class would explain what the image does.
    """
    blocks = sources.findings.blocks if sources.findings else {}
    if sources.findings and all(stats.limits[0] >= 0 and stats.spread_known for stats in blocks.values()):
        parts = {path: variance_shares(stats) for path, stats in blocks.items()}
        selectivity = {path: class_selectivity(stats.mean) for path, stats in blocks.items()}
        intervals = sources.findings.class_shares
        yield Drawing(title(parts, intervals), sources.images(), lambda: draw_shares(parts, selectivity, intervals))


def title(shares: Mapping[str, Shares], intervals: Mapping[str, np.ndarray]) -> str:
    """Whether "early is generic, late is specific" holds here."""
    parts = {path: share.class_ for path, share in shares.items()}
    return f"The class explains {percentages(parts)} of the variance of the gates: {trend(parts, intervals)}"


def trend(parts: Mapping[str, float], intervals: Mapping[str, np.ndarray]) -> str:
    """In words, whether numbers rise from the first block to the last, and where they do not.

    Where the intervals of the first block and the last overlap, `parts` say nothing about depth.
    """
    values, names = [*parts.values()], [*parts]
    if len(values) == 1:
        return "with one block there is no depth to compare"
    first, last = (intervals.get(name) for name in (names[0], names[-1]))
    if first is not None and last is not None and max(first[0], last[0]) <= min(first[1], last[1]):
        return "the intervals of the first block and the last overlap"
    falls = [short(names[k]) for k in range(1, len(values)) if values[k] < values[k - 1] - MIN_FALL]
    if not falls:
        return "it never falls from one block to the next"
    where = " and ".join(falls) if len(falls) < MAX_NUMBERS else f"{len(falls)} of {len(values) - 1} steps"
    if values[-1] > values[0]:
        return f"more in the last block than in the first, but it falls at {where}"
    return f"it does not rise with depth: it falls at {where}"


def draw_shares(
    shares: Mapping[str, Shares], selectivity: Mapping[str, np.ndarray], intervals: Mapping[str, np.ndarray]
) -> Any:
    """Draw where the variance of each block's gates comes from, and how much its channels (C,) prefer one class.

    `intervals` are those of the class's share, {path: (2,)}, as black lines at the end of its bar.
    """
    figure = new_figure(11, 2.0 + 0.42 * len(shares))
    bars, dots = figure.subplots(1, 2, sharey=True, width_ratios=(1.6, 1))
    y, left = np.arange(len(shares))[::-1], np.zeros(len(shares))  # the first block at the top
    parts = (
        ("channel", "which channel", GRAY, ""),
        ("class_", "which class", ORANGE, "//"),
        ("image", "which image of the class", BLUE, ".."),
    )
    for field, label, color, hatch in parts:
        width = np.array([100 * getattr(share, field) for share in shares.values()])
        bars.barh(y, width, left=left, color=color, hatch=hatch, edgecolor="white", label=label)
        left += width
    for row, (path, share) in zip(y, shares.items(), strict=True):
        if path in intervals:
            ends = 100 * (share.channel + intervals[path])
            bars.plot(ends, [row, row], color="black", linewidth=2, solid_capstyle="butt")
    bars.set_yticks(y, [short(path) for path in shares])
    bars.set(xlabel="share of the variance of the block's gates (%)", xlim=(0, 100))
    bars.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    for row, values in zip(y, (selectivity[path] for path in shares), strict=True):
        dots.plot(values, np.full(len(values), row), "|", color=BLUE, alpha=0.4)
        dots.plot(values.mean(), row, "D", color=ORANGE, markersize=6)
    dots.set(xlabel="class selectivity\n(one line per channel, the diamond is their mean)", xlim=(0, None))
    return figure
