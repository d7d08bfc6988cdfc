"""`senet-np explorer`: an interactive page about trained networks."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.findings import load_findings, measure
from ..analysis.gates import GateStatistics, gate_limits, summarize
from ..data import make_shapes
from ..data.shapes import both_skies, other_labels
from ..errors import SenetError
from ..explorer.page import explorer_page
from ..explorer.payload import ExplorerModel
from ..fast.workers import Workers
from ..files import write_atomically
from ..model import Model
from ..runs.bundled import findings_path
from ..runs.load import load
from ..runs.twins import plain_twin
from .options import add_command, new_path
from .trained import add_model, load_data_of

ALL = "bundled"
SHOWN = ("shapes-se", "shapes-plain", "tiny-se", "tiny-plain", "tiny-se-r2", "tiny-se-r8", "tiny-se-r16")  # with ALL
SAMPLES, SEED = 60, 5  # images of `shapes`
UNDER_BOTH_SKIES = 200  # images of `shapes`, to measure the gates under each color of the sky
FIRST = "stage2.se"  # of shapes-se: its gates open and shut, and differently under the two skies
EXAMPLES = """\
  senet-np explorer bundled                              seven bundled models on one page, explorer.html
  senet-np explorer shapes-se --out page.html            one of them
  senet-np explorer runs/mine                            a network of your own
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "explorer", run, "make an interactive page about trained networks", EXAMPLES)
    command.add_argument("--out", type=new_path, metavar="FILE", help="default: explorer.html")
    add_model(command, f"; {ALL} for several of those")


def run(args: argparse.Namespace) -> int:
    """Write the page, and print where it is."""
    given = vars(args)
    models = [_with_findings(name, given) for name in (SHOWN if args.model == ALL else _with_twin(args.model))]
    page = explorer_page(models).encode()
    out = given.get("out") or Path("explorer.html")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, page)
    print(f"{out}: {len(page) / 1e6:.2f} MB; open it in a browser, it needs nothing else")
    return 0


def _with_twin(name: str) -> list[str]:
    """The model, and its plain twin where there is one."""
    twin = plain_twin(load(name))
    return [name, twin.name] if twin and twin.name != name else [name]


def _with_findings(name: str, given: dict[str, Any]) -> ExplorerModel:
    """A model, what was measured about its gates, and images that the page may hold: those that NumPy draws.

    The photos of CIFAR-10 may not be redistributed.
    """
    model, findings = load(name), None
    if model.settings.image != (32, 32, 3):
        side = model.settings.image_size
        raise SenetError(f"{name} sees images of {side}×{side} pixels, and the explorer draws 32×32: use explain")
    if model.settings.se and (Path(name) / "config.json").exists():
        dataset = load_data_of(model, given)
        with Workers(given.get("workers")) as workers:
            findings = measure(model, dataset, "val", workers)
    elif model.settings.se:
        findings = load_findings(findings_path(name))
    twin = plain_twin(model) if model.settings.se else None
    shown = ExplorerModel(model, findings, twin=Path(twin.name).name if twin else "")
    if model.settings.data != "shapes":
        return shown
    samples = make_shapes(SAMPLES, np.random.default_rng(SEED))
    repainted = other_labels(SAMPLES, np.random.default_rng(SEED))
    skies = gates_by_sky(model) if model.settings.se else None
    return shown._replace(samples=samples, repainted=repainted, first=FIRST, skies=skies)


def gates_by_sky(model: Model) -> dict[str, GateStatistics]:
    """Each block's gates over images of `shapes` that differ in nothing but the color of their sky."""
    images = both_skies(make_shapes(UNDER_BOTH_SKIES, np.random.default_rng(SEED + 1)).images)
    _, activations = model.run(np.concatenate(images), record=True)
    limits = gate_limits(model.settings.gate, activations.gates)
    sky = np.repeat([0, 1], UNDER_BOTH_SKIES)
    return {path: summarize(s, sky, 2, limits) for path, s in activations.gates.items()}
