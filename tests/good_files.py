"""Good files of every kind that is read, for tests that spoil them."""

import os
import shutil
from pathlib import Path

import numpy as np
from cifar10_files import BATCHES, PYTHON, a_batch, write_archive
from PIL import Image
from small_training import Training

from senet_np.cli import main

ARCHIVE = "cifar-10-python.tar.gz"
IMAGES = ("png", "jpeg", "gif", "bmp", "tiff")


def make_good_files(place: Path) -> None:
    """A run, its weights, a comparison with results, and images."""
    status, output = Training(place / "run").end()
    assert status == 0, output
    for ending in ("npz", "safetensors"):
        assert main(["export", str(place / "run"), str(place / f"weights.{ending}")]) == 0
    (place / "comparison").mkdir()
    lines = ['title = "t"', 'data = "shapes"', "seeds = 2", 'results = "r.jsonl"', "[settings]", "epochs = 1"]
    (place / "comparison/c.toml").write_text("\n".join([*lines, "[arms.a]", "[arms.b]", "se = false", ""]))
    shutil.copy(Path(__file__).parents[1] / "docs/comparisons/shapes.jsonl", place / "comparison/r.jsonl")
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8))
    for ending in IMAGES:
        noise.save(place / f"image.{ending}")


def make_cifar10(place: Path) -> None:
    """CIFAR-10 as a folder and as an archive; all six files are the same, and black."""
    (place / PYTHON).mkdir()
    content = a_batch(np.zeros((10_000, 3072), np.uint8), [k % 10 for k in range(10_000)])
    for name in BATCHES:
        (place / PYTHON / name).write_bytes(content)
    write_archive(place / ARCHIVE, place / PYTHON)


def link(place: Path, name: str, to: Path) -> Path:
    """Link a good file, or the folder that it lies in, to another folder; its path there."""
    top = name.split("/")[0]
    if (place / top).is_dir():
        shutil.copytree(place / top, to / top, copy_function=os.link)
    else:
        os.link(place / top, to / top)
    return to / name
