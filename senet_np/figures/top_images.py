"""The images that open a channel most and least: "top-activating images".

They are images of the user's own data: drawn where the data is, and not to be passed on.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..analysis.gates import collect
from ..data.dataset import Split
from .look import few, look
from .registry import Drawing, Sources, register
from .style import new_figure, short, show_image

MAX_CHANNELS = 8  # of a block
GAP = 16  # pixels between the two ends
FRAME = 2  # pixels between two images


@register(
    130,
    "Top-activating images",
    alt="One row per channel: the images with the largest gates of this channel, and those with the smallest, each "
    "with its class and gate.",
    see="What the images at one end have in common, and those at the other end do not, is a guess at what the "
    "channel responds to. The channels are those whose gates vary most.",
    beware="These are the extremes of many images, a handful at each end: a story that fits them may fit no others. "
    "Test it on images that you chose before looking.",
)
def top_images(sources: Sources) -> Iterator[Drawing]:
    """One figure per block, where the data is."""
    if sources.findings and sources.dataset:
        split, classes = sources.dataset.val, sources.dataset.classes
        for path, gates in collect(sources.model, split.images, sources.workers).gates.items():
            channels = np.argsort(-gates.std(axis=0), kind="stable")[:MAX_CHANNELS].tolist()
            draw = partial(draw_top_images, split, classes, gates, channels)
            yield Drawing(title(path, channels), f"n = {len(split.labels):,} validation images", draw, path)


def title(path: str, channels: Sequence[int]) -> str:
    """What is shown: images are no number that a sentence could be made of."""
    varied = f"the {len(channels)} channels whose gates vary most"
    return f"{short(path)}: the images with the largest and the smallest gates, for {varied}"


def draw_top_images(split: Split, classes: Sequence[str], gates: np.ndarray, channels: Sequence[int]) -> Any:
    """Draw one row per channel: on the left the images with the largest gates (n, C), on the right the smallest."""
    channels = [*few(dict.fromkeys(channels), "channels")]
    figure = new_figure(13, 1.2 + 1.1 * len(channels))
    rows = figure.subplots(len(channels), 1, squeeze=False)[:, 0]
    framed = np.pad(split.images, ((0, 0), (0, 0), (0, FRAME), (0, 0)), constant_values=255)
    height, width = framed.shape[1:3]
    each = min(look().max_images, len(framed) // 2)
    for axes, channel in zip(rows, channels, strict=True):
        order = np.argsort(-gates[:, channel], kind="stable")
        largest, smallest = [*order[:each]], [*order[len(order) - each :]]
        gap = np.full((height, GAP, 3), 255, np.uint8)
        show_image(axes, np.hstack([*framed[largest], gap, *framed[smallest]]))
        for k, index in enumerate((*largest, *smallest)):
            x = (k + 0.5) * width - FRAME / 2 + (GAP if k >= each else 0)
            text = f"{classes[int(split.labels[index])]} {gates[index, channel]:.2f}"
            axes.text(x, height + 1, text, ha="center", va="top", fontsize=6)
        axes.text(-2, height / 2, f"channel {channel}", ha="right", va="center", fontsize=9)
    middle = each * width / 2
    for x, words in ((middle, "largest gates"), (middle + each * width + GAP, "smallest gates")):
        rows[0].text(x, -4, words, ha="center", va="bottom", fontsize=11)
    return figure
