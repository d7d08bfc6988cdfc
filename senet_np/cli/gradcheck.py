"""`senet-np gradcheck`: prove every backward pass of this installation."""

import argparse
import textwrap
from itertools import groupby
from typing import Any

from ..gradcheck import bugs
from ..gradcheck.cases import all_cases
from ..gradcheck.check import TOLERANCE
from .options import add_command, whole

EXAMPLES = """\
  senet-np gradcheck              one line for each argument of each op, layer and net
  senet-np gradcheck --seed 1     the same with other numbers
  senet-np gradcheck --bugs       wrong backward passes that people write, and how the checks catch them
"""


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "compare every backward pass with finite differences, in float64"
    command = add_command(commands, "gradcheck", run, summary, EXAMPLES)
    command.add_argument("--seed", type=whole(0, 2**32 - 1), metavar="S", help="draw other numbers (default: 0)")
    command.add_argument("--bugs", action="store_true", help="check backward passes with injected bugs")


def run(args: argparse.Namespace) -> int:
    """Print a table; 1 if any gradient is wrong, or if any injected bug is not caught."""
    seed = vars(args).get("seed", 0)
    return _check_bugs(seed) if "bugs" in args else _check_cases(seed)


def _check_cases(seed: int) -> int:
    print(f"{'op':44} {'argument':22} {'worst error':>11}  verdict")
    wrong = []
    for case in all_cases():
        try:
            arguments = case.run(seed).arguments
        except Exception as error:
            # A broken pass may raise anything: then it is wrong, and the others are still of interest.
            print(f"{case.name:44} {'':22} {'':>11}  WRONG: {type(error).__name__}: {error}")
            wrong.append(case.name)
            continue
        for argument in arguments:
            name = argument.name.replace("__", ".")
            print(f"{case.name:44} {name:22} {argument.worst:11.1e}  {'ok' if argument.ok else 'WRONG'}")
            if not argument.ok:
                wrong.append(f"{case.name}, argument {name}: {str(argument).split(': ', 1)[1]}")
    if wrong:
        print(f"\n{len(wrong)} wrong:", *wrong, sep="\n  ")
        return 1
    print(f"\nevery gradient agrees with finite differences to {TOLERANCE:g} of its largest value")
    return 0


def _check_bugs(seed: int) -> int:
    """Print every injected bug, what catches it and why people write it."""
    print(f"{'':3}  {'bug':44}  caught by")
    escaped = []
    for op, group in groupby(enumerate(bugs.BUGS, start=1), key=lambda numbered: numbered[1].op):
        print(f"\n{op}")
        for number, bug in group:
            caught = bugs.catch(bug, seed)
            print(f"{number:3}  {bug.title:44}  {caught.finding if caught else 'ESCAPES'}")
            print(textwrap.indent(textwrap.fill(bug.why, 105, break_on_hyphens=False), " " * 7))
            if caught is None:
                escaped.append(f"  escapes: {bug.name}")
    print(f"\n{len(bugs.BUGS) - len(escaped)} of {len(bugs.BUGS)} injected bugs are caught", *escaped, sep="\n")
    return 1 if escaped else 0
