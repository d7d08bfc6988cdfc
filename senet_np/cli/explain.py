"""`senet-np explain`: all figures of a run, or of a network in the box, on one page."""

import argparse
from pathlib import Path
from typing import Any

from ..analysis.findings import Findings, load_findings, measure
from ..analysis.subject import Subject, of_box, of_run
from ..data import Dataset, find_cifar10, load_cifar10, load_shapes
from ..data.photo import Picture, read_photo, sample_photo
from ..errors import SenetError
from ..fast.workers import Workers
from ..figures.report import write_report
from ..runs.bundled import findings_path, pretrained
from ..runs.run import Run
from ..train.evaluation import result_line
from .data import data_line, load_run_data
from .options import WORKERS, add_command, add_data_options, as_path, new_path, whole
from .trained import add_trained, check_data_option, is_of_the_box, open_named_run

EXAMPLES = """\
  senet-np explain runs/mine                         figures in runs/mine/plots: open index.html
  senet-np explain tiny-se                           a trained network from the box; needs no data and no network
  senet-np explain tiny-se --image photo.jpg         what it says to a photo of yours, and with which gates
  senet-np explain runs/mine --image 7 --out DIR     follow validation image 7 through the blocks
"""
Found = tuple[Subject, Findings | None, Dataset | None, Picture | None, list[str]]  # and what is to be said of them


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "explain", run, "show what the gates of a trained network do", EXAMPLES)
    add_trained(command)
    command.add_argument(
        "--image", metavar="FILE|I", help="a picture file, or a validation image's number (default: 0)"
    )
    command.add_argument("--out", type=new_path, metavar="DIR", help="default: RUN/plots, or explained/NAME")
    command.add_argument(
        "--controls",
        type=whole(1),
        metavar="N",
        help="how many images are classified again with other gates (default: as many as take about a minute)",
    )
    command.add_argument("--threads", type=whole(1, 1024), metavar="T", help=WORKERS)
    add_data_options(command, "what the network was trained on")


def run(args: argparse.Namespace) -> int:
    """Draw everything, and say where the page is."""
    given = vars(args)
    with Workers(given.get("threads")) as workers:
        boxed = is_of_the_box(args.what)
        subject, found, dataset, picture, notes = _of_box(given) if boxed else _of_run(given, workers)
        out = given.get("out") or (Path("explained") / args.what if boxed else Path(args.what) / "plots")
        for note in notes:
            print(note)
        page, *figures = write_report(subject, found, out, picture, dataset, workers, tuple(notes))
    if found is None:
        print("this net has no SE blocks, so there are no gates to draw")
    print(f"figures: {len(figures)}, in {out}; open {page}")
    return 0


def first_look(this: Run, dataset: Dataset) -> list[Path]:
    """What `train` draws at its end: all that takes moments, without controls and pruning."""
    subject, folder = of_run(this), this.path / "plots"
    notes = (
        f"python -m senet_np explain {this.path} adds what takes a minute: accuracy with other gates, and pruning",
    )
    with Workers() as workers:
        found = measure(subject, dataset, "val", workers, thorough=False) if this.settings.se else None
        return write_report(subject, found, folder, _picture({}, dataset), dataset, workers, notes)


def _of_run(given: dict[str, Any], workers: Workers) -> Found:
    this = open_named_run(given["what"])
    dataset = load_run_data(this, given)
    notes = [data_line(dataset, dataset.name)]
    if this.result is not None:
        notes.append(result_line(this.result["correct"], this.result["n"], dataset.name, this.result["stamp"]))
    elif "imported" not in this.data:
        notes.append(f"note: {this.path} is not trained to its end; the figures show it as it is")
    subject, picture = of_run(this), _picture(given, dataset)  # before what takes a minute: it may not be there
    found = measure(subject, dataset, "val", workers, given.get("controls")) if this.settings.se else None
    return subject, found, dataset, picture, notes


def _of_box(given: dict[str, Any]) -> Found:
    name = given["what"]
    this = pretrained(name)
    if "controls" in given:
        raise SenetError(f"{name} lies in the box with its findings: --controls is for runs")
    check_data_option(given, this.settings.data, name)
    dataset = _data_here(this.settings.data, given.get("data_dir"))
    test = this.about["test"]
    notes = [result_line(test["correct"], test["n"], this.settings.data, this.about["data"]["stamp"])]
    if dataset is None:
        notes.append("CIFAR-10 is not on this machine: the figures come from what lies in the box beside the weights")
    else:
        notes.append(data_line(dataset, dataset.name))
    found = load_findings(findings_path(name)) if this.settings.se else None
    return of_box(this), found, dataset, _picture(given, dataset), notes


def _data_here(name: str, data_dir: Path | None) -> Dataset | None:
    """The data if it is on this machine; nothing is fetched."""
    if name == "shapes":
        return load_shapes()
    place = find_cifar10(data_dir)
    return None if place is None else load_cifar10(place)


def _picture(given: dict[str, Any], dataset: Dataset | None) -> Picture | None:
    """The picture that was asked for; else the first validation image, else the photo that Matplotlib brings."""
    asked = given.get("image", "0")
    if not asked.isascii() or not asked.isdigit():
        return read_photo(_path(asked))
    if dataset is None:
        if "image" in given:
            raise SenetError(
                f"--image {asked} is the number of a validation image, but the data is not on this machine"
            )
        return sample_photo()
    images, labels = dataset.val
    index = int(asked)
    if index >= len(labels):
        raise SenetError(f"image {index} does not exist: the validation images are numbered 0 to {len(labels) - 1}")
    truth = dataset.classes[labels[index]]
    return Picture(images[index], images[index], f"validation image {index} ({truth})", truth)


def _path(asked: str) -> Path:
    try:
        return as_path(asked)
    except argparse.ArgumentTypeError as error:
        raise SenetError(f"--image {error}") from None
