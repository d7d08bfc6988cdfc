"""`senet-np data`: where the images are, and how to get them."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ..data import cache_folder, find_cifar10, load_cifar10
from ..data.download import BINARY, PYTHON, SOURCES, download
from ..data.places import usual_folders
from ..errors import SenetError
from .options import add_command, new_path, positive

EXAMPLES = """\
  senet-np data                            which CIFAR-10 would be used, and whether its bytes are the official ones
  senet-np data --data-dir ~/Downloads     find it there: a folder, a .tar.gz, a .tar or a .zip
  senet-np data --download                 download it into the cache folder (170 MB; continues where it broke off)
  senet-np data --download --data-dir DIR  download it into DIR
  senet-np data --download --url URL       from a server of your own, in a classroom for example
"""
DEFAULT_TIMEOUT, MAX_TIMEOUT = 20.0, 3600.0  # seconds


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "say where CIFAR-10 is found, or download it"
    option = add_command(commands, "data", run, summary, EXAMPLES).add_argument
    option("--download", action="store_true", help="download CIFAR-10's archive, checked by its sha256")
    option("--url", metavar="URL", help=f"from here and nowhere else: {PYTHON.name} or {BINARY.name}")
    option("--timeout", type=positive, metavar="S", help="give a silent server up after S seconds (default: 20)")
    option("--data-dir", type=new_path, metavar="DIR", help="look here, or download to here (default: the cache)")


def run(args: argparse.Namespace) -> int:
    """Report, or download and report."""
    given = vars(args)
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


def _download(folder: Path, given: dict[str, Any]) -> Path:
    from tqdm import tqdm

    sources = [(given["url"], (PYTHON, BINARY))] if "url" in given else SOURCES
    timeout = min(given.get("timeout", DEFAULT_TIMEOUT), MAX_TIMEOUT)
    with tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return download(sources, folder, timeout, progress, lambda sentence: print(sentence, flush=True))
