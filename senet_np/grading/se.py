"""Assignment 3: the SE block, forward and backward, and what it costs.

Answers keep the library's convention.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..se import hidden_width, se_backward, se_forward
from .marks import Table, adder, expect, expect_gradients, expect_untouched, passed, require

TABLE: Table = {}
visible, hidden = adder(TABLE, hidden=False), adder(TABLE, hidden=True)
Answer: TypeAlias = Callable[..., Any]
Arrays = dict[str, Any]
NAMES = ("du", "dw1", "db1", "dw2", "db2")


def _problem(n: int = 2, height: int = 3, width: int = 4, c: int = 6, h: int = 3, seed: int = 5) -> Arrays:
    rng = np.random.default_rng(seed)
    return {
        "u": rng.standard_normal((n, height, width, c)),
        "w1": rng.standard_normal((c, h)),
        "b1": rng.standard_normal(h),
        "w2": rng.standard_normal((h, c)),
        "b2": rng.standard_normal(c),
    }


@visible("width-check", "hidden_units", points=1)
def check_width(hidden_units: Answer) -> None:
    """The paper's r = 16, and a stage that is too narrow for it."""
    require(hidden_units(64, 16) == 4, f"hidden_units(64, 16) is {hidden_units(64, 16)}, expected 64/16 = 4")
    require(hidden_units(16, 16) == 2, f"hidden_units(16, 16) is {hidden_units(16, 16)}, expected 2: never below 2")
    passed("hidden units")


@hidden("width-hidden", "hidden_units", points=1)
def grade_width(hidden_units: Answer) -> None:
    """C that r does not divide, and r above C; a whole number."""
    for c, r in ((100, 16), (8, 3), (3, 16), (512, 16)):
        came = hidden_units(c, r)
        require(isinstance(came, int) and came == hidden_width(c, r), f"hidden_units({c}, {r}) is {came!r}")


@visible("cost-check", "added_parameters", points=1)
def check_cost(added: Answer) -> None:
    """One block of 64 channels, r = 16, without biases: Eq. 5."""
    came = added([64], 16, False)
    require(came == 512, f"added_parameters([64], 16, bias=False) is {came}, expected (2/16)·64² = 512")
    passed("added parameters")


@hidden("cost-hidden", "added_parameters", points=1)
def grade_cost(added: Answer) -> None:
    """SE-ResNet-50's blocks, with biases and without; narrow stages."""
    resnet50 = [256] * 3 + [512] * 4 + [1024] * 6 + [2048] * 3
    for channels, r in ((resnet50, 16), ([16, 16, 32], 16)):
        for bias in (False, True):
            widths = [(c, hidden_width(c, r)) for c in channels]
            expected = sum(2 * c * h + (c + h) * bias for c, h in widths)
            came = added(channels, r, bias)
            require(came == expected, f"added_parameters(…, r={r}, bias={bias}) is {came}, expected {expected}")


@visible("forward-check", "se_forward", points=2)
def check_forward(forward: Answer) -> None:
    """Gates that one knows: all weights 0, then a block that opens one channel by another."""
    u = np.arange(8.0).reshape(1, 2, 2, 2)
    zeros = {"w1": np.zeros((2, 2)), "b1": np.zeros(2), "w2": np.zeros((2, 2))}
    x_scaled, _ = forward(u, **zeros, b2=np.zeros(2))
    expect(x_scaled, u / 2, "x_scaled", "With all weights 0 every gate is σ(0) = 1/2.")
    x_scaled, _ = forward(u, np.eye(2), np.array([0.0, -9.0]), np.array([[0.0, 1.0], [0.0, 0.0]]), np.zeros(2))
    gate = 1 / (1 + np.exp(-3.0))
    expect(
        x_scaled, u * np.array([0.5, gate]), "x_scaled", "Channel 0's mean is 3; it alone drives the gate of channel 1."
    )
    passed("SE forward")


@hidden("forward-hidden", "se_forward", points=2)
def grade_forward(forward: Answer) -> None:
    """Random blocks, with biases and without; each image has gates of its own."""
    for args in (_problem(), _problem(3, 5, 2, 8, 2), {**_problem(), "b1": None, "b2": None}):
        expect(forward(**args)[0], se_forward(**args)[0], "x_scaled")
    args = _problem(4)
    alone = np.concatenate([forward(**{**args, "u": args["u"][k : k + 1]})[0] for k in range(4)])
    expect(forward(**args)[0], alone, "x_scaled of four images at once")


def _check(forward: Answer, backward: Answer, names: tuple[str, ...]) -> None:
    for name in names:
        expect_gradients(forward, backward, _problem(), wrt=name)


@visible("fc2-check", "se_forward", "se_backward", points=2)
def check_fc2(forward: Answer, backward: Answer) -> None:
    """dw2 and db2, by finite differences."""
    _check(forward, backward, ("w2", "b2"))
    passed("dw2 and db2")


@visible("fc1-check", "se_forward", "se_backward", points=2)
def check_fc1(forward: Answer, backward: Answer) -> None:
    """dw1 and db1, by finite differences."""
    _check(forward, backward, ("w1", "b1"))
    passed("dw1 and db1")


@visible("du-check", "se_forward", "se_backward", points=2)
def check_du(forward: Answer, backward: Answer) -> None:
    """du, by finite differences."""
    _check(forward, backward, ("u",))
    passed("du")


@hidden("du-hidden", "se_forward", "se_backward", points=2)
def grade_du(forward: Answer, backward: Answer) -> None:
    """du on large pictures, where the path through the squeeze is a small part of it."""
    args = _problem(2, 16, 12, 5, 4)
    y, cache = forward(**args)
    dy = np.random.default_rng(3).standard_normal(y.shape)
    expect(np.array(backward(dy, cache)[0]), se_backward(dy, se_forward(**args)[1])[0], "du")


@hidden("special-hidden", "se_forward", "se_backward", points=2)
def grade_special(forward: Answer, backward: Answer) -> None:
    """Without biases their gradients are None; where all hidden units are dead, what lies before them gets 0."""
    for args, none in (({**_problem(), "b1": None, "b2": None}, True), (_problem(), False)):
        y, cache = forward(**args)
        _, _, db1, _, db2 = backward(np.ones_like(y), cache)
        require(
            (db1 is None, db2 is None) == (none, none), f"db1, db2 None: {db1 is None}, {db2 is None}; expected {none}"
        )
    y, cache = forward(**{**_problem(), "b1": np.full(3, -99.0)})
    _, dw1, db1, dw2, _ = backward(np.ones_like(y), cache)
    for name, grad in (("dw1", dw1), ("db1", db1), ("dw2", dw2)):
        require(not np.any(grad), f"{name} is not 0 although every hidden unit is dead")


@hidden("care-hidden", "se_forward", "se_backward", points=2)
def grade_care(forward: Answer, backward: Answer) -> None:
    """Nothing is changed, nothing is kept outside the cache, float32 stays float32."""
    expect_untouched(forward, backward, _problem())
