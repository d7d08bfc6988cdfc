"""What a person types: `python -m senet_np`, or `senet-np` once installed.

Floor 5. Exit status: 0 done; 1 a check failed; 2 the request cannot be met, said in one line; 130 stopped by Ctrl-C
(143 by SIGTERM), with everything saved.
"""

import io
import sys
import warnings
from collections.abc import Sequence

from ..errors import SenetError
from .parser import build_parser


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
            stream.reconfigure(errors="replace")  # a terminal that has no × gets a ?
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
            sys.stderr.close()
            return 0
