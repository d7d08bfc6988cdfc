"""All that is measured about the gates of one network, in one record that can be stored.

The record holds no image, so that figures about CIFAR-10 can be drawn where there is no CIFAR-10.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..data.dataset import Dataset, Split
from ..errors import SenetError
from ..fast.workers import Workers
from ..nets.describe import multiply_adds
from ..runs.weight_files import METADATA, reading
from . import interventions as controls
from . import pruning
from .gates import BINS, GateStatistics, gate_limits, look, summarize
from .hidden import HiddenStatistics, summarize_hidden
from .interventions import Controls
from .pruning import Pruning
from .subject import Subject

TRAINING = 10_000  # the first training images: means and ranks are taken from them
EFFORT = 1.5e12  # multiply-adds that controls and pruning may take each where nothing is said: about half a minute


class Findings(NamedTuple):
    """What is known of one network's gates."""

    images: str  # "10,000 test images"
    blocks: dict[str, GateStatistics]  # by path, from early to late
    hidden: dict[str, HiddenStatistics]  # the same; no entry for an ECA block
    controls: Controls | None  # None where they were not asked for
    pruning: Pruning | None
    moments: dict[int, dict[str, np.ndarray]]  # {step: {path: (BINS,) share of the gates in each bin}}


def measure(
    subject: Subject,
    dataset: Dataset,
    split: str,
    workers: Workers,
    controlled: int | None = None,
    thorough: bool = True,
) -> Findings:
    """Look at the gates for every image of a split, and replace them.

    Args:
        subject: the network; it has at least one SE block.
        dataset: what it was trained on.
        split: "val" or "test".
        workers: who computes.
        controlled: how many of the images are classified again with other gates; None for as many as take about half
            a minute on two cores, for each of controls and pruning.
        thorough: False to leave out controls and pruning.

    Returns:
        The findings.
    """
    net = subject.net, subject.params, subject.state
    images, labels = getattr(dataset, split)
    classes = len(dataset.classes)
    seen = look(*net, images, subject.normalizer, workers)
    limits = gate_limits(subject.settings.gate, seen.gates)
    blocks = {path: summarize(s, labels, classes, limits) for path, s in seen.gates.items()}
    hidden = {path: summarize_hidden(h, labels, classes) for path, h in seen.hidden.items()}
    moments = {step: {p: _shares(s, limits) for p, s in gates.items()} for step, gates in subject.moments.items()}
    name = {"val": "validation", "test": "test"}[split]
    found = Findings(f"{len(labels):,} {name} images", blocks, hidden, None, None, moments)
    if not thorough:
        return found

    train = Split(*(array[:TRAINING] for array in dataset.train))
    learned = look(*net, train.images, subject.normalizer, workers)
    means = {path: _class_means(s, train.labels, classes) for path, s in learned.gates.items()}
    passes = len(controls.CONTROLS) * (len(blocks) + 1), (len(pruning.SHARES) - 1) * (4 + pruning.DRAWS)
    scores = pruning.channel_scores(*net, train.images, subject.normalizer, workers)
    n, m = (_affordable(subject, count, len(labels), controlled) for count in passes)
    first_n, first_m = ({path: s[:count] for path, s in seen.gates.items()} for count in (n, m))
    return found._replace(
        controls=controls.measure(*net, images[:n], labels[:n], subject.normalizer, first_n, means, workers),
        pruning=pruning.measure(*net, images[:m], labels[:m], subject.normalizer, first_m, scores, workers),
    )


def _shares(gates: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    counts, _ = np.histogram(gates.astype(np.float64).clip(*limits), bins=BINS, range=limits)
    return counts / gates.size


def _class_means(gates: np.ndarray, labels: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Each class's mean gate, and that of all; a class without images has that of all."""
    stats = summarize(gates, labels, classes)
    overall = stats.overall_mean
    means = np.where(np.isnan(stats.mean), overall, stats.mean)
    return means.astype(np.float32), overall.astype(np.float32)


def _affordable(subject: Subject, passes: int, n: int, asked: int | None) -> int:
    if asked is None:
        asked = max(500, int(EFFORT / passes / multiply_adds(subject.net)))
    return min(asked, n)


def save_findings(path: Path, found: Findings, about: dict[str, Any]) -> None:
    """Write findings to an .npz, compressed, all numbers small.

    Args:
        path: the file.
        found: what to write.
        about: what to say about it, JSON values.
    """
    arrays: dict[str, np.ndarray] = {}
    for place, stats in found.blocks.items():
        arrays |= {f"gates/{place}/{name}": array for name, array in stats._asdict().items()}
    for place, units in found.hidden.items():
        arrays |= {f"hidden/{place}/{name}": array for name, array in units._asdict().items()}
    for step, gates in found.moments.items():
        arrays |= {f"moments/{step}/{place}": shares for place, shares in gates.items()}
    small = {name: _small(np.asarray(array)) for name, array in arrays.items()}
    said = {
        "about": about,
        "images": found.images,
        "controls": found.controls and found.controls._asdict(),
        "pruning": found.pruning and _plain(found.pruning),
    }
    texts = {name: json.dumps(value) for name, value in said.items()}
    np.savez_compressed(path, **small, **{METADATA: np.array(json.dumps(texts))})  # pyright: ignore


def load_findings(path: Path) -> Findings:
    """Read what `save_findings` wrote.

    Raises:
        SenetError: the file is missing or damaged.
    """
    with reading(path) as (arrays, texts):
        found = {name: array.read() for name, array in arrays.items()}
    try:
        said = {name: json.loads(text) for name, text in texts.items()}
        blocks = {
            place: GateStatistics(**{**parts, "limits": tuple(parts["limits"].tolist())})  # pyright: ignore
            for place, parts in _under(found, "gates").items()
        }
        hidden = {place: HiddenStatistics(**parts) for place, parts in _under(found, "hidden").items()}
        moments: dict[int, dict[str, np.ndarray]] = {}
        for step, gates in _under(found, "moments", first=True).items():
            moments[int(step)] = gates
        of_controls, of_pruning = said["controls"], said["pruning"]
        return Findings(
            said["images"],
            blocks,
            hidden,
            of_controls and Controls(**of_controls),
            of_pruning and Pruning(**{name: _arrays(value) for name, value in of_pruning.items()}),
            moments,
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SenetError(f"{path} does not hold findings ({error!r:.160}): make it again") from error


def _small(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.int64:
        return array.astype(np.uint16 if array.max(initial=0) < 1 << 16 else np.uint32)
    return array.astype(np.float32)


def _plain(found: Pruning) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(part) for name, part in value.items()}
        return value.tolist() if isinstance(value, np.ndarray) else value

    return plain(found._asdict())


def _arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _arrays(part) for name, part in value.items()}
    return np.array(value) if isinstance(value, list) else value


def _under(found: dict[str, np.ndarray], kind: str, first: bool = False) -> dict[str, dict[str, np.ndarray]]:
    """{place: {name: array}} of what is called kind/place/name."""
    grouped: dict[str, dict[str, np.ndarray]] = {}
    for name, array in found.items():
        group, place, leaf = name.split("/")
        if group == kind:
            grouped.setdefault(place, {})[leaf] = array
    return grouped
