"""Exercises of notebook 9: reading gates without fooling yourself."""

import functools
import re
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..analysis.findings import Findings, load_findings
from ..analysis.interventions import Interventions
from ..analysis.replace import predict
from ..data import load_shapes
from ..fast.workers import Workers
from ..grading.marks import Array, Wrong, require
from ..model import Model
from ..runs.bundled import findings_path, load_bundled
from . import reading
from .checking import exercise

BLOCKS = ("stage1.se", "stage2.se", "stage3.se")
OTHER_SKY = (1.0, 0.0, 1.0)  # right with the gates of the other sky, by block
NETWORKS = ("tiny-se-r2", "tiny-se", "tiny-se-r8", "tiny-se-r16")


@exercise("9.1")
def all_aucs(aucs: Any) -> str:
    """The AUC of the favorite class of each channel."""
    found, right = reading.numbers(aucs, "aucs"), _aucs()
    require(found.size > 1, f"aucs is one number, {found.flat[0]:g}. Give the AUC of each channel: an array (128,).")
    require(found.size == right.size, f"aucs has shape {found.shape}, expected {right.shape}.")
    found = found.ravel()
    c = int(np.abs(found - right).argmax())
    says = f"channel {c} has {found[c]:.3f}, which is not right."
    mistakes = {
        "All are 0.5 or less: which draw has to be larger?": 1 - right,
        "Are the images of the class itself among the others?": _aucs(with_itself=True),
        "An AUC is a share from 0 to 1.": 100 * right,
    }
    if not np.allclose(found, right, rtol=0.01):
        for words, mistaken in mistakes.items():
            require(not np.allclose(found, mistaken, rtol=0.01), f"{says} {words}")
        section = f"Its favorite class is number {_mean_gates()[:, c].argmax()}. Section 2 has 0.88 for channel 73."
        raise Wrong(f"{says} {section}")
    best = int(right.argmax())
    return (
        f"None is above 0.9. The largest is {right[best]:.3f}, of channel {best}; the channel with the largest "
        f"selectivity has {right[73]:.3f}, and {np.sum(right > right[73])} channels have more: it ignores the spread."
    )


@exercise("9.2")
def report(gates: Any, comparison: Any) -> str:
    """Gates that contradict a report, and the gates that it should have compared with."""
    _, labels, learned = _shapes()
    given = _gates(gates, "gates")
    for path, s in given.items():
        right = np.stack([learned[path][labels == label].mean(axis=0) for label in range(10)])[labels]
        row_for_class = f"gates: {path} has shape {s.shape}, one row per class. `accuracy` needs one row per image."
        require(s.shape != (10, right.shape[1]), row_for_class)
        require(s.shape == right.shape, f"gates: {path} has shape {s.shape}, and this block needs {right.shape}.")
        n = int(np.abs(s - right).max(axis=1).argmax())
        ours = f"gates: in {path} row {n} is not the mean of its gates over the images with the label of image {n}."
        require(np.allclose(s[n], right[n], atol=1e-3), ours)
    share = _accuracy(given)
    agrees = f"with your gates {100 * share:.1f} % are right: the report says nothing else."
    require(share < 0.6, f"{agrees} Where did it not look?")
    mean = _constant_gates(_gates(comparison, "comparison"), learned["stage1.se"])
    return (
        f"With your gates only {100 * share:.1f} % are right. In stage 1 gates that know nothing reach "
        f"{100 * _accuracy({'stage1.se': mean}):.1f} % as well: there the network needs no gates that look at anything."
    )


def _constant_gates(given: dict[str, Array], s: Array) -> Array:
    """The gates of a comparison, (C,), if they are of the usual size and the same for every image."""
    only = [*given] == ["stage1.se"]
    require(only, f"comparison has gates of {' and '.join(given)}. Which block did the report look at?")
    found = given["stage1.se"]
    fits = found.shape in (s.shape, (1, s.shape[1]), (s.shape[1],))
    require(fits, f"comparison: stage1.se has shape {found.shape}, expected {(s.shape[1],)} or {s.shape}.")
    found = np.atleast_2d(found)
    apart = np.abs(found - found[0]).max(axis=1)
    n = int(apart.argmax())
    require(apart[n] < 1e-4, f"comparison: row {n} differs from row 0, so these gates know something about the image.")
    ones = " Section 4 says what ones change." * np.allclose(found, 1)
    usual = np.allclose(found[0], s.mean(axis=0), atol=0.03)
    require(usual, f"comparison: these gates are the same for every image, but not of the usual size.{ones}")
    return found[0]


@exercise("9.3")
def other_sky(accuracies: Any) -> str:
    """The accuracies with the gates of the other sky, block by block."""
    if isinstance(accuracies, Mapping):
        by_block = {_block(key, "accuracies"): value for key, value in accuracies.items()}
        missing = [path for path in BLOCKS if path not in by_block]
        require(not missing, f"accuracies has nothing for {', '.join(missing)}.")
        accuracies = [reading.number(by_block[path], f"accuracies of {path}") for path in BLOCKS]
    found = reading.numbers(accuracies, "accuracies").ravel()
    plural = "s" * (found.size != 1)
    require(found.size == 3, f"accuracies holds {found.size} number{plural}, expected 3: for stages 1, 2 and 3.")
    found = found / 100 if found.max() > 1 else found
    own = "all are 100 %, as with the network's own gates. Of which images did you record the gates?"
    require(not np.allclose(found, 1, atol=0.01), own)
    classified = "all are 0 %. Which images were classified: the original ones, or those with the other sky?"
    require(not np.allclose(found, 0, atol=0.01), classified)
    wrong = [str(k + 1) for k, right in enumerate(OTHER_SKY) if not np.isclose(found[k], right, atol=0.02)]
    where = f"stage {wrong[0]} is" if len(wrong) == 1 else f"stages {' and '.join(wrong)} are"
    require(not wrong, f"accuracies: {where} not right. Are the gates of the other sky in one block at a time?")
    return (
        "With stage 2's gates of the other sky the network answers with the other square: these gates alone carry "
        "the sky. That is more than a figure of gates can show."
    )


@exercise("9.4")
def four_networks(stage_1_most: Any, below_twin: Any) -> str:
    """In which networks stage 1 loses most with mean gates, and which are worse than their twin."""
    asked = ("stage_1_most", stage_1_most), ("below_twin", below_twin)
    for (name, answer), right in zip(asked, _four_networks(), strict=True):
        found = _networks(answer, name)
        extra, missing = sorted(found - right), right - found
        if extra:
            raise Wrong(f"{name}: {extra[0]} does not belong there. {_row(extra[0])}")
        require(not missing, f"{name}: what you name belongs there, but it is not all. Look at each of the four.")
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


def _networks(answer: Any, name: str) -> set[str]:
    """Names of networks; "tiny-se-r4" and "tiny-se (r = 4)" are `tiny-se`."""
    answer = answer.ravel().tolist() if isinstance(answer, np.ndarray) else answer
    parts = [answer] if isinstance(answer, str) or not isinstance(answer, Iterable) else [*answer]
    texts = [str(part).lower().replace("_", "-") for part in parts]
    texts = [re.sub(r"(tiny-se)(?:-r\d+)? *\(? *r *= *(\d+) *\)?", r"\1-r\2", text) for text in texts]
    require(any(text.strip() for text in texts), f"{name} is empty: name at least one network.")
    found = {"tiny-se" if word == "tiny-se-r4" else word for word in reading.names(texts)}
    unknown = sorted(found - {*NETWORKS})
    if unknown:
        raise Wrong(f"{name}: there is no network {reprlib.repr(unknown[0])} here. Names: {', '.join(NETWORKS)}.")
    return found


def _gates(answer: Any, name: str) -> dict[str, Array]:
    """Gates as `accuracy` takes them, {path: array}, float32."""
    expected = "expected a dictionary {path: array}, as `accuracy` takes it"
    if not isinstance(answer, Mapping):
        actual = f"an array {answer.shape}" if isinstance(answer, np.ndarray) else reprlib.repr(answer)
        raise Wrong(f"{name} is {actual}, {expected}.")
    require(answer, f"{name} is an empty dictionary, {expected}.")
    return {_block(key, name): reading.numbers(s, f"{name}[{key!r}]").astype(np.float32) for key, s in answer.items()}


def _block(key: Any, name: str) -> str:
    """The path of a block of `shapes-se`: "stage1.se", also for "stage 1" and 1."""
    stage = re.fullmatch(r"(?:stage[ _]?)?([123])(?:\.se)?", str(key).strip().lower())
    if not stage:
        raise Wrong(f"{name} has {reprlib.repr(key)}, expected one of {', '.join(BLOCKS)}.")
    return f"stage{stage[1]}.se"


@functools.cache
def _findings(name: str) -> Findings:
    return load_findings(findings_path(name))


def _mean_gates() -> Array:
    return _findings("tiny-se").blocks["stage3.se"].mean


@functools.cache
def _aucs(with_itself: bool = False) -> Array:
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
def _shapes() -> tuple[Array, Array, dict[str, Array]]:
    """The notebook's images, their labels, and the gates of `shapes-se`."""
    images, labels = load_shapes(sizes=(1, 1, 500)).test
    _, activations = _model().run(images, record=True)
    return images, labels, activations.gates


def _accuracy(gates: dict[str, Array]) -> float:
    images, labels, _ = _shapes()
    return float((predict(_model(), images, Workers(1), gates) == labels).mean())
