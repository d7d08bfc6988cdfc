"""`senet-np bench`: how fast this machine trains, against PyTorch where it is installed."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..files import write_atomically
from .options import add_command, add_workers, new_file, new_path, whole

EXAMPLES = """\
  senet-np bench                          everything: a quarter of an hour, with PyTorch and its compiler
  senet-np bench nets --nets tiny         one network
  senet-np bench photo                    one 224×224 image through SE-ResNet-50: time and memory
  senet-np bench growth --out figures     images/s for batches of 1 to 1024, and the figure
  senet-np bench --json bench.json        the record of all that was measured

Nothing else should run on the machine meanwhile.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "bench", run, "measure the speed of training steps and convolutions", EXAMPLES)
    option, images = command.add_argument, whole(2, 4096)
    option("parts", nargs="*", metavar="PART", help="some of nets, photo, convolutions, growth, loop (default: all)")
    option("--nets", metavar="N,N", help="some of tiny,sprint,resnet20,wide (default: all)")
    option("--batch", type=images, metavar="B", help="images in a minibatch (default: 128)")
    option("--micro-batch", type=images, metavar="M", help="images at a time (default: the fastest number)")
    add_workers(command)
    option("--rounds", type=whole(1, 1000), metavar="R", help="how often each is timed (default: 11)")
    option("--no-loops", action="store_false", dest="loops", help="leave out the plain loops (half a minute)")
    option("--no-compile", action="store_false", dest="compiled", help="leave out torch.compile (some minutes)")
    option("--no-torch", action="store_false", dest="pytorch", help="leave out PyTorch")
    option("--json", type=new_file, metavar="FILE", help="write everything that was measured")
    option("--out", type=new_path, metavar="DIR", help="where the figures go (default: runs/bench)")


def run(args: argparse.Namespace) -> int:
    """Measure, and print as it goes; then draw."""
    from ..bench.nets import NETS
    from ..bench.suite import PARTS, Plan, measure
    from ..fast.cores import default_workers

    given = {"workers": default_workers(), **vars(args)}
    names = ("workers", "batch", "micro_batch", "rounds", "loops", "compiled", "pytorch")
    plan = Plan(
        parts=_some("part", given.get("parts", []), PARTS),
        nets=_some("net", given.get("nets", "").split(","), tuple(NETS)),
        **{name: given[name] for name in names if name in given},
    )
    record = measure(plan, print)
    print()
    if "json" in given:
        write_atomically(given["json"], (json.dumps(record, indent=1) + "\n").encode())
        print(f"record in {given['json']}")
    for figure in _draw(record, given.get("out") or Path("runs") / "bench"):
        print(f"figure in {figure}")
    return 0


def _some(kind: str, requested: list[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are requested, in the usual order; all of them where none is."""
    names = {name for name in requested if name}
    if names - {*known}:
        raise SenetError(f"{kind} {min(names - {*known})!r} is unknown, expected some of {', '.join(known)}")
    return tuple(name for name in known if name in names) or known


def _draw(record: dict[str, Any], folder: Path) -> Iterator[Path]:
    from ..figures.growth import draw_growth
    from ..figures.roofline import draw_roofline

    for part, draw, name in (("convolutions", draw_roofline, "roofline"), ("growth", draw_growth, "growth")):
        if part in record:
            folder.mkdir(parents=True, exist_ok=True)
            yield draw(record, folder / f"{name}.png")
