"""`senet-np train`: train a network, test it once, draw its figures."""

import argparse
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

from ..data import SMALL, Dataset, View
from ..errors import SenetError
from ..files import quoted
from ..options import is_absolute
from ..runs.recorder import train_run
from ..runs.run import Run, alone_in, create_run, open_run
from ..settings import NAMES, Settings, make_settings
from ..train.evaluation import result_line
from ..train.progress import Progress, Stopped
from ..tree import tree_size
from .options import add_command, add_data_options, add_settings, add_workers, new_path
from .progress import TrainingBar, spell_seconds, stop_on_signals
from .trained import check_outside, check_repeated, data_line, load_data_of, load_folder_or_name

EXAMPLES = """\
  senet-np train                                       CIFAR-10 if it is found here, else shapes
  senet-np train --data shapes --no-se --seed 1        without SE blocks, another seed
  senet-np train --data cifar10 --data-dir DIR --reduction 8 --out runs/r8
  senet-np train --net resnet20 --position pre         SE before the first convolution of each residual branch
  senet-np train --out runs/r8 --resume                continue where it stopped (Ctrl-C stops cleanly)
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "train", run, "train a network, test it once, draw its figures", EXAMPLES)
    add_data_options(command, "auto: CIFAR-10 where it is found on this machine, else shapes; never downloads")
    add_settings(command, NAMES[1:])
    add_workers(command)
    command.add_argument("--out", type=new_path, metavar="DIR", help="the run's folder (default: a new one in runs/)")
    command.add_argument("--resume", action="store_true", help="continue the run in --out, to the same end bit for bit")
    command.add_argument("--overwrite", action="store_true", help="replace the run in --out")
    command.add_argument("--no-plots", action="store_true", help="do not draw figures at the end")


def run(args: argparse.Namespace) -> int:
    """Train, or continue to train; then draw the figures."""
    given = vars(args)
    with ExitStack() as held:  # the run's folder, which no other process may use meanwhile
        run, dataset = (_reopen if "resume" in given else _create)(given, held)
        return _finish(run, dataset, given)


def _create(given: dict[str, Any], held: ExitStack) -> tuple[Run, Dataset]:
    """A new run and its data."""
    requested = given.get("data", "auto")
    view = View(given.get("image_size", SMALL.size))
    dataset = load_folder_or_name(requested, given.get("data_dir"), view, "skip_bad" in given)
    print(data_line(dataset, requested))
    classes = len(dataset.classes)
    if given.get("classes", classes) != classes:
        raise SenetError(f"--classes is {given['classes']}, and the data has {classes}: leave the option out")
    chosen = {name: given[name] for name in NAMES[1:] if name in given} | {"classes": classes}
    settings = make_settings(dataset.name, chosen)
    dataset = dataset.with_first(settings.train_images)
    n = len(dataset.train.labels)
    if settings.batch_size > n:
        raise SenetError(f"--batch-size is {settings.batch_size}, expected at most {n}, the number of training images")
    settings.build_net()  # settings that do not go together are refused before a folder is made
    folder = given.get("out") or _new_folder(settings)
    check_outside(folder, dataset.name)
    held.enter_context(alone_in(folder))
    run = create_run(folder, settings, dataset, "overwrite" in given)
    if "overwrite" in given:
        from ..figures import remove_old

        remove_old(run.path / "plots")
    return run, dataset


def _reopen(given: dict[str, Any], held: ExitStack) -> tuple[Run, Dataset]:
    """A run that was stopped, and the same data again; options may be repeated but not changed."""
    if "out" not in given:
        raise SenetError("--resume needs the run's folder: add --out DIR")
    if "overwrite" in given:
        raise SenetError("--resume goes on with a run and --overwrite replaces it: give one of them")
    held.enter_context(alone_in(open_run(given["out"]).path))
    run = open_run(given["out"])  # again: until now another process could have replaced it
    advice = "a run goes on with its own settings; leave the option out, or start a new run in another folder"
    if run.settings.data == "imagenet":
        raise SenetError(f"{run.path} holds imported weights, and training does not begin from those")
    folder = is_absolute(run.settings.data)  # which may have moved
    check_repeated(given, NAMES[1:] if folder else NAMES, run.settings, f"the run in {run.path} has", advice)
    dataset = load_data_of(run, given)
    print(data_line(dataset, dataset.name))
    if dataset.fingerprint != run.data.fingerprint:
        option = "--data" if folder else "--data-dir"
        raise SenetError(f"{dataset.origin} holds other bytes than the run began with: name that data with {option}")
    return run, dataset.with_first(run.settings.train_images)


def _finish(run: Run, dataset: Dataset, given: dict[str, Any]) -> int:
    progress, result, settings = run.load(), run.result, run.settings
    _introduce(run, dataset, progress, result is None)
    if result is None:
        with stop_on_signals() as signals:
            callback = TrainingBar(signals, settings, len(dataset.train.labels), progress)
            try:
                with closing(callback.bar):
                    result = train_run(run, dataset, progress, callback, given.get("workers"))
            except Stopped:
                print(f"stopped in epoch {progress.epoch + 1}, everything is saved. Continue with:")
                print(f"  python -m senet_np train --out {quoted(run.path)} --resume")
                return 128 + signals[0]  # as shells count
        speed = settings.epochs * callback.images / max(progress.seconds, 1e-9)
        print(f"trained in {spell_seconds(progress.seconds)}, {speed:.0f} images/s")
    else:
        print("this run is finished already")
    print(result_line(result["correct"], result["n"], dataset.name, result["provenance"]))
    if "no_plots" not in given:
        from .explain import first_look

        page, *figures = first_look(run, dataset, given.get("workers"))
        print(f"figures: {len(figures)}, on {page}")
    return 0


def _introduce(run: Run, dataset: Dataset, progress: Progress, unfinished: bool) -> None:
    s, parameters, augmented = run.settings, tree_size(progress.params), "; flips and crops" * run.settings.augment
    print(f"net:  {s.describe()}, {parameters:,} parameters, seed {s.seed}, in {run.path}")
    print(f"plan: {s.epochs} epochs of {len(dataset.train.labels):,} images, {s.batch_size} at a time; ", end="")
    print(f"{s.optimizer}, peak learning rate {s.lr:g}{augmented}")
    if unfinished and (progress.epoch or progress.batch):
        print(f"continuing in epoch {progress.epoch + 1}, after {progress.batch} minibatches")


def _new_folder(settings: Settings) -> Path:
    """runs/NET-DATA-SE-SEED, with a number behind it where that is taken."""
    kind = f"se-r{settings.reduction}" if settings.se else "plain"
    stem = f"{settings.net}-{Path(settings.data).name}-{kind}-seed{settings.seed}"
    numbered = (Path("runs") / (stem if k == 1 else f"{stem}-{k}") for k in count(1))
    return next(path for path in numbered if not path.exists())
