"""`senet-np evaluate`: the test accuracy of a run.

Floor 5.
"""

import argparse
from pathlib import Path
from typing import Any

from ..training.evaluate import evaluate, result_line
from ..training.run import describe, open_run
from ..training.workers import Workers
from .data import data_line, load_run_data
from .parser import WORKERS, add_command, add_data_options, whole

EXAMPLES = """\
  senet-np evaluate runs/mine
  senet-np evaluate runs/mine --data cifar10 --data-dir DIR     CIFAR-10 lies somewhere else now
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "evaluate", run, "classify the test images with a trained run", EXAMPLES)
    command.add_argument("folder", type=Path, metavar="RUN", help="the run's folder")
    command.add_argument("--threads", type=whole(1, 1024), metavar="T", help=WORKERS)
    add_data_options(command, "what the run was trained on")


def run(args: argparse.Namespace) -> int:
    """Print the test accuracy; the last line is the same as at the end of training."""
    this = open_run(args.folder)
    dataset = load_run_data(this, vars(args))
    print(data_line(dataset, dataset.name))
    progress = this.load()
    if "imported" in this.data:
        came = this.data["imported"]
        print(f"note: {this.path} began with the weights in {came}; {progress.epoch} epochs were trained here")
    elif this.result is None:
        print(f"note: {this.path} is not trained to its end ({progress.epoch} of {this.settings.epochs} epochs)")
    with Workers(vars(args).get("threads")) as workers:
        score = evaluate(
            this.settings.build_net(), progress.params, progress.state, dataset.test, this.normaliser, workers
        )
    print(f"{describe(this)}: mean test loss {score.loss:.4f} nats")
    print(result_line(score.correct, score.n, dataset.name, dataset.stamp))
    return 0
