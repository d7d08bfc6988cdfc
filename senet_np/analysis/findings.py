"""Everything that is measured about the gates of one network, in one record that can be stored.

The record holds no image, so figures about CIFAR-10 can be drawn on a machine without CIFAR-10.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..data.dataset import Dataset, Split
from ..errors import SenetError
from ..fast.workers import Workers
from ..model import Model
from ..nets.describe import multiply_adds
from ..runs.weight_files import METADATA, reading
from . import interventions, pruning
from .gates import BINS, GateStatistics, collect, gate_limits, summarize
from .hidden import HiddenStatistics, summarize_hidden
from .interventions import Interventions
from .pruning import Pruning
from .replace import Gates
from .specificity import class_share_interval

MAX_TRAINING_IMAGES = 10_000  # the first ones: means and ranks are taken from them
MAX_MULTIPLY_ADDS = 1.5e12  # for interventions and for pruning, each, by default: about half a minute


WORDS = {"val": "validation images", "test": "test images", "all": "images"}


class Findings(NamedTuple):
    """What was measured about one network's gates."""

    images: str  # "10,000 test images"
    blocks: dict[str, GateStatistics]  # by path, from the first block to the last
    hidden: dict[str, HiddenStatistics]  # the same; no entry for an ECA block
    interventions: Interventions | None  # None where they were left out
    pruning: Pruning | None
    snapshots: dict[int, dict[str, np.ndarray]]  # {step: {path: (BINS,) share of the gates in each bin}}
    class_shares: dict[str, np.ndarray]  # {path: (2,) 95 % interval of the class's share, over images}; may be empty


def measure(
    model: Model, dataset: Dataset, split: str, workers: Workers, reclassify: int | None = None, thorough: bool = True
) -> Findings:
    """Collect the gates of every image of a split, "val", "test" or "all", and measure what replacing them does.

    Args:
        model: the network; it has at least one SE block.
        dataset, split: what it was trained on, and which part to look at.
        workers: who computes.
        reclassify: how many of the images are classified again with other gates; None for as many as take about half
            a minute on two cores, for each of interventions and pruning.
        thorough: False to leave out interventions and pruning.
    """
    images, labels = getattr(dataset, split)
    classes = len(dataset.classes)
    activations = collect(model, images, workers)
    gates, limits = activations.gates, gate_limits(model.settings.gate, activations.gates)
    findings = Findings(
        f"{len(labels):,} {WORDS[split]}",
        {path: summarize(s, labels, classes, limits) for path, s in gates.items()},
        {path: summarize_hidden(h, labels, classes) for path, h in activations.hidden.items()},
        None,
        None,
        {
            step: {path: _shares(s, limits) for path, s in snapshot.items()}
            for step, snapshot in model.metadata.snapshots.items()
        },
        {path: class_share_interval(s, labels) for path, s in gates.items()},
    )
    if not thorough:
        return findings

    train = Split(*(array[:MAX_TRAINING_IMAGES] for array in dataset.train))
    learned = collect(model, train.images, workers).gates
    means = {path: _class_means(s, train.labels, classes) for path, s in learned.items()}
    scores = pruning.channel_scores(model, train.images, workers)

    def first(passes: int) -> tuple[Split, Gates]:
        """The first images, as many as may be classified so many times, and their gates."""
        affordable = max(500, int(MAX_MULTIPLY_ADDS / passes / multiply_adds(model.net)))
        n = min(reclassify or affordable, len(labels))
        return Split(images[:n], labels[:n]), {path: s[:n] for path, s in gates.items()}

    replaced = first(len(interventions.INTERVENTIONS) * (len(gates) + 1))
    pruned = first((len(pruning.SHARES) - 1) * (4 + pruning.DRAWS))
    return findings._replace(
        interventions=interventions.measure(model, *replaced, means, workers),
        pruning=pruning.measure(model, *pruned, scores, workers),
    )


def _shares(gates: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    counts, _ = np.histogram(gates.astype(np.float64).clip(*limits), bins=BINS, range=limits)
    return counts / gates.size


def _class_means(gates: np.ndarray, labels: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Each class's mean gate, and the mean over all images, which also stands for a class without images."""
    stats = summarize(gates, labels, classes)
    overall = stats.overall_mean
    means = np.where(np.isnan(stats.mean), overall, stats.mean)
    return means.astype(np.float32), overall.astype(np.float32)


def save_findings(path: Path, findings: Findings, about: dict[str, Any]) -> None:
    """Write findings to a compressed .npz, in small dtypes; `about` tells where they come from, in JSON values."""
    groups = {
        "gates": {path: stats._asdict() for path, stats in findings.blocks.items()},
        "hidden": {path: units._asdict() for path, units in findings.hidden.items()},
        "snapshots": findings.snapshots,
        "class_shares": {path: {"interval": interval} for path, interval in findings.class_shares.items()},
    }
    arrays = {
        f"{kind}/{place}/{name}": _small(np.asarray(array))
        for kind, group in groups.items()
        for place, parts in group.items()
        for name, array in parts.items()
    }
    values = {
        "about": about,
        "images": findings.images,
        "interventions": findings.interventions and findings.interventions._asdict(),
        "pruning": findings.pruning and findings.pruning._asdict(),
    }
    texts = {name: json.dumps(value, default=np.ndarray.tolist) for name, value in values.items()}
    np.savez_compressed(path, **arrays, **{METADATA: np.array(json.dumps(texts))})  # pyright: ignore


def load_findings(path: Path) -> Findings:
    """Read what `save_findings` wrote.

    Raises:
        SenetError: the file is missing or damaged.
    """
    with reading(path) as (declared, texts):
        arrays = {name: array.read() for name, array in declared.items()}
    groups: dict[str, dict[str, Any]] = {"gates": {}, "hidden": {}, "snapshots": {}, "class_shares": {}}
    try:
        for name, array in arrays.items():
            kind, place, part = name.split("/")
            groups[kind].setdefault(place, {})[part] = array
        for parts in groups["gates"].values():
            parts["limits"] = tuple(parts["limits"].tolist())
        values = (json.loads(texts[name], object_hook=_with_arrays) for name in ("images", "interventions", "pruning"))
        images, replaced, pruned = values
        return Findings(
            images,
            {place: GateStatistics(**parts) for place, parts in groups["gates"].items()},
            {place: HiddenStatistics(**parts) for place, parts in groups["hidden"].items()},
            replaced and Interventions(**replaced),
            pruned and Pruning(**pruned),
            {int(step): gates for step, gates in groups["snapshots"].items()},
            {place: parts["interval"] for place, parts in groups["class_shares"].items()},
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise SenetError(f"{path} does not hold findings ({error!r:.160}): make it again") from error


def _small(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.int64:
        return array.astype(np.uint16 if array.max(initial=0) < 1 << 16 else np.uint32)
    return array.astype(np.float32)


def _with_arrays(values: dict[str, Any]) -> dict[str, Any]:
    """A JSON object with its lists as arrays."""
    return {name: np.array(value) if isinstance(value, list) else value for name, value in values.items()}
