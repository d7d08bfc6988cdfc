"""The command line as a whole: its parser, and what becomes of errors.

Exit status: 0 done; 1 a check failed; 2 the request cannot be met, said in one line; 130 stopped by Ctrl-C
(143 by SIGTERM, 129 by a closed terminal), with everything saved; 141 the reader of its output went away.
"""

import argparse
import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import NoReturn

from .. import __version__
from ..errors import SenetError
from ..fast.overlap import Overlapping
from .progress import Terminal

EXAMPLES = """\
examples:
  senet-np train --data shapes                       train a tiny SE-CNN, in less than a minute
  senet-np train --data cifar10 --data-dir DIR       on CIFAR-10 in the folder DIR; `data --download` downloads it
  senet-np train --out runs/mine --resume            continue a run that was stopped
  senet-np evaluate runs/mine                        the test accuracy of a run
  senet-np explain tiny-se                           what the gates of a trained network do; or: explain runs/mine
  senet-np explorer bundled                          an interactive page about trained networks
  senet-np course mine                               copy the notebooks to the folder mine
  senet-np grade handins.zip                         points for the hand-ins of a class

senet-np is the same as python -m senet_np. `senet-np COMMAND --help` explains one command.
"""


class OneLineParser(argparse.ArgumentParser):
    """A parser whose error message is one line."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and exit with status 2."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def build_parser() -> OneLineParser:
    """The whole command line. Each command's namespace has `run`, the function that carries it out."""
    from . import (
        bench,
        compare,
        course,
        data,
        describe,
        evaluate,
        explain,
        explorer,
        gradcheck,
        grade,
        interchange,
        train,
    )

    parser = OneLineParser(
        prog="senet-np",
        description="Squeeze-and-Excitation networks in pure NumPy: train, evaluate, look inside, check.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"senet_np {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (
        train, evaluate, explain, explorer, interchange, describe, data, gradcheck, bench, compare, course, grade,
    ):  # fmt: skip
        module.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, given as the words after the program's name; return the exit status.

    What it changes in the process is put back. Without `argv` it is a process of our own, which ends now.
    """
    try:
        args = build_parser().parse_args(argv)
        with _surroundings:
            return _run(args)
    except BrokenPipeError:  # the reader, `head` perhaps, has read enough
        return 141
    finally:
        for stream in (sys.stdout, sys.stderr) if argv is None else ():
            try:
                print(end="", file=stream, flush=True)
            except OSError:  # nobody reads it any more, and Python would complain at its end
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(args: argparse.Namespace) -> int:
    try:
        return args.run(args)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        raise
    except (SenetError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
    except MemoryError as error:
        print(f"error: out of memory ({error}): a smaller --micro-batch or batch needs less", file=sys.stderr)
    return 2


@contextmanager
def _change_surroundings() -> Iterator[None]:
    with warnings.catch_warnings(), ExitStack() as undo:
        warnings.showwarning = lambda message, *_: print(f"warning: {message}", file=sys.stderr)
        for stream, redirect in ((sys.stdout, redirect_stdout), (sys.stderr, redirect_stderr)):
            if isinstance(stream, io.TextIOWrapper):
                ours = undo.enter_context(redirect(Terminal(stream)))
                undo.callback(ours.reconfigure, errors=stream.errors, line_buffering=stream.line_buffering)
                # A terminal that has no × shows a ?; and a line appears when it is printed, through a pipe too.
                ours.reconfigure(errors="replace", line_buffering=True)
        yield


_surroundings = Overlapping(_change_surroundings)
