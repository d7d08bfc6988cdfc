"""Assignment 4: train a whole network, replace its gates, compare seeds, and say what the numbers allow one to say."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..analysis.replace import fixed
from ..containers import se_caches, trace
from ..experiments.statistics import paired_difference
from ..fast.workers import Workers
from ..nets import tiny
from ..train.loop import gradients
from ..tree import Tree, tree_items, tree_map
from .marks import Answer, Fresh, expect, generator, new_table, require

TABLE, visible, hidden = new_table()
NOISE = {  # what the numbers of this assignment can say, and why
    "here, SE is worth more than the seeds' noise": ("yes", "the interval of five pairs does not contain 0"),
    "an interval that contains 0 shows that there is no difference": (
        "no",
        "it contains other numbers too, and any of them may be the difference",
    ),
}
GATES = {
    "the net of seed 0 needs gates that look at the image": (
        "yes",
        "with mean gates, which do not, it loses much, and with another image's gates too",
    ),
    "a fall with gates of 1 alone would show that it does": (
        "no",
        "gates of 1 also make all maps larger than in training, so two things change at once",
    ),
}
UNTESTED = {
    "SE helps on photographs": ("cannot say", "all images here are drawn"),
    "the nets of the other four seeds need such gates too": ("cannot say", "the gates of seed 0 alone were replaced"),
}
VERDICTS = {sentence: right for group in (NOISE, GATES, UNTESTED) for sentence, (right, _) in group.items()}


def _problem(seed: int = 0, n: int = 16) -> tuple[Any, ...]:
    """A small net with its trees, and random images with labels."""
    rng, widths = generator(seed), (4, 6)
    net: Any = tiny(widths=widths)
    net.recipe = {"widths": widths}  # for a grader whose answers run in another process, where such a net can be built
    params, state = net.init(rng)
    x = rng.standard_normal((n, 16, 16, 3)).astype(np.float32)
    return net, params, state, x, rng.integers(0, 10, n)


def _expect_tree(actual: Tree, expected: Tree, name: str) -> None:
    arrays = dict(tree_items(actual))
    for path, array in tree_items(expected):
        require(path in arrays, f"{name} has no {path}: return a tree of the same shape")
        close = np.allclose(arrays[path], array, rtol=1e-4, atol=1e-6)
        require(close, f"{name}: {path} is wrong; compare your update with the formula")


def _step(net: Any, params: Tree, state: Tree, velocity: Tree, x: Any, labels: Any, lr: float) -> tuple[Any, ...]:
    loss, _, grads, state = gradients(net, params, state, x, labels, len(x), Workers(1))
    velocity = tree_map(lambda v, g: 0.9 * v + g, velocity, grads)
    return loss, tree_map(lambda p, v: p - lr * v, params, velocity), state, velocity


def _losses(train_step: Answer) -> list[float]:
    net, params, state, x, labels = _problem(2)
    velocity, losses = tree_map(np.zeros_like, params), []
    for _ in range(40):
        loss, params, state, velocity = train_step(net, params, state, velocity, x, labels, 0.1)
        losses.append(float(loss))
    return losses


@visible("step-check", "train_step", points=2)
def check_step(train_step: Answer) -> None:
    """The first loss is that of guessing; then 40 steps on the same 16 images bring it down as far as they should."""
    losses, right = _losses(train_step), _losses(_step)
    require(abs(losses[0] - right[0]) < 0.01, f"the first loss is {losses[0]:.2f}, expected {right[0]:.2f}")
    fall, expected = losses[0] - np.mean(losses[-10:]), right[0] - np.mean(right[-10:])
    words = f"in 40 steps on the same 16 images the loss falls by {fall:.2f}, expected {expected:.2f}"
    require(fall > 0.75 * expected, words)


@hidden("step-hidden", "train_step", points=3)
def grade_step(train_step: Answer) -> None:
    """Two steps number by number, running statistics handed on, and nothing changed on the way."""
    net, params, state, x, labels = _problem(1)
    actual: tuple[Any, ...] = (None, params, state, tree_map(np.zeros_like, params))
    expected, before = actual, tree_map(np.copy, params)
    for _ in range(2):
        actual = train_step(net, *actual[1:], x, labels, 0.05)
        expected = _step(net, expected[1], expected[2], expected[3], x, labels, 0.05)
    for k, name in enumerate(("params", "state", "velocity"), 1):
        _expect_tree(actual[k], expected[k], name)
    kept = all(np.array_equal(a, b) for (_, a), (_, b) in zip(tree_items(params), tree_items(before), strict=True))
    require(kept, "params were changed: return new arrays")


@visible("accuracy-check", "accuracy", points=1)
def check_accuracy(accuracy: Answer) -> None:
    """A number between 0 and 1; all right where the labels are the net's own predictions."""
    net, params, state, x, _ = _problem(2)
    actual = accuracy(net, params, state, x, net.forward(params, state, x, False)[0].argmax(axis=1))
    require(np.isclose(actual, 1), f"with the net's own answers as labels accuracy is {actual}, expected 1")


@hidden("accuracy-hidden", "accuracy", points=1)
def grade_accuracy(accuracy: Answer) -> None:
    """Running statistics and no batch's own: an image's answer does not depend on its neighbors."""
    net, params, state, x, labels = _problem(3, 40)
    velocity = tree_map(np.zeros_like, params)
    for _ in range(60):  # until it tells some of them apart
        _, params, state, velocity = _step(net, params, state, velocity, x, labels, 0.1)
    own = net.forward(params, state, x, False)[0].argmax(axis=1)
    alone = [accuracy(net, params, state, x[k : k + 1], own[k : k + 1]) for k in range(40)]
    require(np.all(np.isclose(alone, 1)), "an image alone gets another answer than among others")
    actual = accuracy(net, params, state, x, labels)
    require(np.isclose(actual, (own == labels).mean()), "the share of right answers is wrong")


@visible("runs-check", "results", points=2)
def check_runs(results: Mapping[str, Any]) -> None:
    """Five seeds of each arm; SE passes 75 %, which the plain net cannot."""
    for arm in ("se", "plain"):
        require(len(results[arm]) == 5, f"results[{arm!r}] has {len(results[arm])} accuracies, expected 5")
    se, plain = np.mean(results["se"]), np.mean(results["plain"])
    require(se > 0.85, f"the mean accuracy with SE is {se:.2f}, expected above 0.85")
    require(0.3 < plain < 0.75, f"the mean accuracy without SE is {plain:.2f}, expected between 0.3 and 0.75")


@visible("gates-check", "mean_gates", "accuracy_with", points=2)
def check_gates(mean_gates: Answer, accuracy_with: Answer) -> None:
    """Each block's mean gate; and the learned gates, handed back, change nothing."""
    net, params, state, x, labels = _problem(4)
    logits, cache, _ = net.forward(params, state, x, False)
    own = {path: block.s for path, block in se_caches(cache).items()}
    actual = mean_gates(net, params, state, x)
    require(actual.keys() == own.keys(), f"mean_gates has the blocks {[*actual]}, expected {[*own]}")
    for path, s in own.items():
        mean = np.asarray(actual[path], np.float32)
        expect(mean, s.mean(axis=0), f"mean_gates[{path!r}]", "The mean is over images.")
    right = (logits.argmax(axis=1) == labels).mean()
    require(np.isclose(accuracy_with(net, params, state, x, labels, own), right), "its own gates changed the answers")


@hidden("gates-hidden", "accuracy_with", points=2)
def grade_gates(accuracy_with: Answer) -> None:
    """Gates for one block alone, one row for all images or a row each."""
    net, params, state, x, labels = _problem(5, 64)
    rows = np.eye(6, dtype=np.float32)[np.arange(64) % 6]
    for gates in ({"stage1.se": np.zeros(4, np.float32)}, {"stage2.se": rows}):
        *_, last = trace(net, params, state, x, replace=fixed(gates))
        actual, expected = accuracy_with(net, params, state, x, labels, gates), last.output.argmax(axis=1) == labels
        require(np.isclose(actual, expected.mean()), f"wrong with {[*gates]}")


@visible("interventions-check", "accuracy_with_gates", points=1)
def check_interventions(accuracy_with_gates: Mapping[str, float]) -> None:
    """All four are there, and mean gates cost much."""
    missing = {"learned", "ones", "mean", "another image"} - set(accuracy_with_gates)
    require(not missing, f"accuracy_with_gates has no {sorted(missing)}")
    much = accuracy_with_gates["mean"] < accuracy_with_gates["learned"] - 0.1
    require(much, "mean gates cost less than 10 points: did they replace the net's own?")


@visible("interval-check", "paired_interval", points=1)
def check_interval(paired_interval: Answer) -> None:
    """Five pairs by hand: differences 1 to 5."""
    mean, half = paired_interval([2.0, 4.0, 6.0, 8.0, 10.0], [1.0, 2.0, 3.0, 4.0, 5.0])
    require(np.isclose(mean, 3), f"the mean difference is {mean}, expected 3")
    words = f"half the interval is {half:.3f}, expected 2.776 · √2.5/√5"
    require(np.isclose(half, 2.776 / np.sqrt(2), rtol=1e-3), words)


@hidden("interval-hidden", "paired_interval", points=2)
def grade_interval(paired_interval: Answer) -> None:
    """Five pairs, and pairs that share most of their noise."""
    rng = generator(6)
    a = rng.standard_normal(5)
    for b in (rng.standard_normal(5), a + 0.01 * rng.standard_normal(5)):
        actual, right = paired_interval(list(a), list(b)), paired_difference(list(a), list(b))
        expected = right.mean, right.half or 0.0
        message = f"{actual[0]:.4f} ± {actual[1]:.4f}, expected {expected[0]:.4f} ± {expected[1]:.4f}"
        require(np.allclose(actual, expected, rtol=1e-3, atol=1e-8), message)


@hidden("verdicts-noise-hidden", "verdicts", points=1)
def grade_verdicts_on_noise(verdicts: Mapping[str, str]) -> None:
    """What an interval says."""
    _judge(verdicts, NOISE)


@hidden("verdicts-gates-hidden", "verdicts", points=1)
def grade_verdicts_on_gates(verdicts: Mapping[str, str]) -> None:
    """What replaced gates say."""
    _judge(verdicts, GATES)


@hidden("verdicts-untested-hidden", "verdicts", points=1)
def grade_verdicts_on_the_untested(verdicts: Mapping[str, str]) -> None:
    """What the numbers do not decide."""
    _judge(verdicts, UNTESTED)


def _judge(verdicts: Mapping[str, str], group: Mapping[str, tuple[str, str]]) -> None:
    for sentence, (right, reason) in group.items():
        given = verdicts.get(sentence)
        require(given == right, f"“{sentence}”: {given!r}, expected {right!r}, since {reason}")


def _fresh_interval(paired_interval: Answer) -> None:
    differences = generator(8).uniform(1, 3, 5).round(1)
    mean, half = paired_interval(list(5 + differences), 5 * [5.0])
    expected = differences.mean(), 2.776 * differences.std(ddof=1) / np.sqrt(5)
    require(np.allclose((mean, half), expected, rtol=1e-3), f"{mean} ± {half}, expected {expected[0]} ± {expected[1]}")


FRESH: Fresh = {"interval-check": _fresh_interval}
