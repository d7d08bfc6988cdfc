"""What is checked: every op, plain and fast; the SE block and its relatives in every option; every layer; narrow nets.

A case is a pair and a way to draw its arguments. The command line and the tests run the same list.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from .. import fast, layers, nets, ops, se, variants
from ..containers import Concat, Residual, Sequential
from ..fast import columns, winograd
from ..tree import tree_build, tree_items
from .check import UnfitInputsError, check_gradients, decisions
from .report import Report

Rng = np.random.Generator
MAX_DRAWS = 50
MIN_GRADIENT = 1e-2  # below it a check sees zeros, or its own rounding (some 1e-9): such a draw proves little


@dataclass(frozen=True)
class Case:
    """One pair with one way to draw its arguments."""

    op: str  # the promised name: "conv2d", "se", ...
    note: str  # what is special about this case
    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[..., Any]
    draw: Callable[[Rng], dict[str, Any]]

    @property
    def name(self) -> str:
        """A name for a line of a table."""
        return f"{self.op} {self.note}".strip()

    def run(self, seed: int = 0) -> Report:
        """Check the case. What proves little is drawn again: a ReLU all on or all off, a kink, gradients near 0."""
        rng = np.random.default_rng(seed)
        for _ in range(MAX_DRAWS):
            args = self.draw(rng)
            masks = [array for array in decisions(self.forward(**args)[1]) if array.dtype == bool]
            if not all(0 < mask.mean() < 1 for mask in masks):
                continue
            try:
                report = check_gradients(self.forward, self.backward, args, rng=rng)
            except UnfitInputsError:
                continue
            if all(np.abs(a.numeric).max() > MIN_GRADIENT for a in report.arguments if a.numeric is not None):
                return report
        raise AssertionError(f"{self.name}: none of {MAX_DRAWS} draws could be checked")


def op_case(op: str, note: str, draw: Callable[[Rng], dict[str, Any]], module: Any = ops) -> Case:
    """A case of an op. The pair is looked up when the case runs, so that a test can replace it."""

    def find(suffix: str) -> Callable[..., Any]:
        return lambda *args, **named: getattr(module, op + suffix)(*args, **named)

    return Case(op, note, find("_forward"), find("_backward"), draw)


def normal(*shape: int) -> Callable[[Rng], np.ndarray]:
    """A way to draw an array: standard normal numbers."""
    return lambda rng: rng.standard_normal(shape)


def drawn(**what: Any) -> Callable[[Rng], dict[str, Any]]:
    """A way to draw arguments: call each that is a function of the generator, and pass the others on as they are."""
    return lambda rng: {name: value(rng) if callable(value) else value for name, value in what.items()}


def layer_case(op: str, note: str, layer: layers.Layer, shape: tuple[int, ...], training: bool = True) -> Case:
    """A layer as a pair: its parameters become arguments, under their paths (dots as double underscores)."""
    template, state = layer.init(np.random.default_rng(0), np.float64)

    def forward(x: np.ndarray, **params: np.ndarray) -> tuple[np.ndarray, Any]:
        tree = tree_build({name.replace("__", "."): array for name, array in params.items()})
        return layer.forward(tree, state, x, training)[:2]

    def backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
        dx, grads = layer.backward(dy, cache)
        assert dx is not None, "dx must be there unless needs_input_grad is False"
        flat = dict(tree_items(grads))
        assert [*flat] == [*dict(tree_items(template))], "grads must be a tree of the shape of params"
        return (dx, *flat.values())

    def draw(rng: Rng) -> dict[str, Any]:
        # Near the layer's own initial values, as in use: far from them gates saturate and gradients vanish.
        params = {p.replace(".", "__"): a + 0.5 * rng.standard_normal(a.shape) for p, a in tree_items(template)}
        return {"x": rng.standard_normal(shape), **params}

    return Case(op, note, forward, backward, draw)


def op_cases() -> Iterator[Case]:
    """The cases of every promised op."""
    x = normal(2, 5, 6, 3)
    yield op_case("conv2d", "3×3", drawn(x=x, w=normal(3, 3, 3, 4), b=normal(4)))
    yield op_case("conv2d", "3×2, stride 2", drawn(x=normal(1, 6, 5, 2), w=normal(3, 2, 2, 3), b=normal(3), stride=2))
    yield op_case("conv2d", "1×1, no bias", drawn(x=x, w=normal(1, 1, 3, 2), b=None, pad=0))
    wide = drawn(x=normal(2, 4, 5, 1), w=normal(2, 4, 1, 2), b=normal(2), stride=3, pad=2)
    yield op_case("conv2d", "2×4, stride 3, pad 2", wide)
    yield op_case("conv2d", "2×3 image, batch of 1", drawn(x=normal(1, 2, 3, 2), w=normal(3, 3, 2, 2), b=normal(2)))
    yield op_case("depthwise_conv2d", "3×3, no bias", drawn(x=x, w=normal(3, 3, 3), b=None))
    gaps = drawn(x=normal(1, 6, 5, 2), w=normal(2, 3, 2), b=normal(2), stride=3, pad=2)
    yield op_case("depthwise_conv2d", "2×3, stride 3, pad 2", gaps)
    yield op_case("linear", "", drawn(x=normal(3, 4), w=normal(4, 5), b=normal(5)))
    yield op_case("linear", "no bias, batch of 1", drawn(x=normal(1, 4), w=normal(4, 2), b=None))
    for op in ("relu", "sigmoid", "tanh", "hard_sigmoid", "hard_swish"):
        yield op_case(op, "", drawn(x=lambda rng: 2 * rng.standard_normal((4, 5))))
    for op in ("global_avg_pool", "global_max_pool"):
        yield op_case(op, "", drawn(x=x))
        yield op_case(op, "batch of 1", drawn(x=normal(1, 3, 2, 4)))
    for op in ("max_pool2d", "avg_pool2d"):
        yield op_case(op, "2×2, stride 2", drawn(x=normal(2, 5, 6, 3), size=2, stride=2))
        yield op_case(op, "3×3, overlapping", drawn(x=normal(2, 6, 5, 2), size=3, stride=1))
        yield op_case(op, "2×2, with gaps", drawn(x=normal(1, 7, 5, 2), size=2, stride=3))
    yield op_case("max_pool2d", "3×3, pad 1", drawn(x=normal(2, 4, 5, 3), size=3, stride=1, pad=1))
    yield op_case("max_pool2d", "4×4, stride 3, pad 3", drawn(x=normal(1, 5, 3, 2), size=4, stride=3, pad=3))
    hanging = drawn(x=normal(1, 6, 5, 2), size=3, stride=2, ceil=True)
    yield op_case("max_pool2d", "3×3, stride 2, rounded up", hanging)
    yield op_case("channel_scale", "", drawn(u=x, s=normal(2, 3)))
    yield op_case("channel_scale", "batch of 1", drawn(u=normal(1, 2, 4, 3), s=normal(1, 3)))
    yield op_case("batch_norm", "of the batch", drawn(x=x, gamma=normal(3), beta=normal(3)))
    yield op_case("batch_norm", "of the batch, (N, C)", drawn(x=normal(6, 3), gamma=normal(3), beta=normal(3)))
    constants = {"mean": normal(3), "var": lambda rng: rng.uniform(0.5, 2, 3)}
    yield op_case("batch_norm", "with constants", drawn(x=x, gamma=normal(3), beta=normal(3), **constants))
    flat = drawn(x=lambda rng: 0.03 * rng.standard_normal((8, 3)), gamma=normal(3), beta=normal(3))
    yield op_case("batch_norm", "of nearly constant channels", flat)  # where eps counts
    yield op_case("batch_norm", "of one image", drawn(x=normal(1, 4, 3, 2), gamma=normal(2), beta=normal(2)))
    labels = np.array([3, 0, 3, 1])
    yield op_case("softmax_cross_entropy", "batch of 1", drawn(logits=normal(1, 3), labels=np.array([2])))
    logits = lambda rng: 3 * rng.standard_normal((4, 5))  # noqa: E731
    yield op_case("softmax_cross_entropy", "", drawn(logits=logits, labels=labels))
    smoothed = drawn(logits=logits, labels=labels, label_smoothing=0.2)
    yield op_case("softmax_cross_entropy", "label smoothing 0.2", smoothed)


def fast_cases() -> Iterator[Case]:
    """The fast ops that are not the plain ones, in the cases of those. (The fast SE blocks are in `layer_cases`.)"""
    for case in op_cases():
        name = f"{case.op}_forward"
        if getattr(fast, name) is not getattr(ops, name):
            yield replace(op_case(case.op, case.note, case.draw, module=fast), op=f"fast {case.op}")
    draw = drawn(x=normal(2, 5, 6, 3), w=normal(3, 3, 3, 4), b=normal(4))
    for kernel, name in ((columns, "conv2d in pieces"), (winograd, "conv2d by Winograd")):
        yield Case(name, "3×3", kernel.conv2d_forward, kernel.conv2d_backward, draw)


def se_cases() -> Iterator[Case]:
    """The SE block in every option, and its relatives."""
    for squeeze, gate, bias in product(se.SQUEEZE, se.GATE, (True, False)):
        note = f"{squeeze}, {gate}" + ("" if bias else ", no bias")
        yield op_case("se", note, _block(bias, bias, squeeze=squeeze, gate=gate), module=se)
    yield op_case("se", "first bias alone", _block(True, False), module=se)
    yield op_case("se", "second bias alone", _block(False, True), module=se)
    one = drawn(u=normal(1, 3, 5, 8), w1=normal(8, 4), b1=normal(4), w2=normal(4, 8), b2=normal(8))
    yield op_case("se", "batch of 1, 3×5 image", one, module=se)

    for op, gate, bias in product(("se_per_position", "se_avg_max"), se.GATE, (True, False)):
        yield op_case(op, gate + ("" if bias else ", no bias"), _block(bias, bias, gate=gate), module=variants)
    for k, gate in product((3, 5), se.GATE):
        yield op_case("eca", f"k = {k}, {gate}", drawn(u=normal(3, 4, 3, 6), w=normal(k), gate=gate), module=variants)
    wide = drawn(u=normal(1, 3, 5, 3), w=normal(7))
    yield op_case("eca", "kernel wider than the channels, batch of 1", wide, module=variants)


def _block(b1: bool, b2: bool, **options: str) -> Callable[[Rng], dict[str, Any]]:
    """A way to draw what all blocks with two FCs take."""
    weights = {"w1": normal(6, 4), "b1": normal(4) if b1 else None, "w2": normal(4, 6), "b2": normal(6) if b2 else None}
    return drawn(u=normal(3, 4, 3, 6), **weights, **options)


def layer_cases() -> Iterator[Case]:
    """Every layer, and layers made of layers."""
    images = (2, 4, 5, 3)
    yield layer_case("Conv2D layer", "", layers.Conv2D(3, 4), images)
    yield layer_case("Conv2D layer", "stride 2", layers.Conv2D(3, 2, stride=2), images)
    yield layer_case("Conv2D layer", "stride 2, no bias", layers.Conv2D(3, 2, stride=2, bias=False), images)
    yield layer_case("DepthwiseConv2D layer", "", layers.DepthwiseConv2D(3), images)
    yield layer_case("DepthwiseConv2D layer", "5×5, stride 2", layers.DepthwiseConv2D(3, 5, stride=2), images)
    yield layer_case("Linear layer", "", layers.Linear(4, 3), (5, 4))
    yield layer_case("Linear layer", "no bias", layers.Linear(4, 3, bias=False), (1, 4))
    yield layer_case("BatchNorm layer", "training", layers.BatchNorm(3), images)
    yield layer_case("BatchNorm layer", "evaluation", layers.BatchNorm(3), images, training=False)
    yield layer_case("SE layer", "", layers.SE(8, reduction=2), (3, 3, 2, 8))
    yield layer_case("SE layer", "no bias", layers.SE(8, reduction=2, se_bias=False), (3, 3, 2, 8))
    for squeeze, gate in product(variants.BLOCKS, se.GATE):
        block = layers.SE(6, reduction=2, squeeze=squeeze, gate=gate)
        yield layer_case("SE layer", f"{squeeze}, {gate}", block, (1, 3, 4, 6))
    for gate in se.GATE:
        yield layer_case("ECA layer", gate, layers.ECA(8, gate), (2, 3, 2, 8))
    yield layer_case("ReLU layer", "", layers.ReLU(), images)
    yield layer_case("HardSwish layer", "", layers.HardSwish(), images)
    yield layer_case("MaxPool2D layer", "", layers.MaxPool2D(2, 2), images)
    yield layer_case("MaxPool2D layer", "padded", layers.MaxPool2D(3, 1, padding=1), images)
    yield layer_case("AvgPool2D layer", "", layers.AvgPool2D(2, 2), images)
    yield layer_case("GlobalAvgPool layer", "", layers.GlobalAvgPool(), images)
    yield layer_case("FrozenConv2D layer", "", layers.FrozenConv2D(3, 4), images)
    chain = Sequential([("conv", layers.Conv2D(3, 4)), ("se", layers.SE(4, reduction=1)), ("relu", layers.ReLU())])
    yield layer_case("Sequential", "conv, SE, ReLU", chain, images)
    shortcut = layers.Conv2D(3, 2, kernel_size=1, stride=2)
    yield layer_case("Residual", "identity", Residual(layers.Conv2D(3, 3)), images)
    yield layer_case("Residual", "with a shortcut", Residual(layers.Conv2D(3, 2, stride=2), shortcut), images)
    unlike: dict[str, layers.Layer] = {"conv": layers.Conv2D(3, 4), "pool": layers.MaxPool2D(3, 1, padding=1)}
    yield layer_case("Concat", "a convolution and a pool", Concat(unlike), images)
    gated = Sequential([("conv", layers.Conv2D(3, 4, kernel_size=1)), ("se", layers.SE(4, reduction=1))])
    yield layer_case("Concat", "SE in one of them", Concat({"one": layers.ReLU(), "two": gated}), images)


def net_cases() -> Iterator[Case]:
    """The nets, narrow and on small images: so it does not take long to move every weight."""
    options: dict[str, dict[str, Any]] = {
        "SE": {},
        "no SE": {"se": False},
        "SE, max, tanh, no bias": {"squeeze": "max", "gate": "tanh", "se_bias": False},
    }
    for (note, option), training in product(options.items(), (True, False)):
        note += ", training" if training else ", evaluation"
        yield layer_case("tiny net", note, nets.tiny(**option, reduction=2, widths=(4, 4, 4)), (3, 8, 8, 3), training)
    options = {
        "SE": {},
        "no SE": {"se": False},
        "before, no squeeze": {"position": "pre", "squeeze": "none"},
        "after, avg+max": {"position": "post", "squeeze": "avg+max"},
        "on the shortcut, ECA": {"position": "identity", "attention": "eca"},
    }
    for note, option in options.items():
        net = nets.resnet(reduction=2, widths=(3, 4), blocks=1, classes=3, **option)
        yield layer_case("residual net", note, net, (3, 4, 5, 3))
    straight = nets.vgg(reduction=1, widths=(4, 3), classes=3, stages=(1,))
    yield layer_case("vgg net", "SE in stage 1 alone", straight, (3, 4, 4, 3))
    quick = nets.sprint(reduction=2, widths=(3, 4), classes=3)
    yield layer_case("sprint net", "", quick, (3, 8, 8, 3))
    # Its padded 3×3 pool needs maps of 3×3: on 2×2 all its windows see the same.
    yield layer_case("inception net", "", nets.inception(reduction=8, widths=(16,), modules=1, classes=3), (2, 6, 6, 3))


def all_cases() -> Iterator[Case]:
    """All of them, from the ops to the nets."""
    for cases in (op_cases, fast_cases, se_cases, layer_cases, net_cases):
        yield from cases()
