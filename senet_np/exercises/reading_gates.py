"""Exercises of notebook 9: reading gates without fooling yourself."""

import functools
import re
from typing import Any

import numpy as np

from ..analysis.findings import Findings, load_findings
from ..analysis.interventions import Interventions
from ..analysis.replace import predict
from ..data import load_shapes
from ..fast.workers import Workers
from ..grading.marks import Wrong, require
from ..model import Model
from ..runs.bundled import findings_path, load_bundled
from .checking import exercise

BLOCKS = ("stage1.se", "stage2.se", "stage3.se")
OTHER_SKY = (1.0, 0.0, 1.0)  # right with the gates of the other sky, by block
NETWORKS = ("tiny-se-r2", "tiny-se", "tiny-se-r8", "tiny-se-r16")


@exercise("9.1")
def all_aucs(aucs: Any) -> str:
    """The AUC of the favorite class of each channel."""
    found = np.asarray(aucs, np.float64)
    require(found.size > 1, f"that is one number, {found}. Give the AUC of each channel: an array (128,).")
    right = _aucs()
    require(found.shape == right.shape, f"the array has shape {found.shape}, expected {right.shape}.")
    c = int(np.abs(found - right).argmax())
    says = f"channel {c} has {found[c]:.3f}, which is not right."
    require(not np.allclose(found, 1 - right, atol=5e-3), f"{says} All are 0.5 or less: which draw has to be larger?")
    everyone = f"{says} Are the images of the class itself among the others?"
    require(not np.allclose(found, _aucs(with_itself=True), atol=5e-3), everyone)
    section = f"{says} Its favorite class is number {_mean_gates()[:, c].argmax()}. Section 2 has 0.88 for channel 73."
    require(np.allclose(found, right, atol=5e-3), section)
    best = int(right.argmax())
    return (
        f"None is above 0.9. The largest is {right[best]:.3f}, of channel {best}; the channel with the largest "
        f"selectivity has {right[73]:.3f}, and {np.sum(right > right[73])} channels have more: it ignores the spread."
    )


@exercise("9.2")
def report(gates: Any, comparison: Any) -> str:
    """Gates that contradict a report, and the comparison that it lacks."""
    _, labels, learned = _shapes()
    require(isinstance(gates, dict) and gates, "give the gates as a dict {path: array}, as `accuracy` takes them.")
    for path, s in gates.items():
        require(path in learned, f'there is no block "{path}", expected one of {", ".join(learned)}.')
        right = np.stack([learned[path][labels == label].mean(axis=0) for label in range(10)])[labels]
        shape = np.shape(s)
        row_for_class = f"{path}: shape {shape} is one row per class. `accuracy` needs one row per image."
        require(shape != (10, right.shape[1]), row_for_class)
        require(shape == right.shape, f"{path}: shape {shape}, and this block needs {right.shape}.")
        n = int(np.abs(np.asarray(s) - right).max(axis=1).argmax())
        ours = f"{path}: row {n} is not the mean of this block's gates over the images with the label of image {n}."
        require(np.allclose(np.asarray(s)[n], right[n], atol=1e-3), ours)
    share = _accuracy({path: np.asarray(s, np.float32) for path, s in gates.items()})
    agrees = f"with these gates {100 * share:.1f} % are right: the report says nothing else."
    require(share < 0.6, f"{agrees} Where did it not look?")
    reached = _share(comparison)
    ones = np.isclose(reached, _accuracy({"stage1.se": np.ones(32, np.float32)}), atol=2e-3)
    require(not ones, "the gates are right. Ones change the size of the maps as well: compare with other gates.")
    wrong = f"the gates are right. The comparison, {100 * reached:.1f} %, is not: same block as in the report,"
    mean = _accuracy({"stage1.se": learned["stage1.se"].mean(axis=0)})
    require(np.isclose(reached, mean, atol=2e-3), f"{wrong} the same gates for every image.")
    return (
        f"In stage 2 only {100 * share:.1f} % are right. In stage 1 the channel's mean does as well as the class's: "
        "the network does not need those gates to look at anything."
    )


@exercise("9.3")
def other_sky(accuracies: Any) -> str:
    """The accuracies with the gates of the other sky, block by block."""
    values = [*accuracies.values()] if isinstance(accuracies, dict) else [*np.ravel(accuracies)]
    if isinstance(accuracies, dict) and all(path in accuracies for path in BLOCKS):
        values = [accuracies[path] for path in BLOCKS]
    require(len(values) == 3, f"expected three numbers, for stages 1, 2 and 3, and got {len(values)}.")
    found = np.array([float(np.asarray(value, np.float64).item()) for value in values])
    found = found / 100 if found.max() > 1 else found
    own = "all are 100 %, as with the network's own gates. Of which images did you record the gates?"
    require(not np.allclose(found, 1, atol=0.01), own)
    classified = "all are 0 %. Which images were classified: the original ones, or those with the other sky?"
    require(not np.allclose(found, 0, atol=0.01), classified)
    wrong = [str(k) for k, right in enumerate(OTHER_SKY) if not np.isclose(found[k], right, atol=0.02)]
    say = f"not right at positions {', '.join(wrong)} (0 is stage 1). Are these gates put into this block alone?"
    require(not wrong, say)
    return (
        "With stage 2's gates of the other sky the network answers with the other square: these gates alone carry "
        "the sky. That is more than a figure of gates can show."
    )


@exercise("9.4")
def four_networks(stage_1_most: Any, below_twin: Any) -> str:
    """In which networks stage 1 loses most with mean gates, and which are worse than their twin."""
    asked = ("stage_1_most", stage_1_most), ("below_twin", below_twin)
    for (name, answer), right in zip(asked, _four_networks(), strict=True):
        found = _names(answer)
        extra, missing = sorted(found - right), right - found
        if extra:
            raise Wrong(f"{name}: {extra[0]} does not belong there. {_row(extra[0])}")
        require(not missing, f"{name}: {len(found)} right, {len(missing)} more to find among the four networks.")
    return (
        "So stage 1 matters most in two of four networks, each with one seed: no rule about stages. And a network can "
        "depend on its gates and still be no better than its twin without SE."
    )


def _row(name: str) -> str:
    """The numbers of a network in words."""
    result = _interventions(name)
    lost = [100 * (result.learned - counts["mean"]) / result.n for counts in result.correct.values()]
    points = ", ".join(f"{points:.1f}" for points in lost[:3])
    return f"Its stages lose {points} points; with learned gates {100 * result.learned / result.n:.1f} % are right."


def _four_networks() -> tuple[set[str], set[str]]:
    twin = load_bundled("tiny-plain").metadata.result
    assert twin is not None
    stage_1, below = set(), set()
    for name in NETWORKS:
        result = _interventions(name)
        first, *others = (result.correct[path]["mean"] for path in BLOCKS)
        if first < min(others):
            stage_1.add(name)
        if result.learned < twin.correct:
            below.add(name)
    return stage_1, below


def _interventions(name: str) -> Interventions:
    result = _findings(name).interventions
    assert result is not None
    return result


def _names(answer: Any) -> set[str]:
    texts = [answer] if isinstance(answer, str) else [str(one) for one in answer]
    words = [word.lower() for text in texts for word in re.findall(r"[\w-]+", text)]
    found = {"tiny-se" if word == "tiny-se-r4" else word for word in words}
    unknown = sorted(found - {*NETWORKS})
    require(not unknown, f'there is no network "{next(iter(unknown), "")}" here. Names: {", ".join(NETWORKS)}.')
    return found


def _share(answer: Any) -> float:
    """A share of right answers, from a share or a percentage."""
    number = float(np.asarray(answer, np.float64).item())
    return number / 100 if number > 1 else number


@functools.cache
def _findings(name: str) -> Findings:
    return load_findings(findings_path(name))


def _mean_gates() -> np.ndarray:
    return _findings("tiny-se").blocks["stage3.se"].mean


@functools.cache
def _aucs(with_itself: bool = False) -> np.ndarray:
    counts = _findings("tiny-se").blocks["stage3.se"].counts.astype(np.float64)
    found = []
    for c, favorite in enumerate(_mean_gates().argmax(axis=0)):
        inside, everyone = counts[favorite, c], counts[:, c].sum(axis=0)
        outside = everyone if with_itself else everyone - inside
        inside, outside = inside / inside.sum(), outside / outside.sum()
        found.append(inside @ (np.cumsum(outside) - outside / 2))
    return np.array(found)


@functools.cache
def _model() -> Model:
    return load_bundled("shapes-se")


@functools.cache
def _shapes() -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """The notebook's images, their labels, and the gates of `shapes-se`."""
    images, labels = load_shapes(sizes=(1, 1, 500)).test
    _, activations = _model().run(images, record=True)
    return images, labels, activations.gates


def _accuracy(gates: dict[str, np.ndarray]) -> float:
    images, labels, _ = _shapes()
    return float((predict(_model(), images, Workers(1), gates) == labels).mean())
