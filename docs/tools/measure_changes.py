"""Do gates answer to a change of the whole image, and does it help?   python docs/tools/measure_changes.py RUN...

The test images are changed (data/changes.py) and classified twice: with their own gates, and with the gates that the
same images get unchanged, so that the gates do not see the change. A network without SE has no gates: it is tested
once. Each RUN is a run's folder or the name of a bundled model, and becomes a line of the file from which
docs/tools/changes.py makes tables and figures.

With --swapped every image gets the gates of another one, drawn at random: those that the other one gets changed, and
those that it gets unchanged. Neither fits the image, and neither knows its class; they differ in the change alone.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from senet_np.analysis.gates import collect
from senet_np.analysis.replace import predict
from senet_np.data import load_data
from senet_np.data.changes import CHANGES, changed
from senet_np.data.dataset import Split
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.model import Model
from senet_np.runs.load import load
from senet_np.settings import settings_to_json

FILE = Path(__file__).parents[1] / "comparisons" / "changes.jsonl"
SWAPPED_FILE = FILE.with_name("changes_swapped.jsonl")
STRONG = ("contrast -0.6", "color cast 0.6", "brightness -0.3", "blur 2", "noise 0.08")  # one of each kind
UNCHANGED = "unchanged"


class Line(NamedTuple):
    """One network on changed test images."""

    network: str
    net: str
    se: bool
    epochs: int
    seed: int
    data: str
    n: int  # test images
    own: dict[str, int]  # {change: how many are classified correctly with their own gates}
    blind: dict[str, int]  # and with the gates of the unchanged images; empty without SE
    settings: dict[str, Any]


def measure(model: Model, test: Split, workers: Workers, names: tuple[str, ...] = tuple(CHANGES)) -> Line:
    """Test a network on images as they are, and under each of the named changes."""
    images, labels = test
    gates = collect(model, images, workers).gates

    def correct(shown: np.ndarray, replaced: dict[str, np.ndarray]) -> int:
        return int((predict(model, shown, workers, replaced) == labels).sum())

    own, blind = {UNCHANGED: correct(images, {})}, {}
    for name in names:
        shown = changed(images, name)
        own[name] = correct(shown, {})
        if gates:
            blind[name] = correct(shown, gates)
    s, data = model.settings, model.metadata.data
    return Line(
        s.describe(), s.net, s.se, s.epochs, s.seed, f"{data.name} ({data.provenance})", len(labels), own, blind,
        settings_to_json(s),
    )  # fmt: skip


class Swapped(NamedTuple):
    """One network on changed test images, each with the gates of another image."""

    network: str
    net: str
    seed: int
    n: int
    changed: dict[str, int]  # {change: how many are right with gates of another image under the same change}
    unchanged: dict[str, int]  # and with gates of the same other image unchanged


def measure_swapped(model: Model, test: Split, workers: Workers, names: tuple[str, ...] = STRONG) -> Swapped:
    """Test a network with SE on changed images, with the gates that another image gets changed and unchanged."""
    images, labels = test
    others = np.random.default_rng(0).permutation(len(labels))
    before = {path: s[others] for path, s in collect(model, images, workers).gates.items()}
    counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for name in names:
        shown = changed(images, name)
        after = {path: s[others] for path, s in collect(model, shown, workers).gates.items()}
        for found, gates in zip(counts, (after, before), strict=True):
            found[name] = int((predict(model, shown, workers, gates) == labels).sum())
    return Swapped(model.settings.describe(), model.settings.net, model.settings.seed, len(labels), *counts)


def read_lines() -> Iterator[Line]:
    """What was measured with own gates and with those of the unchanged images."""
    return (Line(**json.loads(line)) for line in FILE.read_text("utf-8").splitlines())


def read_swapped() -> Iterator[Swapped]:
    """What was measured with the gates of other images."""
    return (Swapped(**json.loads(line)) for line in SWAPPED_FILE.read_text("utf-8").splitlines())


def main() -> None:
    """Measure the runs that are named, a line each."""
    parser = argparse.ArgumentParser(
        description="Test networks on changed images, also with gates that do not see the change."
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run's folder, or the name of a bundled model")
    parser.add_argument("--data-dir", type=Path, help="where CIFAR-10 lies")
    parser.add_argument("--images", type=int, help="how many test images (default: all)")
    parser.add_argument("--swapped", action="store_true", help="with gates of other images, changed and unchanged")
    parser.add_argument("--out", type=Path, help="the file to append to (default: in docs/comparisons)")
    args = parser.parse_args()
    out = args.out or (SWAPPED_FILE if args.swapped else FILE)
    try:
        with Workers() as workers:
            for name in args.runs:
                model = load(name)
                if not model.metadata.finished:
                    raise SenetError(f"{name} is not trained to its end")
                if args.swapped and not model.settings.se:
                    raise SenetError(f"{name} has no gates that could be swapped")
                dataset = load_data(model.settings.data, args.data_dir)
                if dataset.fingerprint != model.metadata.data.fingerprint:
                    raise SenetError(f"{dataset.origin} holds other bytes than {name} was trained on")
                test = Split(dataset.test.images[: args.images], dataset.test.labels[: args.images])
                line = (measure_swapped if args.swapped else measure)(model, test, workers)
                with open(out, "a", encoding="utf-8") as file:
                    file.write(json.dumps(line._asdict()) + "\n")
                print(f"{name}: written to {out}")
    except SenetError as error:
        parser.exit(2, f"error: {error}\n")


if __name__ == "__main__":
    main()
