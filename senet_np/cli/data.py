"""`senet-np data`: where the images are, and how to get them. Also how the other commands load a run's data."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from ..data import CIFAR10_MIRRORS, Dataset, cache_folder, download, find_cifar10, load_cifar10, load_data
from ..data.cifar10 import ARCHIVE_SHA256, ARCHIVE_SIZE
from ..data.places import usual_folders
from ..errors import SenetError
from ..runs.run import Run
from .options import add_command, new_path, positive
from .trained import check_data_option

EXAMPLES = """\
  senet-np data                            which CIFAR-10 would be used, and whether its bytes are the official ones
  senet-np data --download                 fetch it into the cache folder (170 MB; goes on where it was cut off)
  senet-np data --download --data-dir DIR  fetch it into DIR
  senet-np data --download --url URL       from a server of your own, in a classroom say
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "data", run, "say where CIFAR-10 is found, or fetch it", EXAMPLES)
    command.add_argument("--download", action="store_true", help="fetch cifar-10-python.tar.gz, checked by its sha256")
    command.add_argument("--url", metavar="URL", help="fetch it from here and nowhere else")
    command.add_argument(
        "--timeout", type=positive, metavar="S", help="give a silent mirror up after S seconds (default: 20)"
    )
    command.add_argument(
        "--data-dir", type=new_path, metavar="DIR", help="look here, or fetch to here (default: the cache)"
    )


def run(args: argparse.Namespace) -> int:
    """Report, or fetch and report."""
    given = vars(args)
    if "url" in given and "download" not in given:
        raise SenetError("--url says where to fetch from: add --download")
    if "download" in given:
        folder = given.get("data_dir") or cache_folder()
        path = _fetch(folder / "cifar-10-python.tar.gz", given)
        print(f"fetched {path}")
        given["data_dir"] = path
    place = find_cifar10(given.get("data_dir"))
    if place is None:
        print("CIFAR-10: not found; fetch it with: python -m senet_np data --download. Looked into:")
        for folder in usual_folders():
            print(f"          {folder}")
    else:
        dataset = load_cifar10(place)
        sizes = [len(split.labels) for split in (dataset.train, dataset.val, dataset.test)]
        print(f"CIFAR-10: {place} ({dataset.stamp})")
        print("          {:,} training, {:,} validation and {:,} test images".format(*sizes))
    print("shapes: always there, made by NumPy from a seed")
    return 0


def data_line(dataset: Dataset, asked: str) -> str:
    """The line that `train`, `evaluate` and `explain` begin with: which data this is, and why."""
    if dataset.name == "shapes" and asked == "auto":
        why = "because CIFAR-10 was not found here; `python -m senet_np data --download` fetches it"
        return f"data: shapes (made by NumPy), {why}"
    where = "" if dataset.name == "shapes" else f" from {dataset.origin}"
    return f"data: {dataset.name} ({dataset.stamp}){where}"


def load_run_data(this: Run, given: dict[str, Any]) -> Dataset:
    """Load what a run was trained on: where the user says it is, else where it was then."""
    name = this.settings.data
    check_data_option(given, name, str(this.path))
    data_dir = given.get("data_dir")
    if (
        name == "cifar10"
        and data_dir is None
        and not os.environ.get("SENET_NP_DATA")
        and Path(this.data["origin"]).exists()
    ):
        data_dir = this.data["origin"]
    return load_data(name, data_dir)


def _fetch(destination: Path, given: dict[str, Any]) -> Path:
    from tqdm import tqdm

    urls = [given["url"]] if "url" in given else CIFAR10_MIRRORS
    with tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return download(
            urls,
            destination,
            ARCHIVE_SHA256,
            ARCHIVE_SIZE,
            min(given.get("timeout", 20.0), 3600.0),
            progress,
            lambda s: print(s, flush=True),
        )
