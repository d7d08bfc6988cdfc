"""The paper's Figure 1 with real numbers: one image on its way through a block."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..containers import BlockCache, image_gates
from ..se import SECache
from .registry import Drawing, Sources, register
from .style import GATE_COLORS, GRAY, ORANGE, gate_axis, new_figure, short, show_image


@register(
    20,
    "One image in one block (the paper's Figure 1)",
    alt="One image in one block: the image, what the squeeze made of each channel, the gates, and all channels "
    "before and after scaling, framed in their gate's color.",
    see="The paper's Figure 1 with real numbers: above, the squeeze z and the gates s; below, each map of X̃ is its map "
    "of U times one number.",
    beware="This is one image. And a dark channel on the right may have been dark before: look at the left one first.",
)
def scaling(sources: Sources) -> Iterator[Drawing]:
    """One figure per block, for the image that is followed through the network."""
    photo = sources.photo
    if sources.findings and photo:
        _, activations = sources.model.run(photo.small[None], record=True)
        for path, block in activations.blocks.items():
            draw = partial(draw_scaling, photo.small, block)
            yield Drawing(title(path, image_gates(block)), photo.name, draw, path)


def title(path: str, gates: np.ndarray) -> str:
    """The range of the gates, which is no finding about the network."""
    return f"{short(path)}: one image, {gates.size} gates from {gates.min():.2f} to {gates.max():.2f}"


def draw_scaling(image: np.ndarray, block: BlockCache) -> Any:
    """Draw U, what the squeeze saw of it, the gates, and X̃, for one image (H, W, 3) uint8.

    `block` is the cache of one SE or ECA block after a forward pass on this image alone, N = 1.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    per_position = block.s.ndim == 4
    u, s = block.u[0], image_gates(block)[0]
    channels = len(s)
    across, down = _grid(channels)
    top, bottom = 3.2, 0.6 + 5.4 * down / across  # inches
    figure = new_figure(12, top + bottom)
    above, below = figure.subfigures(2, 1, height_ratios=(top, bottom))
    small, squeeze, gate = above.subplots(1, 3, width_ratios=(1, 2.2, 2.2))
    show_image(small, image, "input of the net")

    low, high = gate_axis(s)
    scale = ScalarMappable(Normalize(low, high), GATE_COLORS)
    colors = scale.to_rgba(s)[:, :3]
    for z, kind, color in _squeezed(block)[::-1]:  # the mean in front
        squeeze.bar(range(channels), z, width=1, color=color, label=kind)
    name = "no squeeze; each channel's mean, which no gate sees" if per_position else "squeeze: z"
    squeeze.set(title=name, xlabel="channel", ylabel="z (activation)")
    squeeze.legend()
    gate.bar(range(channels), s, width=1, color=colors)
    name = "excitation: s, each channel's gate" + (", mean over positions" if per_position else "")
    gate.set(title=name, xlabel="channel", ylabel="s", ylim=(low, high))
    for axes in (squeeze, gate):
        axes.set_xlim(-0.5, channels - 0.5)

    before, after = below.subplots(1, 2)
    bright = float(np.percentile(u, 99.5)) or 1.0  # the same white for both, so that dimming shows
    for axes, maps, name in ((before, u, "U: before scaling"), (after, u * block.s[0], "X̃ = s · U: after scaling")):
        name += " (absolute)" if maps.min() < 0 else ""
        show_image(axes, _mosaic(np.abs(maps) / bright, colors), f"{name}, {channels} channels, frame = gate")
    below.colorbar(scale, ax=[before, after], label="gate s", pad=0.01)
    return figure


def _squeezed(block: BlockCache) -> list[tuple[np.ndarray, str, str]]:
    """What the squeeze made of one image: values, their kind, and a color."""
    values = block.z if block.s.ndim == 2 else [block.u[0].mean(axis=(0, 1))]
    only_maximum = isinstance(block, SECache) and block.squeeze == "max"
    kinds = ("maximum",) if only_maximum else ("mean", "maximum")  # avg+max has a row for each
    return [*zip(values, kinds, (GRAY, ORANGE), strict=False)]


def _grid(channels: int) -> tuple[int, int]:
    """How many tiles across and down: nearly square, with full rows where possible."""
    side = int(np.ceil(np.sqrt(channels)))
    across = next((a for a in range(side, 2 * side) if channels % a == 0), side)
    return across, int(np.ceil(channels / across))


def _mosaic(maps: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Lay out (H, W, C) maps with values from 0 to 1 as one RGB image, each map in a frame of its color."""
    height, width, channels = maps.shape
    across, down = _grid(channels)
    frame = max(1, height // 8)
    tile_h, tile_w = height + 3 * frame, width + 3 * frame  # a frame on each side, and white between tiles
    tiles = np.ones((down * across, tile_h, tile_w, 3))
    tiles[:channels, : height + 2 * frame, : width + 2 * frame] = colors[:, None, None]
    tiles[:channels, frame : frame + height, frame : frame + width] = maps.clip(0, 1).transpose(2, 0, 1)[..., None]
    return tiles.reshape(down, across, tile_h, tile_w, 3).swapaxes(1, 2).reshape(down * tile_h, across * tile_w, 3)
