"""`senet-np evaluate`: the test accuracy of a run, or of a network in the box."""

import argparse
from typing import Any

from ..analysis.subject import Subject, of_box, of_run
from ..data import Dataset, load_data
from ..fast.workers import Workers
from ..runs.bundled import pretrained
from ..runs.run import describe_settings
from ..train.evaluation import evaluate, result_line
from .data import data_line, load_run_data
from .options import WORKERS, add_command, add_data_options, whole
from .trained import add_trained, check_data_option, is_of_the_box, open_named_run

EXAMPLES = """\
  senet-np evaluate runs/mine
  senet-np evaluate tiny-se                                     a trained network from the box, on the data that is here
  senet-np evaluate runs/mine --data cifar10 --data-dir DIR     CIFAR-10 lies somewhere else now
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "evaluate", run, "classify the test images with a trained network", EXAMPLES)
    add_trained(command)
    command.add_argument("--threads", type=whole(1, 1024), metavar="T", help=WORKERS)
    add_data_options(command, "what the network was trained on")


def run(args: argparse.Namespace) -> int:
    """Print the test accuracy; the last line is the same as at the end of training."""
    given = vars(args)
    subject, dataset, notes = (_of_box if is_of_the_box(args.what) else _of_run)(given)
    for note in [data_line(dataset, dataset.name), *notes]:
        print(note)
    with Workers(given.get("threads")) as workers:
        score = evaluate(subject.net, subject.params, subject.state, dataset.test, subject.normalizer, workers)
    print(f"{describe_settings(subject.settings)}: mean test loss {score.loss:.4f} nats")
    print(result_line(score.correct, score.n, dataset.name, dataset.stamp))
    return 0


def _of_run(given: dict[str, Any]) -> tuple[Subject, Dataset, list[str]]:
    this = open_named_run(given["what"])
    dataset, progress = load_run_data(this, given), this.load()
    notes = []
    if "imported" in this.data:
        came = this.data["imported"]
        notes = [f"note: {this.path} began with the weights in {came}; {progress.epoch} epochs were trained here"]
    elif this.result is None:
        notes = [f"note: {this.path} is not trained to its end ({progress.epoch} of {this.settings.epochs} epochs)"]
    return of_run(this), dataset, notes


def _of_box(given: dict[str, Any]) -> tuple[Subject, Dataset, list[str]]:
    this = pretrained(given["what"])
    check_data_option(given, this.settings.data, given["what"])
    dataset = load_data(this.settings.data, given.get("data_dir"))
    same = dataset.fingerprint == this.about["data"]["fingerprint"]
    notes = [] if same else ["note: these are other bytes than those that it was trained and measured on"]
    return of_box(this), dataset, notes
