"""`senet-np gradcheck`: prove every backward pass of this installation.

Floor 5.
"""

import argparse
from typing import Any

from ..checks.cases import all_cases
from ..gradcheck import TOLERANCE
from .parser import add_command, whole

EXAMPLES = """\
  senet-np gradcheck              a line for each argument of each op, layer and net
  senet-np gradcheck --seed 1     the same with other numbers
"""


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "compare every backward pass with finite differences, in float64"
    command = add_command(commands, "gradcheck", run, summary, EXAMPLES)
    command.add_argument("--seed", type=whole(0, 2**32 - 1), metavar="S", help="draw other numbers (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Print the table; 1 if any gradient is wrong."""
    print(f"{'op':44} {'argument':22} {'worst error':>11}  verdict")
    wrong = []
    for case in all_cases():
        try:
            arguments = case.run(vars(args).get("seed", 0)).arguments
        except (
            Exception
        ) as error:  # a broken pass may raise anything: it is wrong, and the others are still of interest
            print(f"{case.name:44} {'':22} {'':>11}  WRONG: {type(error).__name__}: {error}")
            wrong.append(case.name)
            continue
        for argument in arguments:
            name = argument.name.replace("__", ".")
            print(f"{case.name:44} {name:22} {argument.worst:11.1e}  {'ok' if argument.ok else 'WRONG'}")
            if not argument.ok:
                wrong.append(f"{case.name}, argument {name} ({str(argument).split(': ', 1)[1]})")
    if wrong:
        print(f"\n{len(wrong)} wrong:")
        for line in wrong:
            print(f"  {line}")
        return 1
    print(f"\nevery gradient agrees with finite differences to {TOLERANCE:g} of its largest value")
    return 0
