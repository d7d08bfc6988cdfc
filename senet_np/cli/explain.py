"""`senet-np explain`: the plots of a run.

Floor 5.
"""

import argparse
from pathlib import Path
from typing import Any

from ..explain.report import explain_run
from ..training.run import open_run
from .data import data_line, load_run_data
from .parser import add_command, add_data_options, new_path, whole

EXAMPLES = """\
  senet-np explain runs/mine                       plots in runs/mine/plots
  senet-np explain runs/mine --out DIR --image 7   plots in DIR; follow validation image 7 through the blocks
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(
        commands, "explain", run, "draw training curves, gates by class, and one image's scaling", EXAMPLES
    )
    command.add_argument("folder", type=Path, metavar="RUN", help="the run's folder")
    command.add_argument("--out", type=new_path, metavar="DIR", help="where the plots go (default: RUN/plots)")
    command.add_argument("--image", type=whole(0), metavar="I", help="which validation image to follow (default: 0)")
    add_data_options(command, "what the run was trained on")


def run(args: argparse.Namespace) -> int:
    """Draw everything and say what was written."""
    given = vars(args)
    this = open_run(args.folder)
    dataset = load_run_data(this, given)
    print(data_line(dataset, dataset.name))
    if this.result is None and "imported" not in this.data:
        print(f"note: {args.folder} is not trained to its end; curves are drawn for whole epochs only")
    files = explain_run(this, this.load(), dataset, given.get("out") or this.path / "plots", given.get("image", 0))
    for file in files:
        print(file)
    if not this.settings.se:
        print("this net has no SE blocks, so there are no gates to draw")
    return 0
