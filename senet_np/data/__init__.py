"""Images to learn from: CIFAR-10 where it is found, and `shapes`, which NumPy draws anywhere."""

from pathlib import Path

from .cifar10 import load_cifar10
from .dataset import Dataset, Split
from .places import DataError, cache_folder, find_cifar10
from .shapes import load_shapes, make_shapes


def load_data(name: str = "auto", data_dir: str | Path | None = None) -> Dataset:
    """Load a data set by the name that the command line knows it by.

    Args:
        name: "cifar10", "shapes", or "auto": CIFAR-10 where it is on this machine, else shapes. Nothing is downloaded.
        data_dir: where CIFAR-10 is; None for $SENET_NP_DATA, else the usual places.

    Raises:
        DataError: CIFAR-10 was requested, or a place was named for it, and it cannot be read there.
    """
    if name not in ("auto", "cifar10", "shapes"):
        raise ValueError(f"name is {name!r}, expected 'auto', 'cifar10' or 'shapes'")
    place = None if name == "shapes" else find_cifar10(data_dir)
    if place is not None:
        return load_cifar10(place)
    if name == "cifar10":
        raise DataError(
            "CIFAR-10 was not found in the usual places: name its folder with --data-dir, download it with "
            "'python -m senet_np data --download', or train on shapes with --data shapes"
        )
    return load_shapes()


__all__ = [
    "DataError",
    "Dataset",
    "Split",
    "cache_folder",
    "find_cifar10",
    "load_cifar10",
    "load_data",
    "load_shapes",
    "make_shapes",
]
