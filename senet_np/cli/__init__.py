"""What a person types: `python -m senet_np`, or `senet-np` once installed.

Exit status: 0 done; 1 a check failed; 2 the request cannot be met, said in one line; 130 stopped by Ctrl-C
(143 by SIGTERM), with everything saved; 141 the reader of its output went away.
"""

import io
import os
import sys
import warnings
from collections.abc import Sequence

from ..errors import SenetError
from .options import build_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the words after the program's name; by default those of this process.

    Returns:
        The exit status.
    """
    args = build_parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that has no × gets a ?; and a line is seen when it is printed, through a pipe too.
            stream.reconfigure(errors="replace", line_buffering=True)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: print(f"warning: {message}", file=sys.stderr)
        try:
            return args.run(args)
        except SenetError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return 130
        except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at its end
            return 141
        except OSError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except MemoryError as error:
            print(f"error: out of memory ({error}): a smaller --micro-batch or batch needs less", file=sys.stderr)
            return 2
