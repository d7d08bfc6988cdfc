"""Bundle a finished run with the package:   python docs/tools/bundle.py RUN NAME [--data-dir DIR]

The weights are rounded to float16 first, and everything is measured on the rounded ones: accuracy and gates over all
test images, interventions and pruning too.
"""

import argparse
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from senet_np.analysis.findings import measure, save_findings
from senet_np.data import load_data
from senet_np.data.dataset import Dataset
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.model import Model, Result
from senet_np.runs.bundled import FOLDER, KEY, SUMS
from senet_np.runs.interchange import from_pytorch, save_weights, to_pytorch, unfilled
from senet_np.runs.load import load
from senet_np.runs.run import versions
from senet_np.settings import settings_to_json
from senet_np.train.evaluation import evaluate, result_line
from senet_np.tree import Tree, tree_map

EPOCH = ("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy")


def bundle(model: Model, dataset: Dataset, name: str, workers: Workers, folder: Path = FOLDER) -> Result:
    """Write a run's weights and findings into the folder of bundled models.

    Args:
        model: from a run that is trained to its end.
        dataset: what it was trained on.
        name: what it will be loaded by.
        workers: who computes.
        folder: where to write.

    Returns:
        The test result of the rounded weights.

    Raises:
        SenetError: the run is not finished, or the data is other data.
    """
    metadata = model.metadata
    if not metadata.finished:
        raise SenetError(f"{metadata.name} is not trained to its end: resume it with python -m senet_np train --resume")
    if dataset.fingerprint != metadata.data.fingerprint:
        raise SenetError(f"{dataset.origin} holds other bytes than {metadata.name} was trained on")
    params, state = rounded(model)
    model = replace(model, params=params, state=state)
    score = evaluate(model, dataset.test, workers)
    about = {
        "settings": settings_to_json(model.settings),
        "data": {
            "name": metadata.data.name,
            "provenance": metadata.data.provenance,
            "classes": [*model.classes],
            "fingerprint": metadata.data.fingerprint,
            "images": metadata.data.images,
        },
        "mean": model.normalizer.mean.tolist(),
        "std": model.normalizer.std.tolist(),
        "test": {"accuracy": score.accuracy, "correct": score.correct, "n": score.n},
        "epochs": [{part: record[part] for part in EPOCH} for record in metadata.epochs],
        "versions": versions(),
    }
    folder.mkdir(exist_ok=True)
    half = tree_map(np.float16, params), tree_map(np.float16, state)
    save_weights(folder / f"{name}.npz", *half, {KEY: json.dumps(about)})
    if model.settings.se:
        findings = measure(model, dataset, "test", workers, reclassify=score.n)
        save_findings(folder / f"{name}.findings.npz", findings, {"data": about["data"]})
    write_sums(folder)
    return Result(score.correct, score.n)


def rounded(model: Model) -> tuple[Tree, Tree]:
    """The parameters and the state as they come back from a float16 file."""
    half = to_pytorch(tree_map(np.float16, model.params), tree_map(np.float16, model.state))
    return from_pytorch(half, *unfilled(model.net))


def write_sums(folder: Path) -> None:
    """SHA256SUMS over all files of the folder, as sha256sum writes it."""
    files = sorted(folder.glob("*.npz"))
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (folder / SUMS).write_text("".join(lines), "utf-8")


def main() -> None:
    """Bundle one run."""
    parser = argparse.ArgumentParser(description="Bundle a finished run with the package.")
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.add_argument("name", help="what senet_np.load() will know it by")
    parser.add_argument("--data-dir", type=Path, help="where CIFAR-10 lies")
    args = parser.parse_args()
    try:
        model = load(args.run)
        dataset = load_data(model.settings.data, args.data_dir)
        with Workers() as workers:
            result = bundle(model, dataset, args.name, workers)
    except SenetError as error:
        parser.exit(2, f"error: {error}\n")
    before = model.metadata.result.correct if model.metadata.result else 0
    print(f"{args.name}: {result.correct - before:+d} images by rounding to float16")
    print(result_line(result.correct, result.n, dataset.name, dataset.provenance))


if __name__ == "__main__":
    main()
