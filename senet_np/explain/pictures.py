"""The first pictures: how the run went, what the gates do class by class, and one image before and after scaling.

Floor 4. Each function takes arrays, returns a matplotlib Figure, and knows nothing of files.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..compose import GateCache, image_gates
from ..se import SECache
from .gates import GateStatistics
from .style import BLUE, GATE_COLOURS, GREY, ORANGE, new_figure


def draw_curves(records: Sequence[dict[str, Any]], title: str, stamp: str) -> Any:
    """Loss and accuracy by epoch, on training and on validation images.

    Args:
        records: the epoch records of log.jsonl.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure with two panels.
    """
    figure = new_figure(9, 3.8, title, stamp)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [r["epoch"] for r in records]
    for axes, what, scale in ((loss, "loss", 1), (accuracy, "accuracy", 100)):
        axes.plot(epochs, [scale * r[f"train_{what}"] for r in records], "o--", color=ORANGE, label="training")
        axes.plot(epochs, [scale * r[f"val_{what}"] for r in records], "o-", color=BLUE, label="validation")
        axes.set(xlabel="epoch", xlim=(0.5, len(epochs) + 0.5))
        axes.xaxis.get_major_locator().set_params(integer=True)
    highest = max(r[f"{split}_loss"] for r in records for split in ("train", "val"))
    loss.set(ylabel="mean cross-entropy (nats)", title="Loss", ylim=(0, 1.05 * highest))
    accuracy.set(ylabel="images classified correctly (%)", title="Accuracy", ylim=(0, 102))
    loss.legend()
    return figure


def draw_gates(stats: GateStatistics, classes: Sequence[str], title: str, stamp: str) -> Any:
    """One block's gates: every channel's distribution over all images, then mean and spread class by class.

    Args:
        stats: from `gates.summarise`.
        classes: their names.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure with three panels that share the order of the channels: by mean gate over all images.
    """
    order = np.argsort(stats.overall_mean)
    channels = len(order)
    figure = new_figure(10, 9, title, stamp)
    line, mean, sd = figure.subplots(3, 1, height_ratios=(1, 1.4, 1.4))

    x = np.arange(channels)
    middle, spread = stats.overall_mean[order], stats.overall_sd[order]
    line.fill_between(x, middle - spread, middle + spread, color=BLUE, alpha=0.25, linewidth=0, label="± 1 sd")
    line.plot(x, middle, color=BLUE, label="mean")
    line.axhline(0.5, color=GREY, linewidth=0.8, linestyle=":")
    low, high = _gate_limits(stats.mean)
    line.set(xlim=(-0.5, channels - 0.5), ylim=(low, 1.04 * high), ylabel="gate s", title="All images: mean and spread")
    line.legend(loc="lower right", ncols=2)

    for axes, values, name, limits, colours in (
        (mean, stats.mean, "Mean gate of each class", (low, high), GATE_COLOURS),
        (sd, stats.sd, "Spread of the gate between images of the same class", (0, float(np.nanmax(stats.sd))), "magma"),
    ):
        image = axes.imshow(values[:, order], aspect="auto", clim=limits, cmap=colours, interpolation="nearest")
        axes.set_yticks(range(len(classes)), classes, fontsize=8)
        axes.set_title(name)
        figure.colorbar(image, ax=axes, label="mean of s" if axes is mean else "sd of s", pad=0.01)
    sd.set_xlabel(f"the {channels} channels, ordered by mean gate over all images (the same order in all panels)")
    return figure


def _squeezed(block: GateCache, u: np.ndarray) -> list[tuple[np.ndarray, str, str]]:
    """What the squeeze made of one image: values, their kind, and a colour."""
    if block.s.ndim == 4:
        return [(u.mean(axis=(0, 1)), "mean", GREY)]
    if len(block.z) > len(block.s):  # avg+max: the mean's row above the maximum's
        return [(block.z[0], "mean", GREY), (block.z[1], "maximum", ORANGE)]
    maximum = isinstance(block, SECache) and block.squeeze == "max"
    return [(block.z[0], "maximum" if maximum else "mean", GREY)]


def draw_scaling(picture: np.ndarray, block: GateCache, title: str, stamp: str) -> Any:
    """The paper's Figure 1 with real numbers: U, what the squeeze saw, the gates, and X̃, for one image.

    Args:
        picture: (H, W, 3) uint8.
        block: the cache of one SE block after a forward pass on this picture alone, N = 1.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure: the picture, z and s above; every channel before and after scaling below, framed in its gate's
        colour.
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
    image.set_title("the picture")
    image.axis("off")

    low, high = _gate_limits(s)
    colours = _gate_colours((s - low) / (high - low))
    title = "no squeeze; each channel's mean, which no gate sees" if per_position else "squeeze: z"
    for z, kind, colour in _squeezed(block, u)[::-1]:  # the mean in front
        squeeze.bar(range(channels), z, width=1, color=colour, label=kind)
    squeeze.set(title=title, xlabel="channel", ylabel="z (activation)")
    squeeze.legend()
    gate.bar(range(channels), s, width=1, color=colours)
    whose = "each channel's gate" + (", mean over positions" if per_position else "")
    gate.set(title=f"excitation: s, {whose}", xlabel="channel", ylabel="s", ylim=(low, high))
    for axes in (squeeze, gate):
        axes.set_xlim(-0.5, channels - 0.5)

    before, after = below.subplots(1, 2)
    bright = float(np.percentile(u, 99.5)) or 1.0  # the same white for both, so that dimming shows
    for axes, maps, name in ((before, u, "U: before scaling"), (after, u * block.s[0], "X̃ = s · U: after scaling")):
        name += " (absolute)" if maps.min() < 0 else ""
        axes.imshow(_mosaic(np.abs(maps) / bright, colours), interpolation="nearest")
        axes.set_title(f"{name}, {channels} channels, frame = gate")
        axes.axis("off")
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    below.colorbar(ScalarMappable(Normalize(low, high), GATE_COLOURS), ax=[before, after], label="gate s", pad=0.01)
    return figure


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
    for axes, picture, answer, (sky, colour) in zip(left.subplots(2, 1), pictures, answers, skies, strict=True):
        axes.imshow(picture, interpolation="nearest")
        axes.set_title(f"{sky}: the net says\n“{answer}”", color=colour)
        axes.axis("off")
    panels = right.subplots(len(gates), 1, squeeze=False)[:, 0]
    for axes, (path, both) in zip(panels, gates.items(), strict=True):
        order = np.argsort(both[0].mean(axis=0) - both[1].mean(axis=0))
        for s, (sky, colour), marker in zip(both, skies, ("o", "s"), strict=True):
            mean, sd = s.mean(axis=0)[order], s.std(axis=0)[order]
            x = np.arange(len(order))
            axes.fill_between(x, mean - sd, mean + sd, color=colour, alpha=0.2, linewidth=0)
            axes.plot(x, mean, marker, color=colour, markersize=3.5, label=f"{sky}: mean ± sd")
        low, high = _gate_limits(both)
        axes.set(ylim=(low, 1.04 * high), xlim=(-0.5, len(order) - 0.5), ylabel="gate s", title=path)
    panels[0].legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1), borderpad=0)
    panels[-1].set_xlabel("channels of the block, ordered by the difference between the two skies")
    return figure


def _gate_limits(s: np.ndarray) -> tuple[float, float]:
    """The scale of a gate's axis: 0 to 1 for sigmoid gates, as wide as it takes for tanh and ReLU gates."""
    return min(0.0, float(np.nanmin(s))), max(1.0, float(np.nanmax(s)))


def _gate_colours(share: np.ndarray) -> np.ndarray:
    """(C, 3) the colours of gates, given as shares (0 to 1) of their scale."""
    from matplotlib import colormaps

    return colormaps[GATE_COLOURS](share)[:, :3]


def _grid(channels: int) -> tuple[int, int]:
    """How many tiles across and down: about as many, in full rows where that can be."""
    side = int(np.ceil(np.sqrt(channels)))
    across = next((a for a in range(side, 2 * side) if channels % a == 0), side)
    return across, int(np.ceil(channels / across))


def _mosaic(maps: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Lay (H, W, C) maps with values in 0 to 1 out as one RGB picture, each in a frame of its colour."""
    height, width, channels = maps.shape
    across, down = _grid(channels)
    frame = max(1, height // 8)
    tile_h, tile_w = height + 3 * frame, width + 3 * frame  # a frame on each side, and one of white between tiles
    picture = np.ones((down * tile_h, across * tile_w, 3))
    for c in range(channels):
        top, left = c // across * tile_h, c % across * tile_w
        picture[top : top + height + 2 * frame, left : left + width + 2 * frame] = colours[c]
        inside = maps[:, :, c, None].clip(0, 1)
        picture[top + frame : top + frame + height, left + frame : left + frame + width] = inside
    return picture
