"""The two small matrices of the SE blocks, and the hidden units between them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..analysis.hidden import HiddenStatistics
from ..analysis.order import similar_order
from .style import ACROSS, GATE_COLORS, GRAY, new_figure, short


def draw_weights(blocks: Mapping[str, tuple[np.ndarray, np.ndarray]], title: str, stamp: str) -> Any:
    """W₁ above W₂ of each block, a column a channel and a row a hidden unit, those that are alike side by side.

    Args:
        blocks: by block, w1 (C, h) and w2 (h, C).
        title, stamp: see `style.new_figure`.

    Returns:
        A figure; both matrices of a block share the order of channels and hidden units. Dark is negative, light is
        positive, and the middle of the scale is 0.
    """
    across, down = _grid(blocks)
    figure = new_figure(13, 1.2 + 3.4 * down, title, stamp)
    panels = figure.subplots(2 * down, across, squeeze=False)
    for k, (path, (w1, w2)) in enumerate(blocks.items()):
        row, column = divmod(k, across)
        reads, moves = w1.T, w2  # (h, C) both
        channels = similar_order(np.concatenate([_unit(reads), _unit(moves)]).T)
        units = similar_order(np.concatenate([_unit(reads), _unit(moves)], axis=1))
        for axes, matrix, name in (
            (panels[2 * row, column], reads, f"{short(path)}: W₁, what a hidden unit reads"),
            (panels[2 * row + 1, column], moves, "W₂ (turned): which gates it moves"),
        ):
            most = float(np.percentile(np.abs(matrix), 99)) or 1.0  # a few large ones would leave the rest gray
            shown = matrix[np.ix_(units, channels)]
            image = axes.imshow(shown, aspect="auto", clim=(-most, most), cmap=GATE_COLORS, interpolation="nearest")
            axes.set_title(name, fontsize=10)
            axes.set_ylabel("hidden unit")
            axes.set(xticks=[], yticks=[])
            figure.colorbar(image, ax=axes, pad=0.01, label="weight")
        panels[2 * row + 1, column].set_xlabel(f"{w2.shape[1]} channels, those that are alike side by side")
    _blank(panels, 2 * len(blocks), across)
    return figure


def draw_hidden(blocks: Mapping[str, HiddenStatistics], classes: Sequence[str], title: str, stamp: str) -> Any:
    """Which hidden unit speaks for which class: mean activations, each unit's largest being 1.

    Args:
        blocks: by block, from `hidden.summarize_hidden`.
        classes: all classes' names.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure with two panels a block: how often each unit is above 0, and its mean by class. Units are sorted by
        the class that they prefer; dead ones stand at the end, in gray.
    """
    across, down = _grid(blocks)
    figure = new_figure(13, 1.2 + 3.9 * down, title, stamp)
    panels = figure.subplots(2 * down, across, squeeze=False, height_ratios=(1, 2.6) * down)
    for k, (path, units) in enumerate(blocks.items()):
        row, column = divmod(k, across)
        awake, heat = panels[2 * row, column], panels[2 * row + 1, column]
        order = np.lexsort((-units.overall_mean, units.favorite, units.dead))
        x = np.arange(len(order))
        awake.bar(x, 100 * units.overall_awake[order], color=GRAY, width=0.8)
        awake.set(title=short(path), ylabel="% of images\nabove 0", ylim=(0, 102), xticks=[], xlim=(-0.5, len(x) - 0.5))
        most = np.nanmax(units.mean, axis=0)
        dead = np.broadcast_to(units.dead, units.mean.shape)
        share = np.ma.masked_array(units.mean / np.where(most > 0, most, 1), dead)
        heat.set_facecolor("#BBBBBB")
        image = heat.imshow(share[:, order], aspect="auto", clim=(0, 1), cmap=GATE_COLORS, interpolation="nearest")
        heat.set_yticks(range(len(classes)), classes if column == 0 else [""] * len(classes), fontsize=8)
        heat.set(xlabel=f"{len(order)} hidden units, sorted by their class", xticks=[])
        if column == min(across, len(blocks) - row * across) - 1:
            figure.colorbar(image, ax=heat, pad=0.01, label="mean, of the unit's largest")
    _blank(panels, 2 * len(blocks), across)
    return figure


def _unit(matrix: np.ndarray) -> np.ndarray:
    """Both matrices count the same when rows and columns are compared."""
    return matrix / (np.linalg.norm(matrix) or 1.0)


def _grid(blocks: Mapping[str, Any]) -> tuple[int, int]:
    across = min(ACROSS, len(blocks))
    return across, -(-len(blocks) // across)


def _blank(panels: np.ndarray, used: int, across: int) -> None:
    """Two rows of panels a row of blocks: what the last one leaves over is blank."""
    blocks = used // 2
    for k in range(blocks, -(-blocks // across) * across):
        row, column = divmod(k, across)
        for axes in panels[2 * row : 2 * row + 2, column]:
            axes.axis("off")
