"""The paper's Figure 6: the classes' mean gates, block by block."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..analysis.gates import GateStatistics
from .look import few
from .registry import Drawing, Sources, register
from .style import BLUE, ORANGE, PANELS_PER_ROW, block_panels, draw_band, new_figure, rows_for, shared_legend, short

TELLING = {"cifar10": (0, 3, 5, 8)}  # classes: airplane, cat, dog and ship, two pairs of similar ones
COLORS = (BLUE, ORANGE, "#009E73", "#CC79A7")
DASHES = ("-", "--", "-.", ":")  # tell them apart in gray


@register(
    40,
    "Gates by depth (the paper's Figure 6)",
    alt="One panel per block, from the first block to the last: each channel's mean gate for several classes and for "
    "all images, sorted by the latter, over a gray band of one standard deviation.",
    see="Where the classes' lines lie on the black one, a block treats all classes alike; where they leave it, its "
    "gates are class-specific. Each panel sorts its channels by the black line.",
    beware="The lines are means: the gates of a single image lie in the gray band and beyond. A class that opens a "
    "channel more does not for that reason depend on it.",
)
def profiles(sources: Sources) -> Iterator[Drawing]:
    """One figure of all blocks."""
    if sources.findings:
        blocks, classes = sources.findings.blocks, sources.classes
        chosen = choose(sources.model.settings.data, next(iter(blocks.values())).images)
        yield Drawing(title(blocks), sources.images(), lambda: draw_profiles(blocks, classes, chosen))


def choose(data: str, images: np.ndarray) -> list[int]:
    """Up to four classes to draw, from the first to the last of those that have images (K,)."""
    present = np.flatnonzero(images)
    if data in TELLING and len(present) == len(images):
        return [*TELLING[data]]
    return [*present[np.linspace(0, len(present) - 1, min(len(COLORS), len(present))).round().astype(int)].tolist()]


def title(blocks: Mapping[str, GateStatistics]) -> str:
    """How far the classes' curves lie apart, in the first block and in the last."""
    apart = {path: float(block.between.mean()) for path, block in blocks.items()}
    first, *_, last = [*apart, *apart]
    where = "" if first == last else f" in {short(first)} and {apart[last]:.3f} in {short(last)}"
    return f"The classes' mean gates lie {apart[first]:.3f} apart{where} (sd between classes, mean over channels)"


def draw_profiles(blocks: Mapping[str, GateStatistics], classes: Sequence[str], chosen: Sequence[int]) -> Any:
    """Draw each channel's mean gate for the chosen classes and for all images, one panel per block.

    In every panel the channels are sorted by their mean gate over all images.
    """
    blocks = few(blocks, "blocks")
    figure = new_figure(13, 1.4 + 2.9 * rows_for(len(blocks)))
    panels = block_panels(figure, len(blocks), sharey=True)[:, 0]
    for axes, (path, block) in zip(panels, blocks.items(), strict=True):
        order, thin = np.argsort(block.overall_mean), 1.1 if len(block.overall_mean) <= 512 else 0.4
        draw_band(axes, block, order)
        for k, color, dashes in zip(chosen, COLORS, DASHES, strict=False):
            axes.plot(block.mean[k][order], linestyle=dashes, color=color, linewidth=thin, label=classes[k])
        axes.plot(block.overall_mean[order], color="black", linewidth=1.6, label="all images, mean")
        axes.set(title=short(path), xlabel="channel, sorted by mean gate")
    for axes in panels[::PANELS_PER_ROW]:
        axes.set_ylabel("gate s")
    shared_legend(figure, panels[0], 6)
    return figure
