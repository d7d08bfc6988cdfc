"""`shapes` only: what the sky's color does to the gates."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .style import BLUE, ORANGE, gate_axis, new_figure, short


def draw_sky(pictures: np.ndarray, answers: Sequence[str], gates: dict[str, np.ndarray], title: str, stamp: str) -> Any:
    """`shapes` only: one picture under both skies, and every block's gates under each, over many images.

    Args:
        pictures: (2, H, W, 3) uint8: the same picture under an orange and under a blue sky.
        answers: what the net says to each.
        gates: {path of the block: (2, n, C)}, of n images under an orange and under a blue sky.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure: the two pictures at the left; at the right a panel for each block.
    """
    figure = new_figure(12, 2.1 + 1.4 * len(gates), title, stamp)
    left, right = figure.subfigures(1, 2, width_ratios=(1, 3.4))
    skies = (("orange sky", ORANGE), ("blue sky", BLUE))
    for axes, picture, answer, (sky, color) in zip(left.subplots(2, 1), pictures, answers, skies, strict=True):
        axes.imshow(picture, interpolation="nearest")
        axes.set_title(f"{sky}: the net says\n“{answer}”", color=color)
        axes.axis("off")
    panels = right.subplots(len(gates), 1, squeeze=False)[:, 0]
    for axes, (path, both) in zip(panels, gates.items(), strict=True):
        order = np.argsort(both[0].mean(axis=0) - both[1].mean(axis=0))
        for s, (sky, color), marker in zip(both, skies, ("o", "s"), strict=True):
            mean, sd = s.mean(axis=0)[order], s.std(axis=0)[order]
            x = np.arange(len(order))
            axes.fill_between(x, mean - sd, mean + sd, color=color, alpha=0.2, linewidth=0)
            axes.plot(x, mean, marker, color=color, markersize=3.5, label=f"{sky}: mean ± sd")
        low, high = gate_axis(both)
        axes.set(ylim=(low, 1.04 * high), xlim=(-0.5, len(order) - 0.5), ylabel="gate s", title=short(path))
    panels[0].legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1), borderpad=0)
    panels[-1].set_xlabel("channels of the block, ordered by the difference between the two skies")
    return figure
