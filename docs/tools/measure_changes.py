"""Do gates answer to a change of the whole image, and does it help?   python docs/tools/measure_changes.py RUN...

The test images are changed (data/changes.py) and classified twice: with their own gates, and with the gates that the
same images get unchanged, so that the gates do not see the change. A network without SE has no gates: it is tested
once. Each RUN is a run's folder or the name of a bundled model, and becomes a line of the file from which
docs/tools/changes.py makes tables and figures.
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


def read_lines(path: Path = FILE) -> Iterator[Line]:
    """The lines of a file."""
    for line in path.read_text("utf-8").splitlines():
        yield Line(**json.loads(line))


def main() -> None:
    """Measure the runs that are named, a line each."""
    parser = argparse.ArgumentParser(
        description="Test networks on changed images, also with gates that do not see the change."
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run's folder, or the name of a bundled model")
    parser.add_argument("--data-dir", type=Path, help="where CIFAR-10 lies")
    parser.add_argument("--images", type=int, help="how many test images (default: all)")
    parser.add_argument("--out", type=Path, default=FILE, help="the file to append to (default: %(default)s)")
    args = parser.parse_args()
    try:
        with Workers() as workers:
            for name in args.runs:
                model = load(name)
                dataset = load_data(model.settings.data, args.data_dir)
                if dataset.fingerprint != model.metadata.data.fingerprint:
                    raise SenetError(f"{dataset.origin} holds other bytes than {name} was trained on")
                test = Split(dataset.test.images[: args.images], dataset.test.labels[: args.images])
                line = measure(model, test, workers)
                with open(args.out, "a", encoding="utf-8") as file:
                    file.write(json.dumps(line._asdict()) + "\n")
                print(f"{name}: {line.own[UNCHANGED]} of {line.n} as they are; written to {args.out}")
    except SenetError as error:
        parser.exit(2, f"error: {error}\n")


if __name__ == "__main__":
    main()
