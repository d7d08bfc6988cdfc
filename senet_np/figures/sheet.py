"""A sheet of images from a data set, one row per class, as the network will see them."""

from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from .style import add_title, new_figure, show_image

MAX_CLASSES, PER_CLASS, GAP = 20, 10, 2  # rows, images in a row, white pixels between them


def draw_sheet(dataset: Dataset) -> Any:
    """Draw the first training images of each class, and say how many there are in all."""
    images, labels = dataset.train
    shown = dataset.classes[:MAX_CLASSES]
    figure = new_figure(9, 1 + 0.85 * len(shown))
    rows = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    height, width = images.shape[1:3]
    for label, (axes, name) in enumerate(zip(rows, shown, strict=True)):
        some = np.flatnonzero(labels == label)
        strip = np.full((height, PER_CLASS * (width + GAP), 3), 255, np.uint8)
        for k, index in enumerate(some[:PER_CLASS]):
            strip[:, k * (width + GAP) : k * (width + GAP) + width] = images[index]
        show_image(axes, strip)
        axes.text(-width / 4, height / 2, f"{name}\n{len(some):,}", ha="right", va="center", fontsize=9)
    more = len(dataset.classes) - len(shown)
    title = f"Training images of {len(dataset.classes)} classes" + (f", {more} of them not shown" if more else "")
    return add_title(figure, title, f"{Path(dataset.name).name} ({dataset.provenance}); {dataset.view.words}")
