"""`senet-np data`: where the images are, how to get them, and what a network will see of them."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ..data import DATA_SETS, SMALL, View, cache_folder, find_cifar10, load_cifar10
from ..data.download import BINARY, PYTHON, SOURCES, download
from ..data.places import usual_folders
from ..errors import SenetError
from ..options import NameOrFolder
from .options import add_command, add_settings, new_file, new_path, parsed, positive
from .trained import check_outside, data_line, load_folder_or_name

EXAMPLES = """\
  senet-np data                            which CIFAR-10 would be used, and whether its bytes are the official ones
  senet-np data --data-dir ~/Downloads     find it there: a folder, a .tar.gz, a .tar or a .zip
  senet-np data --download                 download it into the cache folder (170 MB; continues where it broke off)
  senet-np data --download --data-dir DIR  download it into DIR
  senet-np data --download --url URL       from a server of your own, in a classroom for example
  senet-np data --data pets                read a folder of images, count its classes, and draw some images of each
"""
DEFAULT_TIMEOUT, MAX_TIMEOUT = 20.0, 3600.0  # seconds


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "say where CIFAR-10 is found, download it, or look at a folder of images"
    command = add_command(commands, "data", run, summary, EXAMPLES)
    option = command.add_argument
    option("--download", action="store_true", help="download CIFAR-10's archive, checked by its sha256")
    option("--url", metavar="URL", help=f"the only address to use: {PYTHON.name} or {BINARY.name}")
    option("--timeout", type=positive, metavar="S", help="stop waiting after S seconds without data (default: 20)")
    option("--data-dir", type=new_path, metavar="DIR", help="look here, or download to here (default: the cache)")
    option("--data", type=parsed(NameOrFolder(DATA_SETS)), metavar="NAME|DIR", help="draw some images of this data set")
    option("--sheet", type=new_file, metavar="FILE", help="where to draw them (default: runs/NAME.png)")
    option("--skip-bad", action="store_true", help="skip files that cannot be read as images")
    add_settings(command, ("image_size",))


def run(args: argparse.Namespace) -> int:
    """Report, or download and report."""
    given = vars(args)
    if "data" in given:
        return _draw(given)
    if "url" in given and "download" not in given:
        raise SenetError("--url says where to download from: add --download")
    if "download" in given:
        given["data_dir"] = _download(given.get("data_dir") or cache_folder(), given)
        print(f"downloaded {given['data_dir']}")
    place = find_cifar10(given.get("data_dir"))
    if place is None:
        print("CIFAR-10: not found; download it with: python -m senet_np data --download. Searched:")
        for folder in usual_folders():
            print(f"          {folder}")
    else:
        dataset = load_cifar10(place)
        sizes = [len(split.labels) for split in (dataset.train, dataset.val, dataset.test)]
        print(f"CIFAR-10: {place} ({dataset.provenance})")
        print("          {:,} training, {:,} validation and {:,} test images".format(*sizes))
    print("shapes: always there, made by NumPy from a seed")
    return 0


def _draw(given: dict[str, Any]) -> int:
    """Read a data set, say what is in it, and draw a sheet of it."""
    from ..figures.sheet import draw_sheet
    from ..figures.style import save, style

    view = View(given.get("image_size", SMALL.size))
    dataset = load_folder_or_name(given["data"], given.get("data_dir"), view, "skip_bad" in given)
    print(data_line(dataset, given["data"]))
    print("   train    val   test")
    for label, name in enumerate(dataset.classes):
        counts = [int((split.labels == label).sum()) for split in (dataset.train, dataset.val, dataset.test)]
        print("  {:>6,} {:>6,} {:>6,}  {}".format(*counts, name))
    sheet = given.get("sheet") or Path("runs") / f"{Path(dataset.name).name}.png"
    if sheet.suffix.lower() != ".png":
        raise SenetError(f"--sheet {sheet} ends in {sheet.suffix!r}, expected .png")
    check_outside(sheet, dataset.name)
    sheet.parent.mkdir(parents=True, exist_ok=True)
    with style():
        save(draw_sheet(dataset), sheet)
    print(f"some training images of each class: {sheet}")
    return 0


def _download(folder: Path, given: dict[str, Any]) -> Path:
    from tqdm import tqdm

    sources = [(given["url"], (PYTHON, BINARY))] if "url" in given else SOURCES
    timeout = min(given.get("timeout", DEFAULT_TIMEOUT), MAX_TIMEOUT)
    with tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return download(sources, folder, timeout, progress, lambda sentence: print(sentence, flush=True))
