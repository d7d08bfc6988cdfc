"""The words and options, and what their values may be.

Commands import what they need when they run, so that `--help` is quick.
"""

import argparse
import math
import os
from pathlib import Path
from typing import Any, NoReturn

from .. import __version__

WORKERS = "micro-batches at a time, on Linux each in a process (default: one a core); changes no result"
EXAMPLES = """\
examples:
  senet-np train                                     a tiny SE-CNN, on CIFAR-10 if it is here, else on shapes
  senet-np train --data shapes --no-se               the same net without SE
  senet-np train --data cifar10 --data-dir DIR       train on CIFAR-10 that lies in DIR
  senet-np train --out runs/mine --resume            go on with a run that was stopped
  senet-np evaluate runs/mine                        test accuracy of a run
  senet-np explain tiny-se                           what the gates of a trained network do; or: explain runs/mine
  senet-np explorer box                              a page on which one plays with trained networks
  senet-np course mine                               the notebooks, copied to the folder mine
  senet-np export runs/mine mine.safetensors         its weights for PyTorch; `import` makes a run of such a file
  senet-np describe --net resnet20                   its layers, and what SE adds to them
  senet-np gradcheck                                 prove every backward pass
  senet-np bench                                     how fast this machine trains, against PyTorch if it is there
  senet-np compare FILE                              networks over several seeds, with intervals
  senet-np data --download                           fetch CIFAR-10 (170 MB)

senet-np is the same as python -m senet_np. `senet-np COMMAND --help` explains one command.
"""


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with status 2."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def build_parser() -> OneLineParser:
    """The whole command line. Each command's namespace has `run`, the function that does it."""
    from . import bench, compare, course, data, describe, evaluate, explain, explorer, gradcheck, train
    from . import interchange as weights

    parser = OneLineParser(
        prog="senet-np",
        description="Squeeze-and-Excitation networks in pure NumPy: train, evaluate, look inside, check.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"senet_np {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (train, evaluate, explain, explorer, weights, describe, data, gradcheck, bench, compare, course):
        module.add(commands)
    return parser


def add_command(commands: Any, name: str, run: Any, summary: str, examples: str) -> argparse.ArgumentParser:
    """Add one command with its examples. Options that are not given leave no trace in the namespace."""
    command = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n" + examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    command.set_defaults(run=run)
    return command


def add_data_options(command: argparse.ArgumentParser, default: str) -> None:
    """--data and --data-dir."""
    command.add_argument("--data", choices=("auto", "cifar10", "shapes"), help=f"which data set (default: {default})")
    command.add_argument(
        "--data-dir",
        type=existing_path,
        metavar="DIR",
        help="where CIFAR-10 lies (default: $SENET_NP_DATA, else the usual places)",
    )


def add_net_options(command: argparse.ArgumentParser) -> None:
    """Which network, and all the paper's choices: the fields of `Settings` that `build_net` needs."""
    nets = ("tiny", "vgg", "inception", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110")
    command.add_argument("--net", choices=nets, metavar="N", help=f"one of {', '.join(nets)} (default: tiny)")
    command.add_argument(
        "--se", action=argparse.BooleanOptionalAction, help="with or without SE blocks (default: with)"
    )
    command.add_argument("--reduction", type=whole(1, 4096), metavar="R", help="reduction ratio r (default: 4)")
    command.add_argument(
        "--squeeze",
        choices=("avg", "max", "none", "avg+max"),
        help="squeeze operator (default: avg); none: a gate for each position",
    )
    command.add_argument("--gate", choices=("sigmoid", "tanh", "relu"), help="gate function (default: sigmoid)")
    command.add_argument(
        "--se-bias", action=argparse.BooleanOptionalAction, help="biases in the SE blocks' FCs (default: with)"
    )
    command.add_argument(
        "--excite", choices=("fc", "eca"), help="two FCs, or ECA's kernel over neighboring channels (default: fc)"
    )
    command.add_argument(
        "--position",
        choices=("standard", "pre", "post", "identity"),
        help="place of SE on a residual block (default: standard, on the branch before the sum)",
    )
    command.add_argument("--stages", type=stages, metavar="K,K", help="stages that carry SE (default: all)")
    command.add_argument("--widths", type=widths, metavar="C,C", help="channels of the stages (default: the network's)")


def whole(least: int, most: int | None = None) -> Any:
    """A type for whole numbers from `least` to `most`."""

    def parse(text: str) -> int:
        limits = f"of at least {least}" if most is None else f"from {least} to {most}"
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {limits}") from None
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{value} is not a whole number {limits}")
        return value

    return parse


def positive(text: str) -> float:
    """A type for numbers above 0."""
    value = _number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def not_negative(text: str) -> float:
    """A type for numbers of 0 or more."""
    value = _number(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return value


def widths(text: str) -> tuple[int, ...]:
    """A type for the stages' widths: '32,64,128'."""
    try:
        values = tuple(int(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not 1 <= len(values) <= 4 or not all(1 <= value <= 4096 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} is not one to four channel counts of 1 to 4096, as 32,64,128")
    return values


def stages(text: str) -> tuple[int, ...]:
    """A type for the numbers of stages: '1,3'."""
    try:
        values = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        values = ()
    if not values or values[0] < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of stage numbers such as 1,3")
    return values


def as_path(text: str) -> Path:
    """A type for a path, with the home for a ~."""
    try:
        path = Path(text).expanduser()
        path.exists()  # which fails where the name is too long for the system
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is no path ({reason})") from None
    return path


def existing_path(text: str) -> Path:
    """A type for a folder or file that is there."""
    path = as_path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"{text!r} does not exist")
    return path


def new_file(text: str) -> Path:
    """A type for a file to write, once there is something to write: what cannot be is said before the work."""
    path = as_path(text)
    if not text.strip() or (path.exists() and not path.is_file()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a file's name")
    if not path.absolute().parent.is_dir() or not os.access(path.absolute().parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written: there is no such folder, or it is read-only")
    return path


def new_path(text: str) -> Path:
    """A type for a folder to write to."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty, expected a folder")
    return as_path(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
