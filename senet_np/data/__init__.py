"""Images to learn from: CIFAR-10 where it is found, folders of your own, and `shapes`, which NumPy draws anywhere."""

from pathlib import Path

from ..options import is_absolute
from .cifar10 import load_cifar10
from .dataset import Dataset, Split
from .folder import Report, load_folder
from .places import DataError, cache_folder, find_cifar10
from .shapes import load_shapes, make_shapes
from .view import SMALL, View

DATA_SETS = ("cifar10", "shapes")  # by name; a folder of images is one by its path


def load_data(
    name: str = "auto",
    data_dir: str | Path | None = None,
    view: View = SMALL,
    skip_bad: bool = False,
    report: Report | None = None,
) -> Dataset:
    """Load a data set by the name that the command line knows it by.

    Args:
        name: "cifar10", "shapes", or "auto": CIFAR-10 where it is on this machine, else shapes. Nothing is downloaded.
            Or the full path of a folder of images.
        data_dir: where CIFAR-10 is; None for $SENET_NP_DATA, else the usual places.
        view: how the images of a folder are resized and cut.
        skip_bad: whether to go on without files of a folder that are no images.
        report: is told how many files of a folder are read, of how many.

    Raises:
        DataError: CIFAR-10 was requested, or a place was named for it, and it cannot be read there; a folder that holds
            no classes of images.
    """
    if is_absolute(name):
        return load_folder(Path(name), view, skip_bad, report)
    if name == "imagenet":
        raise DataError("ImageNet itself is not read: name a folder with some of its images, one subfolder per class")
    if name not in ("auto", *DATA_SETS):
        raise ValueError(f"name is {name!r}, expected 'auto', 'cifar10', 'shapes' or a folder's full path")
    if view.size != SMALL.size:
        raise DataError(f"the image size is {view.size}, and images of {name} have {SMALL.size}: leave it out")
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
    "DATA_SETS",
    "SMALL",
    "DataError",
    "Dataset",
    "Split",
    "View",
    "cache_folder",
    "find_cifar10",
    "load_cifar10",
    "load_data",
    "load_folder",
    "load_shapes",
    "make_shapes",
]
