"""The look that all figures share, and the parts of a figure that several need.

Colors from Okabe and Ito's palette and the cividis map: both can be read by color-blind people and in
gray. Figures are made without pyplot and from Matplotlib's own defaults: nothing here touches a notebook's
settings, needs a screen, or depends on the user's matplotlibrc and MPLBACKEND.
"""

import contextlib
import io
import os
import sys
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.gates import GateStatistics
from ..errors import SenetError
from ..files import write_atomically
from .look import Look, look, looking

GATE_COLORS = "cividis"  # gates: dark is shut, bright is open
BLUE, ORANGE, GRAY = "#0072B2", "#D55E00", "#666666"
PANELS_PER_ROW = 3
LETTERS_PER_INCH = 10.5  # of a title
MAX_NUMBERS = 4  # that a title lists one by one

STYLE: dict[str, Any] = {
    "text.parse_math": False,  # a file may have $ in its name
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
}
SIZES = {"font.size": 10, "axes.titlesize": 11, "figure.titlesize": 12}  # points, on a page


@contextlib.contextmanager
def style(new: Look | None = None) -> Iterator[Look]:
    """The context in which all figures are drawn and saved, in the present look if none is given.

    Every setting is put back at its end.
    """
    matplotlib = load_matplotlib()
    kept = ("backend", "interactive")  # or a notebook would not show what is drawn in this context
    defaults = {name: value for name, value in matplotlib.rcParamsDefault.items() if name not in kept}
    with looking(new) as now, warnings.catch_warnings():
        sizes = {name: now.text * size for name, size in SIZES.items()}
        with matplotlib.rc_context({**defaults, "savefig.dpi": now.dpi, **sizes, **STYLE}):
            warnings.filterwarnings("ignore", "Glyph", UserWarning)  # a letter that the font lacks is drawn as a box
            yield now


def load_matplotlib() -> Any:
    """Import Matplotlib whatever MPLBACKEND says, for files need no backend; SenetError if that is impossible."""
    if "matplotlib" in sys.modules:
        return sys.modules["matplotlib"]
    backend = os.environ.pop("MPLBACKEND", None)  # an unknown one would be an error at import
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # complaints about a matplotlibrc that is not used here
            import matplotlib
    except Exception as error:
        advice = "correct its configuration file (matplotlibrc), or install it again"
        raise SenetError(f"Matplotlib cannot be imported ({error}): {advice}") from error
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend:  # the caller's own plots go where they would have gone
        with contextlib.suppress(ValueError):
            matplotlib.rcParams["backend"] = backend
    return matplotlib


def new_figure(width: float, height: float) -> Any:
    """An empty matplotlib Figure; width and height in inches, unless the look has its own.

    Make, draw and save it inside `style()`.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=look().size or (width, height))


def enlarge(figure: Any) -> Any:
    """Make lines and markers as thick as the look asks for, and no text too small; returns the figure."""
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

    now = look()
    if now.min_text:
        for text in figure.findobj(Text):
            text.set_fontsize(max(text.get_fontsize(), now.min_text))
        _wrap_labels(figure)
    if now.lines != 1:
        for line in figure.findobj(Line2D):
            line.set(linewidth=now.lines * line.get_linewidth(), markersize=now.lines * line.get_markersize())
        for bars in figure.findobj(LineCollection):
            bars.set_linewidth(now.lines * bars.get_linewidth())
    return figure


def _wrap_labels(figure: Any) -> None:
    """Break titles and labels of panels that are longer than the side that they stand at."""
    figure.draw_without_rendering()  # how large panels are is known now
    for axes in figure.findobj(lambda artist: hasattr(artist, "get_xlabel")):
        box = axes.get_window_extent()
        sides = [(axes.xaxis.label, box.width), (axes.yaxis.label, box.height)]
        for text, pixels in (*sides, *((title, 1.1 * box.width) for title in (axes.title, axes._left_title))):
            letters = max(8, int(pixels / figure.dpi * LETTERS_PER_INCH * SIZES["figure.titlesize"] / text.get_size()))
            lines = text.get_text().replace(" = ", "\u00a0=\u00a0").split("\n")
            text.set_text("\n".join(textwrap.fill(line, letters) for line in lines))


def add_title(figure: Any, title: str, provenance: str) -> Any:
    """Write above a figure what was found and, on a line of its own, what it was found on; returns the figure.

    The title is the finding; the provenance is network, data, seed and number of images.
    """
    if not look().titled:
        return figure
    parts = [part for text in (title, provenance) for part in text.split("\n")]
    width = int(LETTERS_PER_INCH / look().text * figure.get_figwidth())
    figure.suptitle("\n".join(line for part in parts for line in textwrap.wrap(part, width)), x=0.01, ha="left")
    return figure


def save(figure: Any, path: Path) -> Path:
    """Write a figure as PNG and return its path."""
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="png")
    write_atomically(path, buffer.getvalue())
    return path


def rows_for(count: int, across: int = PANELS_PER_ROW) -> int:
    """How many rows it takes to place `count` panels, `across` in a row."""
    return -(-count // across)


def block_panels(
    figure: Any, count: int, across: int = PANELS_PER_ROW, heights: tuple[float, ...] = (1,), **options: Any
) -> np.ndarray:
    """Panels for each block, first to last: (count, len(heights)), those of one block below each other.

    At most `across` blocks stand in a row; `options` are for matplotlib's `subplots`.
    """
    down, levels = rows_for(count, across), len(heights)
    grid = figure.subplots(down * levels, min(across, count), squeeze=False, height_ratios=heights * down, **options)
    panels = grid.reshape(down, levels, -1).swapaxes(1, 2).reshape(-1, levels)
    for blank in panels[count:].flat:  # the rest of the last row
        blank.axis("off")
    return panels[:count]


def draw_band(
    axes: Any,
    block: GateStatistics,
    order: np.ndarray,
    color: str = GRAY,
    label: str = "all images, ± 1 sd",
    sds: int = 1,
) -> None:
    """Draw each channel's mean ± `sds` standard deviations over all images as a band, within the range of the gates."""
    low, high = block.limits
    mean, reach = block.overall_mean[order], sds * block.overall_sd[order]
    ends = np.maximum(mean - reach, low), np.minimum(mean + reach, high)
    axes.fill_between(range(len(order)), *ends, color=color, alpha=0.25, linewidth=0, label=label)
    margin = 0.02 * (high - low)
    axes.set(xlim=(-0.5, len(order) - 0.5), ylim=(low - margin, high + margin))
    axes.xaxis.get_major_locator().set_params(integer=True)


def gate_axis(s: np.ndarray) -> tuple[float, float]:
    """The limits of a gate's axis: 0 to 1 for sigmoid gates, as wide as needed for tanh and ReLU gates."""
    return min(0.0, float(np.nanmin(s))), max(1.0, float(np.nanmax(s)))


def show_image(axes: Any, image: np.ndarray, title: str = "", **options: Any) -> None:
    """Show an image pixel by pixel, without axes; `options` are for its title."""
    axes.imshow(image, interpolation="nearest")
    axes.set_title(title, **options)
    axes.axis("off")


def shared_legend(figure: Any, axes: Any, columns: int) -> None:
    """One legend below all panels."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def short(path: str) -> str:
    """A block's path, short enough for a title: "stage1.block2" for "stage1.block2.residual.branch.se"."""
    dropped = {"se", "branch", "residual"}
    return ".".join(part for part in path.split(".") if part not in dropped) or path


def percentages(parts: Mapping[str, float]) -> str:
    """ "6, 3 and 13 %", by block from first to last; where there are many, "3 % (stage2) to 13 % (stage3)"."""
    names, values = [*parts], np.array([*parts.values()])
    if values.max() < 0.005:  # all would be 0 %
        return "less than 0.5 %"
    if len(parts) > MAX_NUMBERS:
        low, high = int(values.argmin()), int(values.argmax())
        return f"{100 * values[low]:.0f} % ({short(names[low])}) to {100 * values[high]:.0f} % ({short(names[high])})"
    *first, last = (f"{100 * value:.0f}" for value in values)
    return (f"{', '.join(first)} and {last}" if first else last) + " %"
