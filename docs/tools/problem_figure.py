"""Draw what SE is for, on a trained network:   python docs/tools/problem_figure.py docs/img/problem.png

One image under an orange and under a blue sky; four feature maps of the bundled `shapes-se`, their gates, its answer.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import senet_np
from senet_np.data import load_shapes
from senet_np.data.shapes import both_skies

BLOCK, IMAGE = "stage2.se", 1  # which block is shown, and which test image
INK, SOFT = "#222222", "#555555"
SKIES = ("#d55e00", "#0072b2")  # orange, blue


def chosen(images: np.ndarray, maps: np.ndarray, gates: np.ndarray) -> list[int]:
    """Two channels of the orange square, which a blue sky shuts, and two of the blue square, which it opens."""
    half = images.shape[1] // 2
    step = images.shape[1] // maps.shape[1]
    ground = images[0, half::step, ::step].astype(float)  # one pixel for each position of a map, below the sky
    orange = ground[..., 0] - ground[..., 2]  # red minus blue
    found = np.tensordot(orange, maps[0, maps.shape[1] // 2 :], 2)  # (C,): above 0 where the orange square is found
    order = np.argsort((gates[1] - gates[0]) * np.abs(found) * (np.sign(gates[1] - gates[0]) != np.sign(found)))
    return [int(c) for c in (*order[:2], *order[-2:])]


def draw_gate(axes: Axes, value: float, color: str) -> None:
    """A gate as a bar that is filled so far."""
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.axis("off")
    axes.add_patch(Rectangle((0.1, 0.45), 0.8, 0.3, fill=False, ec=INK, lw=1))
    axes.add_patch(Rectangle((0.1, 0.45), 0.8 * value, 0.3, fc=color, lw=0))
    axes.text(0.5, 0.3, f"× {value:.2f}", ha="center", va="top", fontsize=12, color=INK)


def draw() -> Figure:
    """The figure: a row for each sky."""
    model = senet_np.load("shapes-se")
    images = both_skies(load_shapes().test.images[IMAGE : IMAGE + 1])[:, 0]  # (2, 32, 32, 3)
    logits, activations = model.run(images, record=True)
    block = activations.blocks[BLOCK]
    channels = chosen(images, block.u, block.s)
    figure = Figure(figsize=(11, 5.2))
    grid = figure.add_gridspec(
        4, 6, width_ratios=(1.25, 1, 1, 1, 1, 1.1), height_ratios=(1, 0.38, 1, 0.38), hspace=0.08, wspace=0.18,
        left=0.02, right=0.99, top=0.88, bottom=0.02,
    )  # fmt: skip
    for row, color in enumerate(SKIES):
        picture = figure.add_subplot(grid[2 * row, 0])
        picture.imshow(images[row])
        picture.axis("off")
        for k, c in enumerate(channels, start=1):
            axes = figure.add_subplot(grid[2 * row, k])
            axes.imshow(block.u[row, ..., c], cmap="gray", vmin=0, vmax=block.u[..., c].max())
            axes.set(xticks=[], yticks=[])
            draw_gate(figure.add_subplot(grid[2 * row + 1, k]), float(block.s[row, c]), color)
        answer = figure.add_subplot(grid[2 * row, 5])
        answer.axis("off")
        answer.text(0.1, 0.5, f"“{model.classes[logits[row].argmax()]}”", fontsize=17, va="center", color=color)
    words = {0.1: "image", 0.5: "where four features are found, and how much each one counts", 0.9: "answer"}
    for x, text in words.items():
        figure.text(x, 0.93, text, ha="center", fontsize=13, color=SOFT)
    return figure


def main() -> None:
    """Draw it into a file."""
    parser = argparse.ArgumentParser(description="Draw what SE is for.")
    parser.add_argument("out", type=Path, help="a .png")
    draw().savefig(parser.parse_args().out, dpi=100)


if __name__ == "__main__":
    main()
