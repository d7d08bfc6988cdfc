"""Draw the SE block, for the page on the paper and for the site's card:   python docs/tools/block_figure.py OUT.png

Four channels stand for C. Their maps are noise and the gates are made up; each mean is that of the map above it.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

COLORS = ("#0072b2", "#d55e00", "#009e73", "#9467bd")  # of the channels
GATES = (0.95, 0.10, 0.65, 0.30)
SPOTS = (5, 14, 9, 3)  # how many positions of each map answer
INK, SOFT = "#222222", "#555555"
MAP = 1.25  # a map's side
STEP = 0.34  # from one map to the next behind it


def maps() -> list[np.ndarray]:
    """A map for each channel, (8, 8), from 0 to 1: some spots on a dark ground."""
    rng, found = np.random.default_rng(4), []
    for spots in SPOTS:
        image = 0.12 * rng.random((8, 8))
        image.flat[rng.choice(64, spots, replace=False)] = 0.6 + 0.4 * rng.random(spots)
        found.append(image)
    return found


def draw_maps(axes: Axes, x: float, y: float, strengths: tuple[float, ...]) -> None:
    """The maps one behind the other, each in its channel's color and multiplied by a number."""
    for k in reversed(range(4)):
        left, bottom = x + STEP * k, y + STEP * k
        color, values = np.array(to_rgb(COLORS[k])), maps()[k][..., None] * strengths[k]
        axes.imshow(
            1 - (1 - color) * (0.1 + 0.9 * values), extent=(left, left + MAP, bottom, bottom + MAP), zorder=10 - k
        )
        axes.add_patch(Rectangle((left, bottom), MAP, MAP, fill=False, ec=COLORS[k], lw=1.6, zorder=10.5 - k))


def draw_numbers(axes: Axes, x: float, y: float, values: list[float], colors: tuple[str, ...]) -> None:
    """A column of numbers from 0 to 1, each as a cup that is filled so far."""
    for k, (value, color) in enumerate(zip(values, colors, strict=True)):
        bottom = y + 0.5 * (len(values) - 1 - k)
        axes.add_patch(Rectangle((x, bottom), 0.34, 0.42 * value, color=color, lw=0))
        axes.add_patch(Rectangle((x, bottom), 0.34, 0.42, fill=False, ec=INK, lw=1.2))


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], bend: float = 0.0) -> None:
    """An arrow in the text's color."""
    style = f"arc3,rad={bend}"
    axes.add_patch(
        FancyArrowPatch(start, end, connectionstyle=style, arrowstyle="-|>", mutation_scale=16, color=INK, lw=1.5)
    )


def label(axes: Axes, x: float, y: float, name: str, words: str) -> None:
    """A name in bold and what it is, below it."""
    axes.text(x, y, name, ha="center", va="bottom", fontsize=15, weight="bold", color=INK)
    axes.text(x, y - 0.08, words, ha="center", va="top", fontsize=10.5, color=SOFT, linespacing=1.35)


def draw() -> Figure:
    """The figure, 12 × 6.3 inches, as social cards are shaped."""
    figure = Figure(figsize=(12, 6.3))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 12), ylim=(0, 6.3), aspect="equal")
    axes.axis("off")
    axes.text(
        6,
        5.75,
        "Squeeze-and-Excitation: each channel times a gate that the whole image decides",
        ha="center",
        fontsize=15,
        color=INK,
    )
    means = [float(image.mean()) for image in maps()]
    y = 2.1
    draw_maps(axes, 0.5, y, (1, 1, 1, 1))
    draw_numbers(axes, 3.7, y + 0.2, [2 * mean for mean in means], COLORS)
    for k, active in enumerate((True, False)):
        face = "#f0c040" if active else "white"
        axes.add_patch(
            Circle((5.45, y + 1.45 - 0.8 * k), 0.24, fc=face, ec=INK, lw=1.2, hatch="" if active else "////")
        )
    draw_numbers(axes, 6.9, y + 0.2, [*GATES], COLORS)
    draw_maps(axes, 9.0, y, GATES)
    arrow(axes, (2.9, y + 1.1), (3.55, y + 1.1))
    for k in range(4):
        for j in range(2):
            height, hidden = y + 1.91 - 0.5 * k, y + 1.45 - 0.8 * j
            axes.plot([4.1, 5.2], [height, hidden], color="#999999", lw=0.9, zorder=0)
            axes.plot([5.7, 6.85], [hidden, height], color="#999999", lw=0.9, zorder=0)
    arrow(axes, (7.4, y + 1.1), (8.85, y + 1.1))
    arrow(axes, (1.7, y + 2.4), (10.3, y + 2.4), bend=-0.13)
    axes.text(6, y + 2.72, "U itself goes on as well", ha="center", fontsize=10.5, color=SOFT)
    below = y - 0.55
    label(axes, 1.6, below, "U", "feature maps\nH × W × C")
    label(axes, 3.87, below, "z", "squeeze: the mean\nof each map, C")
    label(axes, 5.45, below, "h", "FC, ReLU:\nC/r hidden units")
    label(axes, 7.07, below, "s", "FC, sigmoid: a gate\nfrom 0 to 1, C")
    label(axes, 10.1, below, r"$\tilde{\mathbf{X}}$", "scale: each map times its gate\nH × W × C")
    axes.text(6.33, 0.33, "excitation", ha="center", fontsize=11.5, style="italic", color=INK)
    axes.plot([4.75, 7.9], [0.62, 0.62], color=INK, lw=1)
    return figure


def main() -> None:
    """Draw it into a file."""
    parser = argparse.ArgumentParser(description="Draw the SE block.")
    parser.add_argument("out", type=Path, help="a .png")
    draw().savefig(parser.parse_args().out, dpi=100)


if __name__ == "__main__":
    main()
