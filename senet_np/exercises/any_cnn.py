"""Exercises of notebook 10: the same block on other networks."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..containers import Residual, Sequential
from ..grading.marks import Answer, Array, Wrong, expect, require
from ..layers import SE, Conv2D, Layer
from ..nets import resnet
from ..nets.describe import added_by_se, equation_5
from . import reading
from .checking import exercise

# widths, blocks per stage, r
NETS = (
    ((16, 32, 64), 3, 4),
    ((16, 32, 64), 2, 8),
    ((8, 24), 5, 2),
    ((16, 32, 64), 3, 16),
    ((6,), 1, 4),
    ((44, 60), 5, 8),  # r does not divide C
    ((56,), 3, 16),
)


@exercise("10.1")
def count_before_you_build(added_parameters: Answer) -> str:
    """What SE adds to a residual network, from its widths, blocks per stage and r alone."""
    for widths, blocks, r in NETS:
        call = f"added_parameters({widths}, {blocks}, {r})"
        answer = added_parameters(widths, blocks, r)
        require(answer is not None, f"{call} is None: does the function return it?")
        given = reading.number(answer, call)
        added = added_by_se(resnet(widths=widths, blocks=blocks, reduction=r), (8, 8, 3))
        if given == added.parameters:
            continue
        ratio = np.divide(added.channels, r)
        divided = "Here r does not divide C: what does the symbols sheet say about the number of hidden units?"
        mistakes = (
            ("Those are the matrices: what else do FC1 and FC2 learn?", added.parameters - added.biases),
            ("That is Eq. 5; the package has biases, and whole hidden units.", equation_5(added.channels, r)),
            ("How many hidden units has the narrowest block?", _parameters(added.channels, np.floor(ratio))),
            (divided, _parameters(added.channels, np.maximum(2, np.ceil(ratio)))),
            (divided, _parameters(added.channels, np.maximum(2, np.round(ratio)))),
            (divided, _parameters(added.channels, np.maximum(2, ratio))),
            ("Is that one block per stage?", added.parameters / blocks),
        )
        hints = [words for words, mistaken in mistakes if np.isclose(given, mistaken, rtol=0, atol=1e-6)]
        hint = hints[0] if hints else "Write down the shapes of the four arrays of one block."
        raise Wrong(f"{call} is {given:,.10g}, and the package counts {added.parameters:,}. {hint}")
    return (
        "For r = 16 a stage of 16 channels has 2 hidden units and not 1, so the package counts more than Eq. 5 would."
    )


def _parameters(channels: tuple[int, ...], hidden: Array) -> float:
    return sum(2 * c * units + c + units for c, units in zip(channels, hidden, strict=True))


@exercise("10.2")
def gate_on_the_shortcut(identity_backward: Answer) -> str:
    """dx of y = branch(x) + SE(x)."""
    branch, shortcut = Conv2D(5, 5), SE(5, reduction=1)
    x, dy = _draw((3, 5, 7, 5), 0), _draw((3, 5, 7, 5), 1)
    params = _init(branch, 2), _init(shortcut, 3)
    block = Residual(branch, shortcut)
    _, cache, _ = block.forward({"branch": params[0], "shortcut": params[1]}, {}, x, True)
    parts = {name: _dx(layer, dy, cache[name]) for name, layer in block.parts.items()}
    given = dy.copy()
    answer = identity_backward(given, branch, cache["branch"], shortcut, cache["shortcut"])
    dx = _dx_of(answer, "identity_backward")
    _hint(
        dx,
        parts["branch"] + dy,
        "dx is the branch's gradient plus dy. That is right where the shortcut returns x as it is.",
    )
    _hint(dx, parts["branch"] + parts["shortcut"] + dy, "one gradient too many: x goes two ways, and dx adds three.")
    _hint(dx, parts["branch"], "dx is the branch's gradient alone: x goes another way too.")
    _hint(dx, parts["shortcut"], "dx is the shortcut's gradient alone: x goes another way too.")
    _expect(dx, parts["branch"] + parts["shortcut"], "dx", "Two ways, two gradients: which layer stands on each?")
    require(np.array_equal(given, dy), "dx is right, but dy has changed: the caller may still need it.")
    return "dy itself is in no term of the sum: a gated shortcut does not pass it on unchanged."


@exercise("10.3")
def keep_the_input(dense_backward: Answer) -> str:
    """dx of y = [x, layer(x)]."""
    layer = Conv2D(5, 7)
    x = _draw((3, 4, 6, 5), 0)
    y, cache, _ = layer.forward(_init(layer, 1), {}, x, True)
    dy = _draw((3, 4, 6, 5 + y.shape[-1]), 2)
    kept, through = dy[..., :5], _dx(layer, np.ascontiguousarray(dy[..., 5:]), cache)
    given = dy.copy()
    dx = _dx_of(dense_backward(given, 5, layer, cache), "dense_backward")
    _hint(dx, kept, "dx has only what comes back along the kept input. Where else is x used?")
    _hint(dx, through, "dx has only what comes back through the layer. Where else is x used?")
    _hint(
        dx, kept * through, "the two gradients are multiplied. What happens to gradients of a thing that is used twice?"
    )
    _hint(dx, dy[..., -5:] + through, "the layer's part is right; the other one has the wrong channels of dy.")
    _expect(dx, kept + through, "dx", "Split dy at channel C first.")
    require(np.array_equal(given, dy), "dx is right, but dy has changed: the caller may still need it.")
    return "Joined forward, split backward; used twice forward, added backward."


@exercise("10.4")
def two_branches(sum_backward: Answer) -> str:
    """dx of y = x + first(x) + second(x); dy stays as it was."""
    x, dy = _draw((3, 4, 7, 5), 0), _draw((3, 4, 7, 5), 1)
    layers: list[Layer] = [Conv2D(5, 5), Conv2D(5, 5, kernel_size=1), Sequential([("conv", Conv2D(5, 5))])]
    caches = [layer.forward(_init(layer, 2 + number), {}, x, True)[1] for number, layer in enumerate(layers)]
    gradients = [_dx(layer, dy, cache) for layer, cache in zip(layers, caches, strict=True)]
    for count in (1, 2, 3):
        given = dy.copy()
        dx = _dx_of(sum_backward(given, layers[:count], caches[:count]), "sum_backward")
        name = f"dx with {count} branch{'es'[: 2 * (count > 1)]}"
        _hint(dx, sum(gradients[:count], 0 * dy), f"{name} has the branches' parts and lacks the shortcut's.")
        right = sum(gradients[:count], dy)
        same = np.array_equal(given, dy)
        if count == 1:
            _expect(dx, right, name)
            require(same, "with one branch dx is right. But compare dy before the call and after it.")
        advice = "Which dy does the second branch get?" if count == 2 else "Does each branch get the same dy?"
        _expect(dx, right, name, advice)
        require(same, f"{name} is right, but dy has changed: the caller may still need it.")
    return "dx = dy gives one array a second name, and += then writes into it: dy.copy() makes another array."


@exercise("10.5")
def open_the_gates(share: Any, below_one: Any) -> str:
    """What the shortcuts of nine blocks carry with open gates; and at how many places less than dy arrives."""
    carried, count = reading.number(share, "share"), reading.whole(below_one, "below_one")
    carried = carried / 100 if 20 < carried <= 100 else carried  # in percent
    little = "so little arrives with gates of 1/2. Did the change reach every `se.b2`?"
    require(carried >= 0.01, f"share is {carried:.4f}: {little}")
    require(abs(carried - 1) > 1e-6, "share is 1: nothing multiplies the shortcut. Which place was asked for?")
    require(carried < 1, f"share is {carried:.3g}: the branches carry gradients too. Are they silent?")
    one = 1 / (1 + np.exp(-4.0))  # the gate of one block
    require(abs(carried - one) > 0.01, "share is that of one block, and there are nine.")
    estimate = "that is the estimate. What does `share_that_arrives` return?"
    require(abs(carried - one**9) > 0.012, f"share is {carried:.3f}: {estimate}")
    filled = "Are all nine `se.b2` full of fours, and all branches silent?"
    require(0.77 <= carried <= 0.8, f"share is {carried:.3f}. {filled}")
    require(count in range(5), f"below_one is {count}: a number of places, from 0 to 4.")
    seen = "With silent branches it is below 1 at two places" if count == 2 else "Print all four shares"
    require(count == 0, f"share is right. below_one is {count}. {seen}: does your function change nothing now?")
    return (
        "Open gates let most of dy through, and working branches carry gradients as well: section 2's argument is "
        "about the shortcuts alone, and about the start of a training."
    )


def _draw(shape: tuple[int, ...], seed: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def _init(layer: Layer, seed: int) -> Any:
    return layer.init(np.random.default_rng(seed), np.float64)[0]


def _dx(layer: Layer, dy: Array, cache: Any) -> Any:
    return layer.backward(dy, cache)[0]


def _dx_of(answer: Any, function: str) -> Any:
    """dx, also where it came as (dx, grads), as (dx,) or as lists of lists."""
    if isinstance(answer, (tuple, list)) and len(answer) == 1:
        return _dx_of(answer[0], function)
    if isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], Mapping):
        return answer[0]
    if isinstance(answer, tuple):
        pair = " A layer's `backward` returns a tuple too, dx and a dict, and + joins tuples: take the dx out first."
        joined = any(isinstance(part, Mapping) for part in answer)
        raise Wrong(f"{function} returned a tuple of {len(answer)} things, expected one array, dx.{pair * joined}")
    return reading.numbers(answer, "dx") if isinstance(answer, list) else answer


def _hint(dx: Any, mistaken: Array, message: str) -> None:
    """Stop with a message if dx is what a certain mistake makes of it."""
    same = isinstance(dx, np.ndarray) and dx.dtype.kind == "f" and dx.shape == mistaken.shape
    require(not (same and np.allclose(dx, mistaken)), message)


def _expect(dx: Any, right: Array, name: str, advice: str = "") -> None:
    """Compare dx with the right one; float32 will do."""
    single = isinstance(dx, np.ndarray) and dx.dtype == np.float32
    expect(dx, right.astype(np.float32) if single else right, name, advice)
