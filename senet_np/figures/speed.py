"""Pictures of speed: convolutions under the two ceilings of the machine, and how a training step grows."""

from pathlib import Path
from typing import Any

import numpy as np

from .style import BLUE, GRAY, ORANGE, new_figure, save, style

MARKS = {"loops": "x", "im2col": "s", "im2col in pieces": "D", "Winograd": "o", "PyTorch": "^"}
COLORS = {"loops": GRAY, "im2col": "#56B4E9", "im2col in pieces": BLUE, "Winograd": ORANGE, "PyTorch": "#000000"}


def draw_roofline(record: dict[str, Any], path: Path) -> Path:
    """Every convolution at its arithmetic intensity, under the roof of the machine.

    Args:
        record: what `bench` measured.
        path: the PNG to write.

    Returns:
        The path.

    Source: Williams, Waterman and Patterson 2009 (the roofline model).
    """
    ceiling, convs = record["ceilings"]["one thread"], record["convolutions"]
    title = "Convolutions under the roof: one core, forward and backward. Winograd goes through it, by doing less"
    with style():
        figure = new_figure(10.5, 6, title, _stamp(record))
        axes = figure.add_subplot()
        intensity = np.geomspace(2, 2 * max(conv["intensity"] for conv in convs), 100)
        roof = np.minimum(ceiling["gflops"], intensity * ceiling["gb_per_second"])
        axes.plot(intensity, roof, color=GRAY, linewidth=2)
        for text, x, y, align in (
            (f"matrix product: {ceiling['gflops']:.0f} GFLOP/s", 70, 1.7 * roof[-1], "right"),
            (f"memory: {ceiling['gb_per_second']:.0f} GB/s", 2.6, 1.7 * ceiling["gb_per_second"], "left"),
        ):
            axes.text(x, y, text, ha=align, va="top" if align == "left" else "bottom", color=GRAY)
        for kind, points in _points(convs).items():
            x, y = zip(*points, strict=True)
            axes.plot(x, y, MARKS[kind], color=COLORS[kind], label=kind, markersize=7, linestyle="none")
        seen: set[float] = set()
        for letter, conv in zip("abcdefghijklmnop", convs, strict=False):
            highest = max(rate["gflops"] for rate in conv["rates"].values())
            place = (conv["intensity"], highest)
            beside = conv["intensity"] in seen  # another shape stands above
            seen.add(conv["intensity"])
            offset = (-11, -4) if beside else (0, 7)
            axes.annotate(letter, place, offset, textcoords="offset points", ha="center", weight="bold")
        listing = "\n".join(
            f"{letter}   {conv['shape']}" for letter, conv in zip("abcdefghijklmnop", convs, strict=False)
        )
        axes.text(0.03, 0.62, listing, transform=axes.transAxes, va="top", fontsize=9)
        axes.set(xscale="log", yscale="log")
        axes.set_xlabel("arithmetic intensity: operations of the definition per byte that must move")
        axes.set_ylabel("rate, GFLOP/s (operations of the definition per second)")
        axes.set_ylim(top=4 * ceiling["gflops"])
        axes.legend(loc="center")
        return save(figure, path)


def draw_growth(record: dict[str, Any], path: Path) -> Path:
    """Images a second over the batch, one panel a width, one curve for each number of workers.

    Args:
        record: what `bench` measured.
        path: the PNG to write.

    Returns:
        The path.
    """
    curves = record["growth"]
    widths = sorted({curve["width"] for curve in curves})
    title = "How the cost of a training step grows: tiny SE-CNN, images a second by batch, width and workers"
    with style():
        figure = new_figure(11, 4.4, title, _stamp(record))
        panels = figure.subplots(1, len(widths), sharex=True, squeeze=False)[0]
        for axes, width in zip(panels, widths, strict=True):
            for curve in (c for c in curves if c["width"] == width):
                color = (BLUE, ORANGE)[curve["threads"] > 1]
                axes.plot(
                    curve["batches"], curve["images_per_second"], "o-", color=color, markersize=4,
                    label=f"{curve['threads']} worker" + "s" * (curve["threads"] > 1),
                )  # fmt: skip
            channels = "/".join(str(width * c) for c in (32, 64, 128))
            axes.set_title(f"width ×{width}: {channels} channels")
            axes.set_xscale("log", base=2)
            axes.xaxis.set_major_formatter("{x:.0f}")
            axes.set_xlabel("batch, images")
            axes.set_ylim(0)
        panels[0].set_ylabel("images a second")
        panels[0].legend(loc="lower right")
        return save(figure, path)


def _points(convs: list[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """{kind: [(intensity, GFLOP/s)]}; of PyTorch's layouts the faster one."""
    points: dict[str, list[tuple[float, float]]] = {}
    for conv in convs:
        rates = {name: rate["gflops"] for name, rate in conv["rates"].items()}
        theirs = [rate for name, rate in rates.items() if name.startswith("PyTorch")]
        merged = {name: rate for name, rate in rates.items() if name in MARKS} | (
            {"PyTorch": max(theirs)} if theirs else {}
        )
        for kind, rate in merged.items():
            points.setdefault(kind, []).append((conv["intensity"], rate))
    return points


def _stamp(record: dict[str, Any]) -> str:
    machine = record["machine"]
    pytorch = f", PyTorch {record['pytorch']}" if record.get("pytorch") else ""
    return f"{machine['processor']}, NumPy {machine['numpy']}, {machine['blas']}{pytorch}, float32"
