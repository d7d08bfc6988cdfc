"""The hidden units of the SE blocks, by class."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..analysis.hidden import HiddenStatistics
from .look import few
from .registry import Drawing, Sources, register
from .style import GATE_COLORS, GRAY, PANELS_PER_ROW, block_panels, new_figure, rows_for, short

DEAD = "#BBBBBB"


@register(
    110,
    "Hidden units by class",
    alt="Above, how often each hidden unit is above 0; below, its mean for each class, scaled so that its largest is "
    "1, sorted by the class that it prefers.",
    see="A light cell in a dark column is a unit that is selective for one class; a column that is light all over is "
    "selective for none. A unit that is never above 0 is dead, and stands at the end in gray.",
    beware="Each unit is scaled by its own largest mean, so a weak unit looks as clear as a strong one. What a unit "
    "prefers is not what it is needed for.",
)
def hidden(sources: Sources) -> Iterator[Drawing]:
    """One figure of all blocks that have hidden units."""
    if sources.findings and sources.findings.hidden:
        blocks = sources.findings.hidden
        yield Drawing(title(blocks), sources.images(), lambda: draw_hidden(blocks, sources.classes))


def title(blocks: Mapping[str, HiddenStatistics]) -> str:
    """How many units are selective for a class."""
    selective, dead = (sum(int(getattr(u, kind).sum()) for u in blocks.values()) for kind in ("selective", "dead"))
    units = sum(len(u.dead) for u in blocks.values())
    path, last = [*blocks.items()][-1]
    return (
        f"{selective} of {units} hidden units are at least twice as strong for one class as on average "
        f"({short(path)}: {last.selective.sum()} of {len(last.dead)}); {dead or 'none'} dead"
    )


def draw_hidden(blocks: Mapping[str, HiddenStatistics], classes: Sequence[str]) -> Any:
    """Draw how often each unit is above 0, and its mean by class, the largest being 1.

    Units are sorted by the class that they prefer; dead ones stand at the end, in gray.
    """
    blocks = few(blocks, "blocks")
    figure = new_figure(13, 1.2 + 3.9 * rows_for(len(blocks)))
    pairs = block_panels(figure, len(blocks), heights=(1, 2.6))
    for k, ((active, heat), (path, units)) in enumerate(zip(pairs, blocks.items(), strict=True)):
        order = np.lexsort((-units.overall_mean, units.favorite, units.dead))
        x = np.arange(len(order))
        active.bar(x, 100 * units.overall_active[order], color=GRAY, width=0.8)
        active.set(title=short(path), ylabel="% of images\nabove 0", ylim=(0, 102))
        active.set(xticks=[], xlim=(-0.5, len(x) - 0.5))
        largest = np.nanmax(units.mean, axis=0)
        dead = np.broadcast_to(units.dead, units.mean.shape)
        share = np.ma.masked_array(units.mean / np.where(largest > 0, largest, 1), dead)
        heat.set_facecolor(DEAD)
        image = heat.imshow(share[:, order], aspect="auto", clim=(0, 1), cmap=GATE_COLORS, interpolation="nearest")
        heat.set_yticks(range(len(classes)), classes if k % PANELS_PER_ROW == 0 else [""] * len(classes), fontsize=8)
        heat.set(xlabel=f"{len(order)} hidden units, sorted by their class", xticks=[])
        if k % PANELS_PER_ROW == PANELS_PER_ROW - 1 or k == len(blocks) - 1:  # the last in its row
            figure.colorbar(image, ax=heat, pad=0.01, label="mean, of the unit's largest")
    return figure
