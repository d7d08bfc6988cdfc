"""`senet-np evaluate`: the test accuracy of a run or of a bundled model."""

import argparse
from collections.abc import Iterator
from typing import Any

from ..data import Dataset
from ..fast.workers import Workers
from ..model import Model
from ..runs.load import load
from ..runs.public import as_imagenet
from ..train.evaluation import evaluate, result_line
from .options import add_command
from .trained import add_model, data_line, load_data_of

EXAMPLES = """\
  senet-np evaluate runs/mine
  senet-np evaluate tiny-se                                     a bundled model, on the data that is found here
  senet-np evaluate runs/mine --tta                             also averaged over mirrored and shifted images
  senet-np evaluate runs/mine --data cifar10 --data-dir DIR     CIFAR-10 is in another folder now
  senet-np evaluate runs/se50 --data imagenette/val             an imported network, on all images of a folder
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "evaluate", run, "classify the test images with a trained network", EXAMPLES)
    add_model(command)
    help = "test-time augmentation: also classify with logits averaged over mirrored and shifted images"
    command.add_argument("--tta", action="store_true", help=help)


def run(args: argparse.Namespace) -> int:
    """Print the test accuracy; the last line is the same as at the end of training."""
    given = vars(args)
    model = load(args.model)
    dataset = load_data_of(model, given)
    for line in (data_line(dataset, dataset.name), *_notes(model, dataset)):
        print(line)
    split = as_imagenet(dataset, model) if model.settings.data == "imagenet" else dataset.test
    with Workers(given.get("workers")) as workers:
        score = evaluate(model, split, workers)
        print(f"{model.settings.describe()}: mean test loss {score.loss:.4f} nats")
        if "tta" in given:
            averaged = evaluate(model, split, workers, tta=True)
            line = result_line(averaged.correct, averaged.n, dataset.name, dataset.provenance)
            print(f"over six views of each image, mirrored and shifted: {line}; without them:")
    print(result_line(score.correct, score.n, dataset.name, dataset.provenance))
    return 0


def _notes(model: Model, dataset: Dataset) -> Iterator[str]:
    """What one has to know about the model or the data to read the result right."""
    metadata, epochs = model.metadata, len(model.metadata.epochs)
    if metadata.origin != f"seed {model.settings.seed}":
        yield f"note: {metadata.name} began with {metadata.origin}; {epochs} epochs were trained here"
    elif not metadata.finished:
        yield f"note: {metadata.name} is not trained to its end ({epochs} of {model.settings.epochs} epochs)"
    if model.settings.data == "imagenet":
        n = len(dataset.all.labels)
        yield f"note: all {n:,} images are classified: the network has learned from none of them here"
    elif metadata.data.fingerprint and dataset.fingerprint != metadata.data.fingerprint:
        yield "note: these are other bytes than those that it was trained and measured on"
