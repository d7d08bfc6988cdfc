"""`senet-np gradcheck`: prove every backward pass of this installation."""

import argparse
import textwrap
from itertools import groupby
from typing import Any

from ..gradcheck import bugs as planted
from ..gradcheck.cases import all_cases
from ..gradcheck.check import TOLERANCE
from .options import add_command, whole

EXAMPLES = """\
  senet-np gradcheck              a line for each argument of each op, layer and net
  senet-np gradcheck --seed 1     the same with other numbers
  senet-np gradcheck --planted    wrong backward passes that people write, and how the checks catch them
"""


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "compare every backward pass with finite differences, in float64"
    command = add_command(commands, "gradcheck", run, summary, EXAMPLES)
    command.add_argument("--seed", type=whole(0, 2**32 - 1), metavar="S", help="draw other numbers (default: 0)")
    command.add_argument("--planted", action="store_true", help="check backward passes that are wrong on purpose")


def run(args: argparse.Namespace) -> int:
    """Print the table; 1 if any gradient is wrong, or if any planted mistake is not found."""
    if "planted" in args:
        return _show_planted(vars(args).get("seed", 0))
    print(f"{'op':44} {'argument':22} {'worst error':>11}  verdict")
    wrong = []
    for case in all_cases():
        try:
            arguments = case.run(vars(args).get("seed", 0)).arguments
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
        print(f"\n{len(wrong)} wrong:")
        for line in wrong:
            print(f"  {line}")
        return 1
    print(f"\nevery gradient agrees with finite differences to {TOLERANCE:g} of its largest value")
    return 0


def _show_planted(seed: int) -> int:
    """Print every planted mistake, what caught it and why people make it; 1 if any escapes."""
    mistakes = planted.PLANTED
    print(f"{'':3}  {'mistake':44}  caught by")
    escaped = []
    for op, group in groupby(enumerate(mistakes, start=1), key=lambda numbered: numbered[1].op):
        print(f"\n{op}")
        for number, mistake in group:
            caught = planted.catch(mistake, seed)
            print(f"{number:3}  {mistake.title:44}  {caught.finding if caught else 'ESCAPES'}")
            print(textwrap.fill(mistake.why, 112, initial_indent=" " * 7, subsequent_indent=" " * 7))
            if caught is None:
                escaped.append(mistake.name)
    print(f"\n{len(mistakes) - len(escaped)} of {len(mistakes)} planted mistakes are caught")
    for name in escaped:
        print(f"  escapes: {name}")
    return 1 if escaped else 0
