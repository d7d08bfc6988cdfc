"""One picture on its way through a block: the paper's Figure 1 with real numbers; and a photo beside what is usual."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..analysis.gates import GateStatistics
from ..containers import GateCache, image_gates
from ..data.photo import Picture
from ..se import SECache
from .gates import draw_band
from .style import ACROSS, BLUE, GATE_COLORS, GRAY, ORANGE, block_panels, gate_axis, new_figure, shared_legend, short


def _squeezed(block: GateCache, u: np.ndarray) -> list[tuple[np.ndarray, str, str]]:
    """What the squeeze made of one image: values, their kind, and a color."""
    if block.s.ndim == 4:
        return [(u.mean(axis=(0, 1)), "mean", GRAY)]
    if len(block.z) > len(block.s):  # avg+max: the mean's row above the maximum's
        return [(block.z[0], "mean", GRAY), (block.z[1], "maximum", ORANGE)]
    maximum = isinstance(block, SECache) and block.squeeze == "max"
    return [(block.z[0], "maximum" if maximum else "mean", GRAY)]


def draw_scaling(picture: np.ndarray, block: GateCache, title: str, stamp: str) -> Any:
    """The paper's Figure 1 with real numbers: U, what the squeeze saw, the gates, and X̃, for one image.

    Args:
        picture: (H, W, 3) uint8.
        block: the cache of one SE block after a forward pass on this picture alone, N = 1.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure: the picture, z and s above; every channel before and after scaling below, framed in its gate's
        color.
    """
    per_position = block.s.ndim == 4
    u, s = block.z[0] if per_position else block.scale_cache[0][0], image_gates(block)[0]
    channels = len(s)
    across, down = _grid(channels)
    top, bottom = 3.2, 0.6 + 5.4 * down / across  # inches
    figure = new_figure(12, top + bottom, title, stamp)
    above, below = figure.subfigures(2, 1, height_ratios=(top, bottom))
    image, squeeze, gate = above.subplots(1, 3, width_ratios=(1, 2.2, 2.2))
    image.imshow(picture, interpolation="nearest")
    image.set_title("the net's view")
    image.axis("off")

    low, high = gate_axis(s)
    colors = _gate_colors((s - low) / (high - low))
    title = "no squeeze; each channel's mean, which no gate sees" if per_position else "squeeze: z"
    for z, kind, color in _squeezed(block, u)[::-1]:  # the mean in front
        squeeze.bar(range(channels), z, width=1, color=color, label=kind)
    squeeze.set(title=title, xlabel="channel", ylabel="z (activation)")
    squeeze.legend()
    gate.bar(range(channels), s, width=1, color=colors)
    whose = "each channel's gate" + (", mean over positions" if per_position else "")
    gate.set(title=f"excitation: s, {whose}", xlabel="channel", ylabel="s", ylim=(low, high))
    for axes in (squeeze, gate):
        axes.set_xlim(-0.5, channels - 0.5)

    before, after = below.subplots(1, 2)
    bright = float(np.percentile(u, 99.5)) or 1.0  # the same white for both, so that dimming shows
    for axes, maps, name in ((before, u, "U: before scaling"), (after, u * block.s[0], "X̃ = s · U: after scaling")):
        name += " (absolute)" if maps.min() < 0 else ""
        axes.imshow(_mosaic(np.abs(maps) / bright, colors), interpolation="nearest")
        axes.set_title(f"{name}, {channels} channels, frame = gate")
        axes.axis("off")
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    below.colorbar(ScalarMappable(Normalize(low, high), GATE_COLORS), ax=[before, after], label="gate s", pad=0.01)
    return figure


def draw_answer(
    picture: Picture,
    classes: Sequence[str],
    probabilities: np.ndarray,
    gates: Mapping[str, np.ndarray],
    usual: Mapping[str, GateStatistics],
    title: str,
    stamp: str,
) -> Any:
    """A picture, what the network says to it, and its gates beside what is usual.

    Args:
        picture: the picture.
        classes: all classes' names.
        probabilities: the softmax of the logits, (classes,).
        gates: this picture's, by block, (C,).
        usual: the statistics over many images, by block.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure; in each block's panel the channels are sorted by their mean gate over all images.
    """
    down = -(-len(gates) // ACROSS)
    figure = new_figure(12, 3.8 + 2.4 * down, title, stamp)
    above, below = figure.subfigures(2, 1, height_ratios=(2.9, 0.5 + 2.4 * down))
    whole, small, bars = above.subplots(1, 3, width_ratios=(1.2, 1, 1.6))
    for axes, shown, name in (
        (whole, picture.shown, picture.name),
        (small, picture.small, "as the net sees it, {}×{} pixels".format(*picture.small.shape)),
    ):
        axes.imshow(shown, interpolation="nearest")
        axes.set_title(name, fontsize=9)
        axes.axis("off")
    order = np.argsort(probabilities)
    bars.barh(range(len(order)), 100 * probabilities[order], color=BLUE)
    bars.set_yticks(range(len(order)), [classes[k] for k in order], fontsize=8)
    bars.set(title="what the net says", xlabel="probability (%)", xlim=(0, 100))
    panels = block_panels(below, len(gates))
    for axes, (path, s) in zip(panels, gates.items(), strict=True):
        order = np.argsort(usual[path].overall_mean)
        draw_band(axes, usual[path], order)
        axes.plot(s[order], "o", color=ORANGE, markersize=3, label="this picture")
        axes.set(title=short(path), xlabel="channel, sorted by mean gate", ylabel="gate s")
    shared_legend(below, panels[0], 2)
    return figure


def _gate_colors(share: np.ndarray) -> np.ndarray:
    """(C, 3) the colors of gates, given as shares (0 to 1) of their scale."""
    from matplotlib import colormaps

    return colormaps[GATE_COLORS](share)[:, :3]


def _grid(channels: int) -> tuple[int, int]:
    """How many tiles across and down: about as many, in full rows where that can be."""
    side = int(np.ceil(np.sqrt(channels)))
    across = next((a for a in range(side, 2 * side) if channels % a == 0), side)
    return across, int(np.ceil(channels / across))


def _mosaic(maps: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Lay (H, W, C) maps with values in 0 to 1 out as one RGB picture, each in a frame of its color."""
    height, width, channels = maps.shape
    across, down = _grid(channels)
    frame = max(1, height // 8)
    tile_h, tile_w = height + 3 * frame, width + 3 * frame  # a frame on each side, and one of white between tiles
    picture = np.ones((down * tile_h, across * tile_w, 3))
    for c in range(channels):
        top, left = c // across * tile_h, c % across * tile_w
        picture[top : top + height + 2 * frame, left : left + width + 2 * frame] = colors[c]
        inside = maps[:, :, c, None].clip(0, 1)
        picture[top + frame : top + frame + height, left + frame : left + frame + width] = inside
    return picture
