# pyright: reportMissingImports=false
"""Train the runs of comparison files in PyTorch, on a GPU where there is one: a second program, the same experiments.

    python docs/tools/pytorch_compare.py docs/comparisons/tiny-full.toml --data-dir DIR --out pytorch.jsonl

Several runs are trained side by side. Their result lines have the form of `compare`'s; runs that the file already has
are left out. `pytorch_train.py` says what is PyTorch's and what is ours.
"""

import argparse
import platform
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import cache, partial
from itertools import zip_longest
from multiprocessing import get_context
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import torch
from pytorch_train import Twin, alone, pad
from torch.nn import functional as F

from senet_np.data import Dataset, load_data
from senet_np.data.changes import CHANGES, changed
from senet_np.experiments.comparison import Comparison, read_comparison
from senet_np.experiments.results import append_result, read_results
from senet_np.model import Model, new_model
from senet_np.runs.run import versions
from senet_np.settings import Settings, settings_from_json, settings_to_json
from senet_np.train.evaluation import views

Tests = dict[str, list[tuple[float, torch.Tensor]]]
PROCESSES = 4  # that make untrained models


class Planned(NamedTuple):
    """A run that is to be made."""

    settings: Settings
    measure: tuple[str, ...]  # what else to test, as in a comparison file


def planned(comparisons: list[Comparison], out: Path) -> list[Planned]:
    """The runs that have no result line yet, each once; one of each comparison in turn."""
    measures: dict[Settings, set[str]] = {}
    for row in zip_longest(*([(arm, c.measure) for _, arm in c.cells] for c in comparisons)):
        for settings, measure in filter(None, row):
            measures.setdefault(settings, set()).update(measure)
    finished = {line.settings for line in read_results(out)}
    return [Planned(s, (*measure,)) for s, measure in measures.items() if s not in finished]


@cache
def loaded(data: str, data_dir: str | None) -> Dataset:
    """The data set, read once by each process."""
    return load_data(data, data_dir)


def untrained(data_dir: str | None, run: Planned) -> Model:
    """The model that a run starts from: the one that `train` starts from."""
    return new_model(run.settings, loaded(run.settings.data, data_dir))


def make_tests(dataset: Dataset, device: torch.device) -> Tests:
    """What is tested, by name: views of all test images with their weights."""
    images = dataset.test.images
    tests = {"unchanged": [(1.0, images)], "tta": [*views(images)]}
    tests |= {name: [(1.0, changed(images, name))] for name in CHANGES}
    on_device = {
        id(x): torch.from_numpy(np.ascontiguousarray(x)).to(device) for parts in tests.values() for _, x in parts
    }
    return {name: [(weight, on_device[id(x)]) for weight, x in parts] for name, parts in tests.items()}


def result(twin: Twin, dataset: Dataset, tests: Tests, measure: tuple[str, ...], seconds: float) -> dict[str, Any]:
    """The result line of a trained twin."""
    labels = torch.from_numpy(dataset.test.labels).to(twin.device)
    also = {"tta": ["tta"], "changes": [*CHANGES]}
    names = ["unchanged", *(name for what in ("tta", "changes") if what in measure for name in also[what])]
    logits = {name: torch.stack([w * twin.classify(view) for w, view in tests[name]]).sum(0) for name in names}
    correct = {name: int((each.argmax(1) == labels).sum()) for name, each in logits.items()}
    on = torch.cuda.get_device_name() if twin.device.type == "cuda" else platform.machine()
    on += ", TF32" * torch.backends.cudnn.allow_tf32
    return {
        "settings": settings_to_json(twin.settings),
        "data": dataset.name,
        "provenance": dataset.provenance,
        "fingerprint": dataset.fingerprint,
        "correct": correct.pop("unchanged"),
        "n": len(labels),
        "test_loss": float(F.cross_entropy(logits["unchanged"], labels)),
        **({"measured": correct} if correct else {}),
        "parameters": sum(p.numel() for p in twin.params),
        "seconds": round(seconds, 1),
        "machine": f"PyTorch {torch.__version__.split('+')[0]} on {on}; {platform.system()}",
        "versions": {**versions(), "torch": torch.__version__},
    }


def result_lines(
    runs: list[Planned], models: Iterator[Model], dataset: Dataset, device: torch.device, at_once: int, until: float
) -> Iterator[dict[str, Any]]:
    """Make all runs, `at_once` side by side, and yield the line of each as it ends. None begins after `until`.

    A run that fails is reported, and does not keep the others from going on.
    """
    pairs, lock, tests = zip(runs, models, strict=True), Lock(), make_tests(dataset, device)

    @cache
    def padded(shift: int, border: str) -> torch.Tensor:
        return torch.from_numpy(pad(dataset.train.images, shift, border)).to(device)

    def make_twin(model: Model) -> Twin:
        return Twin(model, dataset, padded(model.settings.shift, model.settings.border))

    def next_line() -> dict[str, Any] | None:
        with lock:
            if time.monotonic() > until or (pair := next(pairs, None)) is None:
                return None
        run, model = pair
        twin, began = alone(make_twin, model), time.monotonic()
        twin.train()
        return alone(result, twin, dataset, tests, run.measure, time.monotonic() - began)

    with ThreadPoolExecutor(at_once) as threads:
        for future in as_completed([threads.submit(next_line) for _ in runs]):
            try:
                line = future.result()
            except RuntimeError as error:
                print(f"a run failed: {error}", file=sys.stderr, flush=True)
                continue
            if line is not None:
                yield line


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Train the runs of comparison files in PyTorch.")
    parser.add_argument("comparison", type=Path, nargs="+", help="comparison files, all on the same data")
    parser.add_argument("--data-dir", help="where the images are")
    parser.add_argument("--out", type=Path, required=True, help="file for the result lines")
    parser.add_argument("--seeds", type=int, help="how many seeds, in place of the files' own number")
    parser.add_argument("--at-once", type=int, default=1, help="runs side by side, 1 if not given")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after this time")
    parser.add_argument("--tf32", action="store_true", help="let the GPU round the factors of products to 10 bits")
    options = parser.parse_args()

    start = time.monotonic()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.tf32
    torch.backends.cudnn.benchmark = True
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    comparisons = [read_comparison(path) for path in options.comparison]
    if options.seeds:
        comparisons = [replace(c, seeds=(*range(options.seeds),)) for c in comparisons]
    runs = planned(comparisons, options.out)
    print(f"{len(runs)} runs on {device}", flush=True)
    if not runs:
        return
    dataset = loaded(comparisons[0].data, options.data_dir)
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        models = pool.map(partial(untrained, options.data_dir), runs)
        until = start + 60 * options.minutes
        for line in result_lines(runs, models, dataset, device, options.at_once, until):
            append_result(options.out, line)
            about, share = settings_from_json(line["settings"]), line["correct"] / line["n"]
            words = f"{about.describe()}, seed {about.seed}: {share:.2%} in {line['seconds']:.0f} s"
            print(f"{time.monotonic() - start:5.0f} s  {words}", flush=True)
        pool.shutdown(wait=False, cancel_futures=True)


if __name__ == "__main__":
    main()
