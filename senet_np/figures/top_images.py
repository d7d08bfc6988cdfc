"""The images that open a channel most and least.

These are pictures of the user's own data: they are drawn where the data is, and not to be passed on.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .style import new_figure

EACH = 7  # images at each end
GAP = 16  # pixels between the two ends
FRAME = 2  # pixels between two images


def draw_openers(
    images: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    gates: np.ndarray,
    channels: Sequence[int],
    title: str,
    stamp: str,
) -> Any:
    """A row a channel: at the left the images that open it most, at the right those that open it least.

    Args:
        images, labels: (n, H, W, 3) uint8 and (n,).
        classes: their names.
        gates: one block's, (n, C).
        channels: which of them are shown.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure; under each image stand its class and its gate.
    """
    figure = new_figure(13, 1.2 + 1.1 * len(channels), title, stamp)
    rows = figure.subplots(len(channels), 1, squeeze=False)[:, 0]
    framed = np.pad(images, ((0, 0), (0, 0), (0, FRAME), (0, 0)), constant_values=255)
    height, width = framed.shape[1:3]
    each = min(EACH, len(images) // 2)
    for axes, channel in zip(rows, channels, strict=True):
        order = np.argsort(-gates[:, channel], kind="stable")
        most, least = [*order[:each]], [*order[len(order) - each :]]
        gap = np.full((height, GAP, 3), 255, np.uint8)
        axes.imshow(np.hstack([*framed[most], gap, *framed[least]]), interpolation="nearest")
        for k, index in enumerate((*most, *least)):
            x = (k + 0.5) * width - FRAME / 2 + (GAP if k >= each else 0)
            text = f"{classes[int(labels[index])]} {gates[index, channel]:.2f}"
            axes.text(x, height + 1, text, ha="center", va="top", fontsize=6)
        axes.text(-2, height / 2, f"channel {channel}", ha="right", va="center", fontsize=9)
        axes.axis("off")
    middle = each * width / 2
    for x, words in ((middle, "opened most"), (middle + each * width + GAP, "opened least")):
        rows[0].text(x, -4, words, ha="center", va="bottom", fontsize=11)
    return figure
