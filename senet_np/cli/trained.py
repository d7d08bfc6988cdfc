"""RUN|NAME: a trained model on the command line is a run's folder or the name of a bundled model; and the data."""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..data import Dataset, View, load_data
from ..data.folder import WITHOUT_BAD
from ..errors import SenetError
from ..model import Model
from ..options import is_absolute
from ..runs.bundled import names
from ..runs.public import by_name
from ..runs.run import Run
from ..settings import Settings
from .options import add_data_options, add_workers


def add_model(command: argparse.ArgumentParser, also: str = "") -> None:
    """The argument, whose value `runs.load.load` takes, and the options of all commands that look at a model."""
    command.add_argument("model", metavar="RUN|NAME", help=f"a run's folder, or one of {', '.join(names())}{also}")
    add_workers(command)
    add_data_options(command, "the data set it was trained on")


def load_data_of(model: Model | Run, given: dict[str, Any]) -> Dataset:
    """Load the data set that a model or run was trained on: from where the user says, else from where it was then."""
    data, name = (model.metadata.data, model.metadata.name) if isinstance(model, Model) else (model.data, model.path)
    check_data_option(given, data.name, str(name))
    data_dir = given.get("data_dir")
    named = data_dir or os.environ.get("SENET_NP_DATA")
    if data.name == "cifar10" and not named and data.origin and Path(data.origin).exists():
        data_dir = Path(data.origin)
    requested, skip_bad = given.get("data", "auto"), data.provenance == WITHOUT_BAD or "skip_bad" in given
    moved = is_absolute(requested)  # a folder is elsewhere now, or holds other images of the same classes
    dataset = load_folder_or_name(requested if moved else data.name, data_dir, model.view, skip_bad)
    if data.name == "imagenet":
        return by_name(dataset)
    if dataset.classes != model.classes:
        raise SenetError(f"{dataset.origin} has other classes than {name}: {', '.join(dataset.classes[:9])}")
    return dataset


def load_folder_or_name(name: str, data_dir: Path | None, view: View, skip_bad: bool) -> Dataset:
    """`load_data` with a progress bar, where there are many files to read."""
    from tqdm import tqdm

    with tqdm(unit="image", leave=False, disable=not sys.stderr.isatty()) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return load_data(name, data_dir, view, skip_bad, report)


def data_line(dataset: Dataset, requested: str) -> str:
    """The line that `train`, `evaluate` and `explain` begin with: which data this is, and why."""
    if dataset.name == "shapes" and requested == "auto":
        why = "because CIFAR-10 was not found here; `python -m senet_np data --download` downloads it"
        return f"data: shapes (made by NumPy), {why}"
    where = "" if dataset.name == "shapes" else f" from {dataset.origin}"
    if is_absolute(dataset.name):
        sizes = [len(split.labels) for split in (dataset.train, dataset.val, dataset.test)]
        sizes = "{:,} to train, {:,} to validate and {:,} to test with".format(*sizes)
        what = f"data: {dataset.name} ({dataset.provenance}): {len(dataset.classes)} classes, {sizes}"
        return f"{what}; {dataset.view.words}"
    return f"data: {dataset.name} ({dataset.provenance}){where}"


def check_outside(path: Path, data: str) -> None:
    """Refuse to write into a folder of images: what is written would be read as data the next time."""
    if is_absolute(data) and path.resolve().is_relative_to(data):
        raise SenetError(f"{path} lies in {data}, where the images are: write elsewhere, with --out or --sheet")


def check_data_option(given: dict[str, Any], data: str, name: str) -> None:
    """Refuse a --data that is not the data set of the model: its classes are others."""
    requested = given.get("data", "auto")
    both_folders = is_absolute(requested) and (data == "imagenet" or is_absolute(data))
    if requested not in ("auto", data) and not both_folders:
        raise SenetError(f"--data is {given['data']}, but {name} was trained on {data}: its classes are others")


def check_repeated(given: dict[str, Any], names: Iterable[str], settings: Settings, whose: str, advice: str) -> None:
    """Refuse options that contradict settings, which `whose` says; to repeat them is allowed."""
    for name in names:
        requested, actual = given.get(name), getattr(settings, name)
        if requested not in (None, actual) and (name, requested) != ("data", "auto"):
            raise SenetError(f"--{name.replace('_', '-')} is {requested}, but {whose} {actual}: {advice}")
