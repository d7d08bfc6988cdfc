"""`senet-np explain`: all figures of a run or of a bundled model, on one page."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..analysis.findings import Findings, load_findings, measure
from ..data import Dataset, Split, View, find_cifar10
from ..data.photo import Photo, read_photo, sample_photo
from ..errors import SenetError
from ..fast.workers import Workers
from ..figures import Sources, write_report
from ..figures.answer import ask
from ..figures.look import LOOKS
from ..files import quoted
from ..model import Metadata, Model, Result
from ..options import is_absolute
from ..runs.bundled import findings_path
from ..runs.load import load
from ..runs.run import Run
from ..runs.twins import plain_twin
from ..train.evaluation import evaluate, result_line
from .options import add_command, as_path, new_path, whole
from .trained import add_model, check_data_option, data_line, load_data_of

TOP = 5  # classes that are printed
EXAMPLES = """\
  senet-np explain runs/mine                         figures in runs/mine/plots: open index.html
  senet-np explain tiny-se                           a bundled model; needs no data and no network connection
  senet-np explain tiny-se --image photo.jpg         the answer to your own photo, and its gates
  senet-np explain runs/mine --image 7 --out DIR     follow validation image 7 through the blocks
  senet-np explain tiny-se --style lecture           large text and few panels, to be shown to a class
  senet-np explain runs/se50 --data imagenette/      an imported network on a folder of images: the paper's Figure 6
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "explain", run, "show what the gates of a trained network do", EXAMPLES)
    option = command.add_argument
    option("--image", type=_image, metavar="FILE|I", help="an image file, or a validation image's number (default: 0)")
    option("--out", type=new_path, metavar="DIR", help="default: RUN/plots, or explained/NAME")
    images = "how many images to classify again with other gates (default: as many as take about a minute)"
    option("--interventions", type=whole(1, 1_000_000), metavar="N", help=images)
    styles = "page, or lecture: 16:9, large text, at most three blocks in a figure (default: page)"
    option("--style", choices=tuple(LOOKS), metavar="STYLE", help=styles)
    add_model(command)


def _image(text: str) -> Path | int:
    return int(text) if text.isascii() and text.isdigit() else as_path(text)


def run(args: argparse.Namespace) -> int:
    """Draw everything, and print where the page is."""
    given = vars(args)
    model = load(args.model)
    bundled = not (Path(args.model) / "config.json").exists()
    if bundled and "interventions" in given:
        raise SenetError(f"{args.model} is bundled with its findings: --interventions is for runs")
    check_data_option(given, model.settings.data, args.model)
    dataset = None if _no_data(model, bundled, given) else _data(model, given)
    photo, notes, findings = _photo(given, dataset, model.view), (*_notes(model, dataset),), None
    out = given.get("out") or (Path("explained") / args.model if bundled else Path(args.model) / "plots")
    for note in notes:
        print(note)
    with Workers(given.get("workers")) as workers:
        if model.settings.se and bundled:
            findings = load_findings(findings_path(args.model))
        elif model.settings.se and dataset and model.settings.data == "imagenet":
            findings = measure(model, dataset, "all", workers, thorough=False)  # its classes are not the folder's
            findings = findings._replace(images=f"{findings.images} of {Path(dataset.name).name}")
        elif model.settings.se and dataset:
            findings = measure(model, dataset, "val", workers, given.get("interventions"))
        twin = _twin(model, findings, dataset, workers)
        sources, look = Sources(model, findings, photo, dataset, workers, twin), LOOKS[given.get("style", "page")]
        page, *figures = write_report(sources, out, notes, look)
    if photo and "image" in given:
        for name, probability in ask(model, photo, {}).best[:TOP]:
            print(f"  {100 * probability:5.1f} %  {name}")
    if not model.settings.se:
        print("this net has no SE blocks, so there are no gates to draw")
    print(f"figures: {len(figures)}, in {out}; open {page}")
    return 0


def _twin(model: Model, findings: Findings | None, dataset: Dataset | None, workers: Workers) -> Metadata | None:
    """The plain twin, its result on those images on which gates were replaced."""
    if findings is None:
        return None
    twin, counts = plain_twin(model), findings.interventions
    if twin and counts and dataset and "validation" in findings.images:
        images = Split(*(array[: counts.n] for array in dataset.val))
        score = evaluate(load(twin.name), images, workers)
        return replace(twin, result=Result(score.correct, score.n))
    return twin


def _data(model: Model, given: dict[str, Any]) -> Dataset | None:
    """The data; None where it was a folder that is not here any more, and a photo is asked about."""
    photo, name = isinstance(given.get("image"), Path), model.settings.data
    if photo and "data" not in given and is_absolute(name) and not Path(name).is_dir():
        return None
    return load_data_of(model, given)


def _no_data(model: Model, bundled: bool, given: dict[str, Any]) -> bool:
    """Whether there are no images to measure on: figures that need none are drawn then."""
    if model.settings.data == "imagenet":
        return given.get("data", "auto") == "auto"
    return bundled and model.settings.data == "cifar10" and find_cifar10(given.get("data_dir")) is None


def first_look(run: Run, dataset: Dataset, workers: int | None = None) -> list[Path]:
    """Draw what takes a few seconds, without interventions and pruning: what `train` does at its end."""
    model = run.model()
    command = f"python -m senet_np explain {quoted(run.path)}"
    notes = (f"{command} adds what takes a minute: accuracy with replaced gates, and pruning",)
    with Workers(workers) as pool:
        findings = measure(model, dataset, "val", pool, thorough=False) if model.settings.se else None
        return write_report(
            Sources(model, findings, _photo({}, dataset, model.view), dataset, pool), run.path / "plots", notes
        )


def _notes(model: Model, dataset: Dataset | None) -> Iterator[str]:
    """The first lines: which data this is, and how good the model is."""
    metadata, result = model.metadata, model.metadata.result
    if dataset is None and model.settings.data == "imagenet":
        yield "without --data DIR, a folder with images of each class, this shows one image alone"
    elif dataset is None and model.settings.data != "cifar10":
        yield f"{model.settings.data} is not here any more: the gates of this image alone; --data names where it is now"
    elif dataset is None:
        yield "CIFAR-10 is not on this machine: the figures show what was measured when the model was bundled"
    else:
        yield data_line(dataset, dataset.name)
    if result is not None:
        yield result_line(result.correct, result.n, metadata.data.name, metadata.data.provenance)
    elif not metadata.origin.startswith("weights from"):
        yield f"note: {metadata.name} is not trained to its end; the figures show it as it is"


def _photo(given: dict[str, Any], dataset: Dataset | None, view: View) -> Photo | None:
    """The requested image; else the first validation image, else the photo that comes with Matplotlib."""
    requested = given.get("image", 0)
    if isinstance(requested, Path):
        return read_photo(requested, view)
    if dataset is None:
        if "image" in given:
            raise SenetError(f"--image {requested} is a validation image's number, but the data is not on this machine")
        return sample_photo(view)
    images, labels = dataset.val
    if requested >= len(labels):
        raise SenetError(f"image {requested} does not exist: the validation images are numbered 0 to {len(labels) - 1}")
    image, truth = images[requested], dataset.classes[labels[requested]]
    return Photo(image, image, f"validation image {requested} ({truth})", truth)
