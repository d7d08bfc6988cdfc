"""Exercises of notebook 10: the same block on other networks."""

from typing import Any

import numpy as np

from ..containers import Residual, Sequential
from ..grading.marks import Answer, Array, Wrong, expect, require
from ..layers import SE, Conv2D, Layer
from ..nets import resnet
from ..nets.describe import added_by_se, equation_5
from .checking import exercise


@exercise("10.1")
def count_before_you_build(added_parameters: Answer) -> str:
    """What SE adds to a residual network, from its widths, blocks per stage and r alone."""
    for widths, blocks, r in (
        ((16, 32, 64), 3, 4),
        ((16, 32, 64), 2, 8),
        ((8, 24), 5, 2),
        ((16, 32, 64), 3, 16),
        ((6,), 1, 4),
    ):
        answer = added_parameters(widths, blocks, r)
        if answer is None or np.ndim(answer):
            raise Wrong("expected one number")
        given = float(answer)
        added = added_by_se(resnet(widths=widths, blocks=blocks, reduction=r))
        call = f"widths={widths}, blocks={blocks}, r={r}: {given:,.0f} parameters"
        paper = equation_5(added.channels, r)
        unequal = sum(2 * c * (c // r) + c + c // r for c in added.channels)  # no rule for narrow stages
        require(
            given != added.parameters - added.biases, f"{call}. Those are the matrices: what else do FC1 and FC2 learn?"
        )
        require(
            given != unequal or given == added.parameters, f"{call}. How many hidden units has the narrowest block?"
        )
        require(given != paper, f"{call}. That is Eq. 5; the package has biases, and whole hidden units.")
        require(given * blocks != added.parameters or blocks == 1, f"{call}. Is that one block per stage?")
        require(given == added.parameters, f"{call}, and the package counts {added.parameters:,}.")
    return (
        "For r = 16 a stage of 16 channels has 2 hidden units and not 1, so the package counts more than Eq. 5 would."
    )


@exercise("10.2")
def gate_on_the_shortcut(identity_backward: Answer) -> str:
    """dx of y = branch(x) + SE(x)."""
    branch, shortcut = Conv2D(4, 4), SE(4, reduction=1)
    x, dy = _draw((2, 5, 3, 4), 0), _draw((2, 5, 3, 4), 1)
    params = _init(branch, 2), _init(shortcut, 3)
    block = Residual(branch, shortcut)
    _, cache, _ = block.forward({"branch": params[0], "shortcut": params[1]}, {}, x, True)
    given = dy.copy()
    dx = _first(identity_backward(given, branch, cache["branch"], shortcut, cache["shortcut"]))
    parts = {name: _dx(layer, dy, cache[name]) for name, layer in block.parts.items()}
    _hint(
        dx,
        parts["branch"] + dy,
        "dx is the branch's gradient plus dy. That is right where the shortcut returns x as it is.",
    )
    _hint(dx, parts["branch"] + parts["shortcut"] + dy, "one gradient too many: x goes two ways, and dx adds three.")
    _hint(dx, parts["branch"], "dx is the branch's gradient alone: x goes another way too.")
    _hint(dx, parts["shortcut"], "dx is the shortcut's gradient alone: x goes another way too.")
    expect(dx, parts["branch"] + parts["shortcut"], "dx", "Two ways, two gradients: which layer stands on each?")
    require(np.array_equal(given, dy), "dx is right, but dy has changed: the caller may still need it.")
    return "dy itself is in no term of the sum: a gated shortcut does not pass it on unchanged."


@exercise("10.3")
def keep_the_input(dense_backward: Answer) -> str:
    """dx of y = [x, layer(x)]."""
    layer = Conv2D(3, 5)
    x = _draw((2, 4, 3, 3), 0)
    y, cache, _ = layer.forward(_init(layer, 1), {}, x, True)
    dy = _draw((2, 4, 3, 3 + y.shape[-1]), 2)
    given = dy.copy()
    dx = _first(dense_backward(given, 3, layer, cache))
    kept, through = dy[..., :3], _dx(layer, np.ascontiguousarray(dy[..., 3:]), cache)
    _hint(dx, kept, "dx has only what comes back along the kept input. Where else is x used?")
    _hint(dx, through, "dx has only what comes back through the layer. Where else is x used?")
    _hint(
        dx, kept * through, "the two gradients are multiplied. What happens to gradients of a thing that is used twice?"
    )
    _hint(dx, dy[..., -3:] + through, "the layer's part is right; the other one has the wrong channels of dy.")
    expect(dx, kept + through, "dx", "Split dy at channel C first.")
    require(np.array_equal(given, dy), "dx is right, but dy has changed: the caller may still need it.")
    return "Joined forward, split backward; used twice forward, added backward."


@exercise("10.4")
def two_branches(sum_backward: Answer) -> str:
    """dx of y = x + first(x) + second(x); dy stays as it was."""
    x, dy = _draw((2, 4, 3, 4), 0), _draw((2, 4, 3, 4), 1)
    layers: list[Layer] = [Conv2D(4, 4), Conv2D(4, 4, kernel_size=1), Sequential([("conv", Conv2D(4, 4))])]
    caches = [layer.forward(_init(layer, 2 + number), {}, x, True)[1] for number, layer in enumerate(layers)]
    gradients = [_dx(layer, dy, cache) for layer, cache in zip(layers, caches, strict=True)]
    for count in (1, 2, 3):
        given = dy.copy()
        dx = _first(sum_backward(given, layers[:count], caches[:count]))
        name = f"dx with {count} branch{'es'[: 2 * (count > 1)]}"
        _hint(dx, sum(gradients[:count], 0 * dy), f"{name} has the branches' parts and lacks the shortcut's.")
        right = sum(gradients[:count], dy)
        same = np.array_equal(given, dy)
        if count == 1:
            expect(dx, right, name)
            require(same, "with one branch dx is right. But compare dy before the call and after it.")
        advice = "Which dy does the second branch get?" if count == 2 else "Does each branch get the same dy?"
        expect(dx, right, name, advice)
        require(same, f"{name} is right, but dy has changed: the caller may still need it.")
    return "dx = dy gives one array a second name, and += then writes into it: dy.copy() makes another array."


@exercise("10.5")
def open_the_gates(share: Any, below_one: Any) -> str:
    """What the shortcuts of nine blocks carry with open gates; and at how many places less than dy arrives."""
    share, below_one = np.asarray(share, float), np.asarray(below_one)
    require(share.ndim == below_one.ndim == 0, "expected two numbers, one share and one count.")
    require(
        share >= 0.01, f"share is {share:.4f}: so little arrives with gates of 1/2. Did the change reach every `se.b2`?"
    )
    require(abs(share - 1) > 1e-6, "share is 1: nothing multiplies the shortcut. Which place was asked for?")
    require(share < 1, f"share is {share:.2f}: the branches carry gradients too. Are they silent?")
    require(abs(share - 0.982) > 0.01, "share is that of one block, and there are nine.")
    require(
        0.72 <= share <= 0.87, f"share is {share:.2f}. Are all nine `se.b2` full of fours, and all branches silent?"
    )
    require(below_one in range(5), f"below_one is {below_one}: a number of places, from 0 to 4.")
    seen = "With silent branches it is below 1 at two places" if below_one == 2 else "Print all four shares"
    require(below_one == 0, f"share is right. below_one is {below_one}. {seen}: does your function change nothing now?")
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


def _first(answer: Any) -> Any:
    """dx, also where it came as (dx, grads) or (dx,)."""
    return answer[0] if isinstance(answer, (tuple, list)) and answer else answer


def _hint(dx: Any, mistaken: Array, message: str) -> None:
    """Stop with a message if dx is what a certain mistake makes of it."""
    same = isinstance(dx, np.ndarray) and dx.shape == mistaken.shape and np.allclose(dx, mistaken)
    require(not same, message)
