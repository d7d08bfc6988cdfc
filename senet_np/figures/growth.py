"""How a training step grows with the batch, the width and the workers."""

from pathlib import Path
from typing import Any

from .roofline import machine
from .style import BLUE, ORANGE, add_title, new_figure, save, style


def draw_growth(record: dict[str, Any], path: Path) -> Path:
    """Draw what `bench` measured into a PNG: images per second by batch size, one panel per width."""
    curves = record["growth"]
    widths = sorted({curve["width"] for curve in curves})
    title = "How the cost of a training step grows: tiny SE-CNN, images per second by batch size, width and workers"
    with style():
        figure = add_title(new_figure(11, 4.4), title, machine(record))
        panels = figure.subplots(1, len(widths), sharex=True, squeeze=False)[0]
        for axes, width in zip(panels, widths, strict=True):
            for curve in (c for c in curves if c["width"] == width):
                workers = curve["workers"]
                label = f"{workers} worker" + "s" * (workers > 1)
                color = ORANGE if workers > 1 else BLUE
                axes.plot(curve["batches"], curve["images_per_second"], "o-", color=color, markersize=4, label=label)
            channels = "/".join(str(width * c) for c in (32, 64, 128))
            axes.set_xscale("log", base=2)
            axes.xaxis.set_major_formatter("{x:.0f}")
            axes.set(title=f"width ×{width}: {channels} channels", xlabel="batch size (images)", ylim=(0, None))
        panels[0].set_ylabel("images per second")
        panels[0].legend(loc="lower right")
        return save(figure, path)
