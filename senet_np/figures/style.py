"""One look for every picture of the house.

Colors from Okabe and Ito's palette and the cividis map: both can be read by color-blind people and in
gray. Figures are made without pyplot, so nothing here touches a notebook's own settings or needs a screen.
"""

import textwrap
from pathlib import Path
from typing import Any

import numpy as np

GATE_COLORS = "cividis"  # gates: dark is shut, bright is open
BLUE, ORANGE, GRAY = "#0072B2", "#D55E00", "#666666"
PALETTE = (BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00")  # for lines: dashes tell them apart in gray
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
ACROSS = 3  # panels of blocks in a row
LETTERS = 10.5  # of a title, an inch

STYLE: dict[str, Any] = {
    "text.parse_math": False,  # a file may have $ in its name
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "legend.frameon": False,
    "figure.titlesize": 12,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "savefig.dpi": 140,
}


def new_figure(width: float, height: float, title: str, stamp: str) -> Any:
    """Make an empty figure whose title says the finding and, on a line of its own, what it was found on.

    Args:
        width, height: inches.
        title: the finding, one or two lines.
        stamp: network, data, seed and number of images.

    Returns:
        A matplotlib Figure. Make, draw and save it inside `style()`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    lines = [line for text in (title, stamp) for part in text.split("\n") for line in _fit(part, width)]
    figure.suptitle("\n".join(lines), x=0.01, ha="left")
    return figure


def _fit(text: str, width: float) -> list[str]:
    return textwrap.wrap(text, int(LETTERS * width))


def block_panels(figure: Any, blocks: int, **options: Any) -> list[Any]:
    """A panel for each block, from early to late, in rows of ACROSS.

    Args:
        figure: a figure or a part of one.
        blocks: how many.
        options: for `subplots`.

    Returns:
        The panels; what is left of the last row is blank.
    """
    across, down = min(ACROSS, blocks), -(-blocks // ACROSS)
    panels = [*figure.subplots(down, across, squeeze=False, **options).ravel()]
    for blank in panels[blocks:]:
        blank.axis("off")
    return panels[:blocks]


def gate_axis(s: np.ndarray) -> tuple[float, float]:
    """The scale of a gate's axis: 0 to 1 for sigmoid gates, as wide as it takes for tanh and ReLU gates."""
    return min(0.0, float(np.nanmin(s))), max(1.0, float(np.nanmax(s)))


def short(path: str) -> str:
    """A block's path as a title has room for it: "stage1.block2" for "stage1.block2.residual.branch.se"."""
    dropped = {"se", "branch", "residual"}
    return ".".join(part for part in path.split(".") if part not in dropped) or path


def shared_legend(figure: Any, axes: Any, columns: int) -> None:
    """One legend under all panels."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def style() -> Any:
    """The context in which all figures are drawn."""
    import matplotlib

    return matplotlib.rc_context(STYLE)  # pyright: ignore[reportArgumentType]


def save(figure: Any, path: Path) -> Path:
    """Write a figure as PNG and return its path."""
    figure.savefig(path)
    return path
