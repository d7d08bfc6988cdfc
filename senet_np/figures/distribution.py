"""All gates of each block in one histogram: is the block alive, dead or saturated?"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..analysis.gates import BINS, GateStatistics
from ..analysis.health import Diagnosis, diagnose
from .look import few
from .registry import Drawing, Sources, register
from .style import BLUE, ORANGE, PANELS_PER_ROW, block_panels, new_figure, percentages, rows_for, short


@register(
    80,
    "Dead, saturated or alive?",
    alt="A histogram of all gates of each block, with the share of those that are shut or open, and the number of dead "
    "hidden units.",
    see="A block that is alive has gates that vary between images; a dead one gives every image the same gates, and a "
    "saturated one has them at an end of their range, where they no longer learn.",
    beware="A wide histogram alone does not show that gates look at the image: they may differ between channels only. "
    "The verdict above each panel is based on each channel's own spread.",
)
def distribution(sources: Sources) -> Iterator[Drawing]:
    """One figure of all blocks."""
    if sources.findings:
        blocks, hidden = sources.findings.blocks, sources.findings.hidden
        health = {path: diagnose(stats, hidden.get(path)) for path, stats in blocks.items()}
        yield Drawing(title(health), sources.images(), lambda: draw_distribution(blocks, health))


def title(health: Mapping[str, Diagnosis]) -> str:
    """Whether any block is dead or saturated."""
    ends = {path: one.shut + one.open for path, one in health.items()}
    ill = " and ".join(f"{short(path)} is {one.verdict}" for path, one in health.items() if one.verdict != "alive")
    return f"{percentages(ends)} of the gates are fully shut or open; {ill or 'no block is dead or saturated'}"


def draw_distribution(blocks: Mapping[str, GateStatistics], health: Mapping[str, Diagnosis]) -> Any:
    """Draw one histogram per block, with the share of its gates that is shut or open: the first and the last bin."""
    blocks = few(blocks, "blocks")
    figure = new_figure(12, 1.4 + 2.3 * rows_for(len(blocks)))
    panels = block_panels(figure, len(blocks), sharex=True, sharey=True)[:, 0]
    for axes, (path, block) in zip(panels, blocks.items(), strict=True):
        edges = np.linspace(*block.limits, BINS + 1)
        bars = axes.bar(edges[:-1], 100 * block.histogram, np.diff(edges), align="edge", color=BLUE, edgecolor="white")
        for end in (bars[0], bars[-1]):
            end.set(color=ORANGE, hatch="//", edgecolor="white")
        one = health[path]
        axes.set(title=f"{short(path)}: {one.verdict}", xlabel="gate s", xlim=block.limits)
        units = f"\n{one.dead_units} of {one.units} hidden units dead" if one.units else ""
        text = f"shut {100 * one.shut:.1f} %, open {100 * one.open:.1f} %{units}"
        axes.text(0.02, 0.97, text, transform=axes.transAxes, va="top", fontsize=8)
    panels[0].set_ylim(0, 1.35 * panels[0].get_ylim()[1])  # room for the text
    for axes in panels[::PANELS_PER_ROW]:
        axes.set_ylabel("% of the gates")
    return figure
