"""Put a finished run into the box:   python -m senet_np.explain.pack RUN NAME

The weights are rounded to float16 first, and everything is measured on the rounded ones: accuracy and gates
over all test images, controls and pruning too.
"""

import argparse
import hashlib
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from ..data import load_data
from ..data.dataset import Dataset
from ..errors import SenetError
from ..fast.workers import Workers
from ..runs.bundled import BOX, KEY, SUMS
from ..runs.interchange import from_pytorch, save_weights, to_pytorch, unfilled
from ..runs.run import Run, open_run, versions
from ..settings import Settings, make_settings, settings_to_json
from ..train.evaluation import evaluate, result_line
from ..tree import Tree, tree_map
from .findings import measure, save_findings
from .subject import of_run

EPOCH = ("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy")


def pack(run: Run, dataset: Dataset, name: str, workers: Workers, box: Path = BOX) -> dict[str, Any]:
    """Write a run's weights and findings into the box.

    Args:
        run: trained to its end.
        dataset: what it was trained on.
        name: what `pretrained` will know it by.
        workers: who computes.
        box: the folder.

    Returns:
        What is said about the weights.

    Raises:
        SenetError: the run is not finished, or the data is other data.
    """
    if run.result is None:
        raise SenetError(f"{run.path} is not trained to its end: go on with python -m senet_np train --resume")
    if dataset.fingerprint != run.data["fingerprint"]:
        raise SenetError(f"{dataset.origin} holds other bytes than {run.path} was trained on")
    subject = of_run(run)
    params, state = rounded(subject.params, subject.state, subject.settings)
    subject = subject._replace(params=params, state=state)
    score = evaluate(subject.net, params, state, dataset.test, subject.normalizer, workers)
    about = {
        "settings": settings_to_json(run.settings),
        "data": {part: run.data[part] for part in ("name", "stamp", "classes", "fingerprint", "images")},
        "mean": run.data["mean"],
        "std": run.data["std"],
        "test": {"accuracy": score.accuracy, "correct": score.correct, "n": score.n},
        "epochs": [{part: record[part] for part in EPOCH} for record in run.records if record["kind"] == "epoch"],
        "command": train_command(run.settings),
        "versions": versions(),
    }
    box.mkdir(exist_ok=True)
    half = tree_map(np.float16, params), tree_map(np.float16, state)
    save_weights(box / f"{name}.npz", *half, {KEY: json.dumps(about)})
    if run.settings.se:
        found = measure(subject, dataset, "test", workers, controlled=score.n)
        save_findings(box / f"{name}.findings.npz", found, {part: about[part] for part in ("data", "command")})
    write_sums(box)
    return about


def rounded(params: Tree, state: Tree, settings: Settings) -> tuple[Tree, Tree]:
    """The weights as they come back from a float16 file."""
    half = to_pytorch(tree_map(np.float16, params), tree_map(np.float16, state))
    return from_pytorch(half, *unfilled(settings.build_net()))


def train_command(settings: Settings) -> str:
    """The command that trains with these settings: what is not the default, spelled out."""
    usual = settings_to_json(make_settings(settings.data, {"net": settings.net}))
    words = ["python -m senet_np train --data", settings.data, "--net", settings.net]
    for option, value in settings_to_json(settings).items():
        if value == usual[option]:
            continue
        flag = option.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            words.append(f"--{flag} {shlex.quote(text)}")
    return " ".join(words)


def write_sums(box: Path) -> None:
    """SHA256SUMS over all files of the box, as sha256sum writes it."""
    files = sorted(box.glob("*.npz"))
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (box / SUMS).write_text("".join(lines), "utf-8")


def main() -> None:
    """Put one run into the box."""
    parser = argparse.ArgumentParser(description="Put a finished run into senet_np/box.")
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.add_argument("name", help="what pretrained() will know it by")
    parser.add_argument("--data-dir", type=Path, help="where CIFAR-10 lies")
    args = parser.parse_args()
    try:
        run = open_run(args.run)
        dataset = load_data(run.settings.data, args.data_dir)
        with Workers() as workers:
            test = pack(run, dataset, args.name, workers)["test"]
    except SenetError as error:
        parser.exit(2, f"error: {error}\n")
    before = run.result["correct"] if run.result else 0
    print(f"{args.name}: {test['correct'] - before:+d} images by rounding to float16")
    print(result_line(test["correct"], test["n"], dataset.name, dataset.stamp))


if __name__ == "__main__":
    main()
