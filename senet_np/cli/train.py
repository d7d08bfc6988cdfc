"""`senet-np train`: train a network, test it once, draw its plots."""

import argparse
import shlex
from contextlib import ExitStack
from dataclasses import fields
from itertools import count
from pathlib import Path
from typing import Any

from ..data import Dataset, load_data
from ..errors import SenetError
from ..runs.checkpoint import Progress
from ..runs.run import Run, alone_in, create_run, describe, open_run
from ..settings import Settings, make_settings
from ..train.evaluation import result_line
from ..tree import tree_size
from .data import data_line, load_run_data
from .options import WORKERS, add_command, add_data_options, add_net_options, new_path, not_negative, positive, whole

EXAMPLES = """\
  senet-np train                                       CIFAR-10 if it is found here, else shapes
  senet-np train --data shapes --no-se --seed 1        without SE blocks, another seed
  senet-np train --data cifar10 --data-dir DIR --reduction 8 --out runs/r8
  senet-np train --net resnet20 --position pre         SE before the first convolution of each residual branch
  senet-np train --out runs/r8 --resume                go on where it stopped (Ctrl-C stops cleanly)
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "train", run, "train a network, test it once, draw its plots", EXAMPLES)
    add_data_options(command, "auto: CIFAR-10 where it is found on this machine, else shapes; never downloads")
    add_net_options(command)
    command.add_argument("--epochs", type=whole(1, 100000), metavar="E", help="default: 10 on cifar10, 3 on shapes")
    command.add_argument("--batch-size", type=whole(2, 100000), metavar="B", help="default: 64 on cifar10, 32 else")
    command.add_argument(
        "--micro-batch",
        type=whole(2, 100000),
        metavar="M",
        help="images that go through the net at a time (default: 32 on cifar10, 16 else)",
    )
    command.add_argument("--threads", type=whole(1, 1024), metavar="T", help=WORKERS)
    command.add_argument("--lr", type=positive, metavar="L", help="peak learning rate (default: 0.1; adam: 0.003)")
    command.add_argument(
        "--optimizer", choices=("sgd", "adam"), metavar="O", help="sgd (Nesterov) or adam (default: sgd)"
    )
    command.add_argument("--weight-decay", type=not_negative, metavar="W", help="default: 0.0005")
    command.add_argument("--augment", action=argparse.BooleanOptionalAction, help="flip and crop (default: on cifar10)")
    command.add_argument(
        "--seed", type=whole(0, 2**32 - 1), metavar="S", help="all randomness comes from it (default: 0)"
    )
    command.add_argument("--out", type=new_path, metavar="DIR", help="the run's folder (default: a new one in runs/)")
    command.add_argument(
        "--resume", action="store_true", help="go on with the run in --out, to the same end bit for bit"
    )
    command.add_argument("--overwrite", action="store_true", help="replace the run in --out")
    command.add_argument("--no-plots", action="store_true", help="do not draw plots at the end")


def run(args: argparse.Namespace) -> int:
    """Train, or go on training; then draw the plots."""
    given = vars(args)
    with ExitStack() as held:  # the run's folder, which is nobody else's meanwhile
        this, dataset = (_reopen if "resume" in given else _create)(given, held)
        return _finish(this, dataset, given)


def _finish(this: Run, dataset: Dataset, given: dict[str, Any]) -> int:
    from ..train.loop import Stopped, train
    from .progress import TrainingBar, spell_seconds, stop_on_signals

    progress = this.load()
    _introduce(this, dataset, progress)
    result = this.result
    if result is None:
        this.forget_records_after(progress)
        images = len(dataset.train.labels) // this.settings.batch_size * this.settings.batch_size
        already = progress.epoch * images + progress.batch * this.settings.batch_size
        with stop_on_signals() as flag:
            bar = TrainingBar(flag, this.settings.epochs, images, already)
            try:
                result = train(this, dataset, progress, bar, given.get("threads"))
            except Stopped:
                bar.close()  # before anything is printed where it stands
                print(f"stopped in epoch {progress.epoch + 1}, everything is saved. Go on with:")
                print(f"  python -m senet_np train --out {shlex.quote(str(this.path))} --resume")
                return flag.exit_status
            finally:
                bar.close()
        speed = this.settings.epochs * images / max(progress.seconds, 1e-9)
        print(f"trained in {spell_seconds(progress.seconds)}, {speed:.0f} images/s")
    else:
        print("this run is finished already")
    if "no_plots" not in given:
        from .explain import first_look

        page, *figures = first_look(this, dataset)
        print(f"figures: {len(figures)}, on {page}")
    print(result_line(result["correct"], result["n"], dataset.name, result["stamp"]))
    return 0


def _create(given: dict[str, Any], held: ExitStack) -> tuple[Run, Dataset]:
    """A new run and its data."""
    asked = given.get("data", "auto")
    dataset = load_data(asked, given.get("data_dir"))
    print(data_line(dataset, asked))
    names = {field.name for field in fields(Settings)} - {"data"}
    settings = make_settings(dataset.name, {name: given[name] for name in names & given.keys()})
    n = len(dataset.train.labels)
    if settings.batch_size > n:
        raise SenetError(f"--batch-size is {settings.batch_size}, expected at most {n}, the number of training images")
    settings.build_net()  # options that do not go together are said before a folder is made
    folder = given.get("out") or _new_folder(settings)
    held.enter_context(alone_in(folder))
    return create_run(folder, settings, dataset, "overwrite" in given), dataset


def _reopen(given: dict[str, Any], held: ExitStack) -> tuple[Run, Dataset]:
    """A run that was stopped, and the same data again; options may be repeated but not changed."""
    if "out" not in given:
        raise SenetError("--resume needs the run's folder: add --out DIR")
    if "overwrite" in given:
        raise SenetError("--resume goes on with a run and --overwrite replaces it: give one of them")
    this = open_run(given["out"])
    held.enter_context(alone_in(this.path))
    this = open_run(this.path)  # again: until now another process could have replaced it
    for field in fields(Settings):
        came, has = given.get(field.name), getattr(this.settings, field.name)
        if came not in (None, has) and (field.name, came) != ("data", "auto"):
            raise SenetError(
                f"--{field.name.replace('_', '-')} is {came}, but the run in {this.path} has {has}: a run goes on "
                "with its own settings; leave the option out, or start a new run in another folder"
            )
    dataset = load_run_data(this, given)
    print(data_line(dataset, dataset.name))
    if dataset.fingerprint != this.data["fingerprint"]:
        raise SenetError(
            f"{dataset.origin} holds other bytes than the run was started on: name that data with --data-dir"
        )
    return this, dataset


def _introduce(this: Run, dataset: Dataset, progress: Progress) -> None:
    settings = this.settings
    print(f"net:  {describe(this)}, {tree_size(progress.params):,} parameters, seed {settings.seed}, in {this.path}")
    print(
        f"plan: {settings.epochs} epochs of {len(dataset.train.labels):,} images, {settings.batch_size} at a time; "
        f"{settings.optimizer}, peak learning rate {settings.lr:g}" + ("; flips and crops" if settings.augment else "")
    )
    if this.result is None and (progress.epoch or progress.batch):
        print(f"going on in epoch {progress.epoch + 1}, after {progress.batch} minibatches")


def _new_folder(settings: Settings) -> Path:
    """runs/NET-DATA-SE-SEED, with a number behind it where that is taken."""
    kind = f"se-r{settings.reduction}" if settings.se else "plain"
    stem = f"{settings.net}-{settings.data}-{kind}-seed{settings.seed}"
    numbered = (Path("runs") / (stem if k == 1 else f"{stem}-{k}") for k in count(1))
    return next(path for path in numbered if not path.exists())
