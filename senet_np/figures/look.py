"""What a figure is made for: a page that is read from near, or a slide that is seen from the last row.

    with style(LECTURE):
        few(blocks, "blocks")    # three of nine, and a note for the title that says so

Figures ask `look()` and `few()`, and know nothing else of it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

K = TypeVar("K")
V = TypeVar("V")

MIN_LECTURE_TEXT = 16.2  # points: 27 pixels where 16 × 9 inches fill a screen of 1920 × 1080


@dataclass(frozen=True)
class Look:
    """Sizes, and how much there is room for.

    Attributes:
        size: width and height of every figure in inches; None: what the figure asks for.
        text: factor of the sizes of text.
        min_text: the size in points that no text is smaller than.
        lines: factor of the widths of lines and the sizes of markers.
        dpi: pixels per inch of a saved figure.
        max_panels: how many blocks, channels or snapshots a figure shows at most.
        max_levels: how many panels of one block stand below each other at most.
        max_images: how many images stand at each end of a row at most.
        color_percentile: the share of weights, in percent, that the color scale of a matrix tells apart.
        titled: whether the finding and its provenance stand above a figure.
        notes: what `few` left out of the figure that is drawn now.
    """

    size: tuple[float, float] | None = None
    text: float = 1.0
    min_text: float = 0.0
    lines: float = 1.0
    dpi: int = 140
    max_panels: int = 1000
    max_levels: int = 10
    max_images: int = 7
    color_percentile: float = 99
    titled: bool = True
    notes: list[str] = field(default_factory=list)


PAGE = Look()
LECTURE = Look(
    size=(16, 9), text=1.75, min_text=MIN_LECTURE_TEXT, lines=2, dpi=120, max_panels=3, max_levels=2, max_images=3,
    color_percentile=90,
)  # fmt: skip
LOOKS = {"page": PAGE, "lecture": LECTURE}

_current: ContextVar[Look] = ContextVar("look", default=PAGE)


def look() -> Look:
    """The look in which figures are drawn now."""
    return _current.get()


@contextmanager
def looking(new: Look | None) -> Iterator[Look]:
    """Within this, figures are drawn in a look, or in the present one, with notes of their own."""
    token = _current.set(replace(new or look(), notes=[]))
    try:
        yield look()
    finally:
        _current.reset(token)


def few(items: Mapping[K, V], what: str) -> dict[K, V]:
    """As many items as there is room for: first, last, and some between them; a note says how many there are."""
    most, names = look().max_panels, [*items]
    if len(names) <= most:
        return {**items}
    chosen = np.linspace(0, len(names) - 1, most).round().astype(int)
    return only(items, [names[k] for k in chosen], what)


def only(items: Mapping[K, V], chosen: list[K], what: str) -> dict[K, V]:
    """The chosen items in their order; a note says how many there are."""
    kept = {name: item for name, item in items.items() if name in chosen}
    look().notes.append(f"{len(kept)} of {len(items)} {what} shown")
    return kept
