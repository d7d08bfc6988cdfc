"""Small images for networks for CIFAR-10, whose own photos may not be handed on: drawings in the public domain.

docs/tools/explorer_images.py makes them, and says from what.
"""

import json
from pathlib import Path

import numpy as np

from ..data.cifar10 import CLASSES
from ..data.dataset import Split

IMAGES, SOURCES = (Path(__file__).parent / "images" / name for name in ("drawings.png", "sources.json"))


def drawings() -> Split:
    """The images, (n, 32, 32, 3) uint8, with their labels as CIFAR-10 counts its classes."""
    from PIL import Image

    strip = np.asarray(Image.open(IMAGES))
    images = np.stack(np.split(strip, strip.shape[1] // strip.shape[0], axis=1))
    return Split(images, np.array([CLASSES.index(entry["class"]) for entry in _entries()]))


def sources() -> list[str]:
    """Where each of them comes from: "Gull by Marcelo Staudt, Open Clip Art Library 0.18, public domain"."""
    return [entry["source"] for entry in _entries()]


def _entries() -> list[dict[str, str]]:
    return json.loads(SOURCES.read_text("utf-8"))
