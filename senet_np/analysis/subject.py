"""What is looked at: the network of a run, or one of those in the box."""

from typing import Any, NamedTuple

import numpy as np

from ..data.augment import Normalizer
from ..layers import Layer
from ..runs.bundled import Pretrained
from ..runs.run import Run, describe_settings
from ..runs.snapshots import read_moments
from ..settings import Settings
from ..tree import Tree


class Subject(NamedTuple):
    """A trained network, and what its figures have to say about where it comes from."""

    settings: Settings
    net: Layer
    params: Tree
    state: Tree
    normalizer: Normalizer
    classes: tuple[str, ...]
    stamp: str  # network, data and seed: "tiny SE-CNN, r = 4, cifar10 (not the official bytes), seed 0"
    sizes: str  # "45,000 training and 5,000 validation images"
    epochs: list[dict[str, Any]]  # the log's record of each epoch
    moments: dict[int, dict[str, np.ndarray]]  # {step: {path: gates (n, C)}}: through training; {} where none is kept


def of_run(run: Run) -> Subject:
    """The network of a run, as its last checkpoint has it.

    Args:
        run: the run.

    Raises:
        SenetError: the checkpoint, the log or a recorded moment cannot be read.
    """
    progress = run.load()
    origin = f"weights from {run.data['imported']}" if "imported" in run.data else f"seed {run.settings.seed}"
    return Subject(
        run.settings,
        run.settings.build_net(),
        progress.params,
        progress.state,
        run.normalizer,
        tuple(run.data["classes"]),
        _stamp(run.settings, run.data, origin),
        _sizes(run.data),
        [record for record in run.records if record["kind"] == "epoch"],
        read_moments(run.path),
    )


def of_box(found: Pretrained) -> Subject:
    """A network of the box."""
    data, settings = found.about["data"], found.settings
    return Subject(
        settings,
        found.net,
        found.params,
        found.state,
        found.normalizer,
        found.classes,
        _stamp(settings, data, f"seed {settings.seed}"),
        _sizes(data),
        found.about["epochs"],
        {},
    )


def _stamp(settings: Settings, data: dict[str, Any], origin: str) -> str:
    return f"{describe_settings(settings)}, {data['name']} ({data['stamp']}), {origin}"


def _sizes(data: dict[str, Any]) -> str:
    return f"{data['images']['train']:,} training and {data['images']['val']:,} validation images"
