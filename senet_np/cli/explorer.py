"""`senet-np explorer`: a page on which one plays with a trained network."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.findings import load_findings, measure
from ..analysis.subject import of_box, of_run
from ..data import make_shapes
from ..data.dataset import Split
from ..data.photo import sample_photo
from ..data.shapes import other_labels
from ..explorer.page import explorer_page
from ..explorer.payload import Exhibit
from ..fast.workers import Workers
from ..files import write_atomically
from ..runs.bundled import findings_path, names, pretrained
from ..train.evaluation import result_line
from .data import load_run_data
from .options import WORKERS, add_command, add_data_options, new_path, whole
from .trained import is_of_the_box, open_named_run

ALL = "box"
FROM_THE_BOX = ("shapes-se", "tiny-se", "tiny-se-r2", "tiny-se-r8", "tiny-se-r16", "tiny-plain")
SAMPLES, SEED = 60, 5  # pictures of `shapes` in the page; the first one has a blue sky, under which more units live
EXAMPLES = """\
  senet-np explorer box                                  six networks of the box on one page, explorer.html
  senet-np explorer shapes-se --out page.html            one of them
  senet-np explorer runs/mine                            a network of your own
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "explorer", run, "make a page on which one plays with a trained network", EXAMPLES)
    command.add_argument(
        "what", metavar="RUN|NAME", help=f"a run's folder, one of {', '.join(names())}, or {ALL} for several of those"
    )
    command.add_argument("--out", type=new_path, metavar="FILE", help="default: explorer.html")
    command.add_argument("--threads", type=whole(1, 1024), metavar="T", help=WORKERS)
    add_data_options(command, "what the run was trained on")


def run(args: argparse.Namespace) -> int:
    """Write the page, and say where it is."""
    given = vars(args)
    if args.what == ALL:
        exhibits = [_of_box(name) for name in FROM_THE_BOX]
    else:
        exhibits = [_of_box(args.what) if is_of_the_box(args.what) else _of_run(args.what, given)]
    photo = sample_photo()
    page = explorer_page(exhibits, None if photo is None else photo.small).encode()
    out = given.get("out") or Path("explorer.html")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, page)
    print(f"{out}: {len(page) / 1e6:.2f} MB; open it in a browser, it needs nothing else")
    return 0


def _of_box(name: str) -> Exhibit:
    this = pretrained(name)
    found = load_findings(findings_path(name)) if this.settings.se else None
    test, data = this.about["test"], this.about["data"]
    said = result_line(test["correct"], test["n"], data["name"], data["stamp"])
    return Exhibit(name, of_box(this), found, said, *_samples(data["name"]))


def _of_run(what: str, given: dict[str, Any]) -> Exhibit:
    """A run's network, its gates measured on the validation images."""
    this = open_named_run(what)
    dataset = load_run_data(this, given)
    subject = of_run(this)
    with Workers(given.get("threads")) as workers:
        found = measure(subject, dataset, "val", workers) if this.settings.se else None
    result = this.result
    said = result_line(result["correct"], result["n"], dataset.name, result["stamp"]) if result else "not yet trained"
    return Exhibit(this.path.name, subject, found, said, *_samples(dataset.name))


def _samples(data: str) -> tuple[Split | None, np.ndarray | None]:
    """Pictures that the page may hold, those that NumPy draws, and what would be right under the other sky.

    A photograph of CIFAR-10 is not ours to give away.
    """
    if data != "shapes":
        return None, None
    pictures = make_shapes(SAMPLES, np.random.default_rng(SEED))
    return pictures, other_labels(SAMPLES, np.random.default_rng(SEED))
