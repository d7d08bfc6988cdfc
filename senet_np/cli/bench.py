"""`senet-np bench`: how fast this machine trains, against PyTorch where it is installed."""

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..files import write_atomically
from .options import WORKERS, add_command, new_file, new_path, whole

EXAMPLES = """\
  senet-np bench                          everything: a quarter of an hour, with PyTorch and its compiler
  senet-np bench nets --nets tiny         one network
  senet-np bench growth --out pictures    images/s for batches of 1 to 1024, and its plot
  senet-np bench --json bench.json        the record of all that was measured

Nothing else should run on the machine meanwhile.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "bench", run, "measure the speed of training steps and convolutions", EXAMPLES)
    command.add_argument(
        "parts", nargs="*", metavar="PART", help="some of nets, convolutions, growth, loop (default: all)"
    )
    command.add_argument("--nets", metavar="N,N", help="some of tiny,resnet20,wide (default: all)")
    command.add_argument("--batch", type=whole(2, 4096), metavar="B", help="images in a minibatch (default: 128)")
    command.add_argument(
        "--micro-batch", type=whole(2, 4096), metavar="M", help="images at a time (default: what is fastest)"
    )
    command.add_argument("--threads", type=whole(1, 1024), metavar="T", help=WORKERS)
    command.add_argument("--rounds", type=whole(1, 1000), metavar="R", help="turns of each contender (default: 11)")
    command.add_argument("--no-loops", action="store_true", help="leave out the plain loops (half a minute)")
    command.add_argument("--no-compile", action="store_true", help="leave out torch.compile (some minutes)")
    command.add_argument("--no-torch", action="store_true", help="leave out PyTorch")
    command.add_argument("--json", type=new_file, metavar="FILE", help="write everything that was measured")
    command.add_argument("--out", type=new_path, metavar="DIR", help="where the plots go (default: runs/bench)")


def run(args: argparse.Namespace) -> int:
    """Measure, and print as it goes; then draw."""
    from ..bench.nets import NETS
    from ..bench.suite import PARTS, Plan, measure

    given = vars(args)
    plan = Plan(
        threads=given.get("threads") or os.cpu_count() or 1,
        parts=_some("part", given.get("parts", []), PARTS),
        nets=_some("net", given.get("nets", "").split(","), tuple(NETS)),
        batch=given.get("batch", 128),
        micro_batch=given.get("micro_batch"),
        rounds=given.get("rounds", 11),
        loops="no_loops" not in given,
        compiled="no_compile" not in given,
        pytorch="no_torch" not in given,
    )
    record = measure(plan, print)
    print()
    if "json" in given:
        write_atomically(given["json"], (json.dumps(record, indent=1) + "\n").encode())
        print(f"record in {given['json']}")
    for picture in _draw(record, given.get("out") or Path("runs") / "bench"):
        print(f"plot in {picture}")
    return 0


def _some(what: str, asked: list[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Those that were asked for, in the usual order; all of them where none was."""
    names = {name for name in asked if name}
    if names - set(known):
        raise SenetError(f"{what} {sorted(names - set(known))[0]!r} is unknown, expected some of {', '.join(known)}")
    return tuple(name for name in known if name in names) or known


def _draw(record: dict[str, Any], folder: Path) -> Iterator[Path]:
    from ..figures.speed import draw_growth, draw_roofline

    pictures = {"convolutions": (draw_roofline, "roofline.png"), "growth": (draw_growth, "growth.png")}
    for part, (draw, name) in pictures.items():
        if part in record:
            folder.mkdir(parents=True, exist_ok=True)
            yield draw(record, folder / name)
