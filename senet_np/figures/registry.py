"""The figures of a report: each stands in a file of its own, which registers it here.

    @register(40, "Gates by depth", alt="what is drawn", see="what to see", beware="what not to conclude")
    def profiles(sources: Sources) -> Iterator[Drawing]:
        ...    # one Drawing, or one per block; none where something is missing

To add a figure to the report, add a file.
"""

import pkgutil
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from ..analysis.findings import Findings
from ..data.dataset import Dataset
from ..data.photo import Photo
from ..fast.workers import Workers
from ..model import Metadata, Model
from .style import short


class Sources(NamedTuple):
    """What figures are made from. Where something is None, the figures that need it are left out."""

    model: Model
    findings: Findings | None = None  # None for a net without SE
    photo: Photo | None = None  # the image to follow through the network
    dataset: Dataset | None = None  # for the top-activating images and, for shapes, both skies
    workers: Workers = Workers(1)
    twin: Metadata | None = None  # of the same network trained without SE, its result on the interventions' images

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the images: the network's, unless an imported one looks at a folder with others."""
        return self.dataset.classes if self.dataset else self.model.classes

    def images(self, n: int | None = None) -> str:
        """What the findings were measured on: "n = 10,000 test images", or the first n of them."""
        images = self.findings.images if self.findings else "0 images"
        if n is not None:
            return f"n = {images}" if images.startswith(f"{n:,} ") else f"n = the first {n:,} of {images}"
        positions = ", a gate being its mean over positions" if self.model.settings.squeeze == "none" else ""
        return f"n = {images}{positions}"


class Drawing(NamedTuple):
    """One figure that can be drawn."""

    title: str  # the finding, in a sentence made of its numbers
    source: str  # the images that it was found on
    draw: Callable[[], Any]  # makes the matplotlib Figure, without title
    block: str = ""  # the path of the block that it shows, "" for all


Drawings = Callable[[Sources], Iterable[Drawing]]


class Kind(NamedTuple):
    """One kind of figure: its words, and how to make it."""

    place: int  # on the page: smaller is higher up
    key: str  # its module's name, which its files are named by too
    name: str
    alt: str  # what is drawn, for readers who cannot see it
    see: str  # what to see in it
    beware: str  # what not to conclude from it
    drawings: Drawings

    def file_name(self, block: str) -> str:
        """The name of a figure's file."""
        return f"{self.key}_{block}.png" if block else f"{self.key}.png"

    def heading(self, block: str) -> str:
        """A figure's heading on the page: "Gates by depth", "All gates of one block: stage1"."""
        return f"{self.name}: {short(block)}" if block else self.name


_kinds: dict[str, Kind] = {}


def register(place: int, name: str, *, alt: str, see: str, beware: str) -> Callable[[Drawings], Drawings]:
    """Register the decorated function, which lists what can be drawn, under the name of its module."""

    def add(drawings: Drawings) -> Drawings:
        key = drawings.__module__.rpartition(".")[2]
        _kinds[key] = Kind(place, key, name, alt, see, beware, drawings)
        return drawings

    return add


def kinds() -> list[Kind]:
    """All registered kinds, in the order of the page."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")
    return sorted(_kinds.values())
