"""What is checked: every op, every layer, the SE block in every option, and a narrow net.

Floor 4. A case is a pair and a way to draw its arguments. The command line and the tests run the same list, so what
a user sees pass is what CI sees pass.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from .. import compose, gradcheck, layers, nets, ops, se
from ..ops.fast import columns, winograd
from ..tree import Tree, tree_build, tree_items

Rng = np.random.Generator
MOST_DRAWS = 50
SMALLEST_GRADIENT = 1e-2  # below it a check sees zeros, or its own rounding (some 1e-9): such a draw proves little


@dataclass(frozen=True)
class Case:
    """One pair with one way to draw its arguments."""

    op: str  # the promised name: "conv2d", "se", ...
    note: str  # what is special about this case
    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[..., Any]
    draw: Callable[[Rng], dict[str, Any]]
    accept: Callable[[Any], bool] = lambda cache: True  # whether the drawn case is worth checking, by its cache

    @property
    def name(self) -> str:
        """A name for a line of a table."""
        return f"{self.op} {self.note}".strip()

    def run(self, seed: int = 0) -> gradcheck.Report:
        """Check the case; a draw that would prove nothing is drawn anew, never skipped.

        That is one at a kink, one that is not accepted, or one with a true gradient of about 0.
        """
        rng = np.random.default_rng(seed)
        for _ in range(MOST_DRAWS):
            args = self.draw(rng)
            if not self.accept(self.forward(**args)[1]):
                continue
            try:
                report = gradcheck.check_gradients(self.forward, self.backward, args, rng=rng)
            except gradcheck.UnfitInputsError:
                continue
            numeric = [a.numeric for a in report.arguments if a.numeric is not None]
            if all(np.abs(gradient).max() > SMALLEST_GRADIENT for gradient in numeric):
                return report
        raise AssertionError(f"{self.name}: none of {MOST_DRAWS} draws could be checked")


def _op(op: str, note: str, draw: Callable[[Rng], dict[str, Any]], module: Any = ops, **more: Any) -> Case:
    """A case of a promised op, looked up by name when it runs: a changed pass is the one that is checked."""

    def forward(**args: Any) -> tuple[Any, Any]:
        return getattr(module, f"{op}_forward")(**args)

    def backward(dy: Any, cache: Any) -> Any:
        return getattr(module, f"{op}_backward")(dy, cache)

    return Case(op, note, forward, backward, draw, **more)


def _array(*shape: int) -> Callable[[Rng], np.ndarray]:
    return lambda rng: rng.standard_normal(shape)


def _draw(**what: Any) -> Callable[[Rng], dict[str, Any]]:
    """Draw every argument that is a function of the generator; hand the others on as they are."""
    return lambda rng: {name: value(rng) if callable(value) else value for name, value in what.items()}


def op_cases() -> Iterator[Case]:
    """The cases of every promised op."""
    x = _array(2, 5, 6, 3)
    yield _op("conv2d", "3×3", _draw(x=x, w=_array(3, 3, 3, 4), b=_array(4)))
    yield _op("conv2d", "3×2, stride 2", _draw(x=_array(1, 6, 5, 2), w=_array(3, 2, 2, 3), b=_array(3), stride=2))
    yield _op("conv2d", "1×1, no bias", _draw(x=x, w=_array(1, 1, 3, 2), b=None, pad=0))
    yield _op(
        "conv2d",
        "2×4, stride 3, pad 2",
        _draw(x=_array(2, 4, 5, 1), w=_array(2, 4, 1, 2), b=_array(2), stride=3, pad=2),
    )
    yield _op("linear", "", _draw(x=_array(3, 4), w=_array(4, 5), b=_array(5)))
    yield _op("conv2d", "2×3 picture, batch of 1", _draw(x=_array(1, 2, 3, 2), w=_array(3, 3, 2, 2), b=_array(2)))
    yield _op("linear", "no bias, batch of 1", _draw(x=_array(1, 4), w=_array(4, 2), b=None))
    for op in ("relu", "sigmoid", "tanh"):
        yield _op(op, "", _draw(x=lambda rng: 2 * rng.standard_normal((4, 5))))
    for op in ("global_avg_pool", "global_max_pool"):
        yield _op(op, "", _draw(x=x))
        yield _op(op, "batch of 1", _draw(x=_array(1, 3, 2, 4)))
    for op in ("max_pool2d", "avg_pool2d"):
        yield _op(op, "2×2, stride 2", _draw(x=_array(2, 5, 6, 3), size=2, stride=2))
        yield _op(op, "3×3, overlapping", _draw(x=_array(2, 6, 5, 2), size=3, stride=1))
        yield _op(op, "2×2, with gaps", _draw(x=_array(1, 7, 5, 2), size=2, stride=3))
    yield _op("channel_scale", "", _draw(u=x, s=_array(2, 3)))
    yield _op("batch_norm", "of the batch", _draw(x=x, gamma=_array(3), beta=_array(3)))
    yield _op("batch_norm", "of the batch, (N, C)", _draw(x=_array(6, 3), gamma=_array(3), beta=_array(3)))
    constants = {"mean": _array(3), "var": lambda rng: rng.uniform(0.5, 2, 3)}
    yield _op("batch_norm", "with constants", _draw(x=x, gamma=_array(3), beta=_array(3), **constants))
    flat = _draw(x=lambda rng: 0.03 * rng.standard_normal((8, 3)), gamma=_array(3), beta=_array(3))
    yield _op("batch_norm", "of nearly constant channels", flat)  # where eps counts
    yield _op("batch_norm", "of one picture", _draw(x=_array(1, 4, 3, 2), gamma=_array(2), beta=_array(2)))
    yield _op("channel_scale", "batch of 1", _draw(u=_array(1, 2, 4, 3), s=_array(1, 3)))
    labels = np.array([3, 0, 3, 1])
    yield _op("softmax_cross_entropy", "batch of 1", _draw(logits=_array(1, 3), labels=np.array([2])))
    yield _op("softmax_cross_entropy", "", _draw(logits=lambda rng: 3 * rng.standard_normal((4, 5)), labels=labels))


def kernel_cases() -> Iterator[Case]:
    """The faster convolutions, pairs like `ops.conv2d`."""
    draw = _draw(x=_array(2, 5, 6, 3), w=_array(3, 3, 3, 4), b=_array(4))
    for kernel, name in ((columns, "conv2d in pieces"), (winograd, "conv2d by Winograd")):
        yield Case(name, "3×3", kernel.conv2d_forward, kernel.conv2d_backward, draw)


def _alive_and_dead(cache: se.SECache) -> bool:
    """Whether some hidden units are alive and some dead: otherwise the check sees zeros, or no ReLU at all."""
    alive, _ = cache.relu_cache
    return bool(alive.any() and not alive.all())


def se_cases() -> Iterator[Case]:
    """The SE block in every option."""
    for squeeze, gate, bias in product(se.SQUEEZE, se.GATE, (True, False)):
        yield _op(
            "se",
            f"{squeeze}, {gate}" + ("" if bias else ", no bias"),
            _draw(
                u=_array(3, 4, 3, 6),
                w1=_array(6, 4),
                b1=_array(4) if bias else None,
                w2=_array(4, 6),
                b2=_array(6) if bias else None,
                squeeze=squeeze,
                gate=gate,
            ),
            module=se,
            accept=lambda cache: _alive_and_dead(cache) and bool((cache.s != 0).any()),
        )

    for b1, b2, note in ((_array(4), None, "first bias alone"), (None, _array(6), "second bias alone")):
        draw = _draw(u=_array(3, 4, 3, 6), w1=_array(6, 4), b1=b1, w2=_array(4, 6), b2=b2)
        yield _op("se", note, draw, module=se, accept=_alive_and_dead)
    one = _draw(u=_array(1, 3, 5, 8), w1=_array(8, 4), b1=_array(4), w2=_array(4, 8), b2=_array(8))
    yield _op("se", "batch of 1, 3×5 picture", one, module=se, accept=_alive_and_dead)


def layer_case(op: str, note: str, layer: layers.Layer, shape: tuple[int, ...], training: bool = True) -> Case:
    """A layer as a pair: its parameters become arguments, under their paths (dots as double underscores)."""
    template, state = layer.init(np.random.default_rng(0), np.float64)

    def forward(x: np.ndarray, **params: np.ndarray) -> tuple[np.ndarray, Any]:
        tree = tree_build({name.replace("__", "."): array for name, array in params.items()})
        return layer.forward(tree, state, x, training)[:2]

    def backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
        dx, grads = layer.backward(dy, cache)
        assert dx is not None, "dx must be there unless wants_dx is False"
        return (dx, *_in_order_of(template, grads))

    def draw(rng: Rng) -> dict[str, Any]:
        # Near the layer's own initial values, as in use: far from them gates saturate and gradients vanish.
        params = {p.replace(".", "__"): a + 0.5 * rng.standard_normal(a.shape) for p, a in tree_items(template)}
        return {"x": rng.standard_normal(shape), **params}

    def accept(cache: Any) -> bool:
        blocks = [block for block in compose.se_caches(cache).values() if isinstance(block, se.SECache)]
        return all(map(_alive_and_dead, blocks))

    return Case(op, note, forward, backward, draw, accept=accept)


def _in_order_of(template: Tree, grads: Tree) -> list[np.ndarray]:
    flat = dict(tree_items(grads))
    assert [*flat] == [path for path, _ in tree_items(template)], "grads must be a tree of the shape of params"
    return [*flat.values()]


def layer_cases() -> Iterator[Case]:
    """Every layer, and a chain of them."""
    picture = (2, 4, 5, 3)
    yield layer_case("Conv2D layer", "", layers.Conv2D(3, 4), picture)
    yield layer_case("Conv2D layer", "stride 2", layers.Conv2D(3, 2, stride=2), picture)
    yield layer_case("Conv2D layer", "stride 2, no bias", layers.Conv2D(3, 2, stride=2, bias=False), picture)
    yield layer_case("Linear layer", "", layers.Linear(4, 3), (5, 4))
    yield layer_case("Linear layer", "no bias", layers.Linear(4, 3, bias=False), (1, 4))
    yield layer_case("BatchNorm layer", "training", layers.BatchNorm(3), picture)
    yield layer_case("BatchNorm layer", "evaluation", layers.BatchNorm(3), picture, training=False)
    yield layer_case("SE layer", "", layers.SE(8, r=2), (3, 3, 2, 8))
    yield layer_case("SE layer", "no bias", layers.SE(8, r=2, bias=False), (3, 3, 2, 8))
    for squeeze, gate in product(se.SQUEEZE, se.GATE):
        yield layer_case("SE layer", f"{squeeze}, {gate}", layers.SE(6, r=2, squeeze=squeeze, gate=gate), (1, 3, 4, 6))
    yield layer_case("ReLU layer", "", layers.relu(), picture)
    yield layer_case("max_pool layer", "", layers.max_pool(2, 2), picture)
    yield layer_case("avg_pool layer", "", layers.avg_pool(2, 2), picture)
    yield layer_case("global_avg_pool layer", "", layers.global_avg_pool(), picture)
    chain = compose.Sequential([("conv", layers.Conv2D(3, 4)), ("se", layers.SE(4, r=1)), ("relu", layers.relu())])
    yield layer_case("Sequential", "conv, SE, ReLU", chain, picture)
    same, other = layers.Conv2D(3, 3), layers.Conv2D(3, 2, stride=2)
    yield layer_case("Residual", "identity", compose.Residual(same), picture)
    yield layer_case("Residual", "with a shortcut", compose.Residual(other, layers.Conv2D(3, 2, 1, 2)), picture)


def net_cases() -> Iterator[Case]:
    """The nets at width 4 on 8×8 pictures: narrow enough to move every weight."""
    narrow = {"r": 2, "widths": (4, 4, 4)}
    options = {
        "SE": {},
        "no SE": {"se": False},
        "SE, max, tanh, no bias": {"squeeze": "max", "gate": "tanh", "bias": False},
    }
    for (note, option), training in product(options.items(), (True, False)):
        when = "training" if training else "evaluation"
        yield layer_case("tiny net", f"{note}, {when}", nets.tiny(**option, **narrow), (3, 8, 8, 3), training)
    for se_blocks in (True, False):
        net = nets.resnet(se_blocks, r=2, widths=(4, 6), blocks=1)
        yield layer_case("residual net", "SE" if se_blocks else "no SE", net, (3, 6, 6, 3))


def all_cases() -> Iterator[Case]:
    """All of them, from the ground floor up."""
    yield from op_cases()
    yield from kernel_cases()
    yield from se_cases()
    yield from layer_cases()
    yield from net_cases()
