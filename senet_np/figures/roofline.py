"""Convolutions under the two ceilings of the machine."""

import string
from pathlib import Path
from typing import Any

import numpy as np

from .style import BLUE, GRAY, ORANGE, add_title, new_figure, save, style

MARKS = {"loops": "x", "im2col": "s", "im2col in pieces": "D", "Winograd": "o", "PyTorch": "^"}
COLORS = {"loops": GRAY, "im2col": "#56B4E9", "im2col in pieces": BLUE, "Winograd": ORANGE, "PyTorch": "#000000"}


def draw_roofline(record: dict[str, Any], path: Path) -> Path:
    """Draw what `bench` measured into a PNG: every convolution at its arithmetic intensity, under the roof.

    Source: Williams, Waterman and Patterson 2009 (the roofline model).
    """
    ceiling, convs = record["ceilings"]["one thread"], record["convolutions"]
    title = "Convolutions under the roof: one core, forward and backward. Winograd goes through it by computing less"
    with style():
        figure = add_title(new_figure(10.5, 6), title, machine(record))
        axes = figure.add_subplot()
        intensity = np.geomspace(2, 2 * max(conv["intensity"] for conv in convs), 100)
        roof = np.minimum(ceiling["gflops"], intensity * ceiling["gb_per_second"])
        axes.plot(intensity, roof, color=GRAY, linewidth=2)
        product, memory = f"{ceiling['gflops']:.0f} GFLOP/s", f"{ceiling['gb_per_second']:.0f} GB/s"
        axes.text(70, 1.7 * roof[-1], f"matrix product: {product}", ha="right", va="bottom", color=GRAY)
        axes.text(2.6, 1.7 * ceiling["gb_per_second"], f"memory: {memory}", ha="left", va="top", color=GRAY)
        for kind, points in _points(convs).items():
            x, y = zip(*points, strict=True)
            axes.plot(x, y, MARKS[kind], color=COLORS[kind], label=kind, markersize=7, linestyle="none")
        _name_points(axes, convs)
        axes.set(xscale="log", yscale="log")
        axes.set_xlabel("arithmetic intensity: operations of the definition per byte that must move")
        axes.set_ylabel("rate, GFLOP/s (operations of the definition per second)")
        axes.set_ylim(top=4 * ceiling["gflops"])
        axes.legend(loc="center")
        return save(figure, path)


def machine(record: dict[str, Any]) -> str:
    """What a benchmark was measured on: processor and versions."""
    machine = record["machine"]
    pytorch = f", PyTorch {record['pytorch']}" if record.get("pytorch") else ""
    return f"{machine['processor']}, NumPy {machine['numpy']}, {machine['blas']}{pytorch}, float32"


def _name_points(axes: Any, convs: list[dict[str, Any]]) -> None:
    """A letter above each convolution's highest rate, and a list of what the letters mean."""
    intensities: set[float] = set()
    for letter, conv in zip(string.ascii_lowercase, convs, strict=False):
        place = conv["intensity"], max(rate["gflops"] for rate in conv["rates"].values())
        offset = (-11, -4) if conv["intensity"] in intensities else (0, 7)  # beside, where another letter stands above
        intensities.add(conv["intensity"])
        axes.annotate(letter, place, offset, textcoords="offset points", ha="center", weight="bold")
    names = [f"{letter}   {conv['shape']}" for letter, conv in zip(string.ascii_lowercase, convs, strict=False)]
    axes.text(0.03, 0.62, "\n".join(names), transform=axes.transAxes, va="top", fontsize=9)


def _points(convs: list[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """{kind: [(intensity, GFLOP/s)]}; the faster one of PyTorch's layouts."""
    points: dict[str, list[tuple[float, float]]] = {}
    for conv in convs:
        rates = {name: rate["gflops"] for name, rate in conv["rates"].items()}
        theirs = [rate for name, rate in rates.items() if name.startswith("PyTorch")]
        shown = {name: rate for name, rate in rates.items() if name in MARKS}
        for kind, rate in (shown | ({"PyTorch": max(theirs)} if theirs else {})).items():
            points.setdefault(kind, []).append((conv["intensity"], rate))
    return points
