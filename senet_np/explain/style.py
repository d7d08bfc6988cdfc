"""One look for every picture of the house.

Floor 4. Colours from Okabe and Ito's palette and the cividis map: both can be read by colour-blind people and in
grey. Figures are made without pyplot, so nothing here touches a notebook's own settings or needs a screen.
"""

from pathlib import Path
from typing import Any

GATE_COLOURS = "cividis"  # gates: dark is shut, bright is open
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"

STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "legend.frameon": False,
    "figure.titlesize": 12,
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
        A matplotlib Figure. Draw and save it inside `style()`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(f"{title}\n{stamp}", x=0.01, ha="left")
    return figure


def style() -> Any:
    """The context in which all figures are drawn."""
    import matplotlib

    return matplotlib.rc_context(STYLE)  # pyright: ignore[reportArgumentType]


def save(figure: Any, path: Path) -> Path:
    """Write a figure as PNG and return its path."""
    figure.savefig(path)
    return path
