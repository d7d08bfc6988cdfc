"""Assignment 2: the SE block, forward and backward, and what it costs.

Answers keep the library's convention.
"""

from typing import Any

import numpy as np

from .. import se as library
from .marks import Answer, draw, expect, expect_gradients, expect_pair, expect_untouched, new_table, require

TABLE, visible, hidden = new_table()


def _problem(n: int = 2, height: int = 3, width: int = 4, c: int = 6, h: int = 3, **given: Any) -> dict[str, Any]:
    return draw(5, u=(n, height, width, c), w1=(c, h), b1=h, w2=(h, c), b2=c) | given


@visible("width-check", "hidden_units", points=1)
def check_width(hidden_units: Answer) -> None:
    """The paper's r = 16, and a stage that is too narrow for it."""
    require(hidden_units(64, 16) == 4, f"hidden_units(64, 16) is {hidden_units(64, 16)}, expected 64/16 = 4")
    require(hidden_units(16, 16) == 2, f"hidden_units(16, 16) is {hidden_units(16, 16)}, expected 2: never below 2")


@hidden("width-hidden", "hidden_units", points=1)
def grade_width(hidden_units: Answer) -> None:
    """C that r does not divide, and r above C; a whole number."""
    for c, r in ((100, 16), (8, 3), (3, 16), (512, 16)):
        actual = hidden_units(c, r)
        right = isinstance(actual, int) and actual == library.hidden_width(c, r)
        require(right, f"hidden_units({c}, {r}) is {actual!r}")


@visible("cost-check", "added_parameters", points=1)
def check_cost(added: Answer) -> None:
    """One block of 64 channels, r = 16, without biases: Eq. 5."""
    actual = added([64], 16, False)
    require(actual == 512, f"added_parameters([64], 16, bias=False) is {actual}, expected (2/16)·64² = 512")


@hidden("cost-hidden", "added_parameters", points=1)
def grade_cost(added: Answer) -> None:
    """SE-ResNet-50's blocks, with biases and without; narrow stages."""
    resnet50 = [256] * 3 + [512] * 4 + [1024] * 6 + [2048] * 3
    for channels in (resnet50, [16, 16, 32]):
        for bias in (False, True):
            widths = [(c, library.hidden_width(c, 16)) for c in channels]
            actual, expected = added(channels, 16, bias), sum(2 * c * h + (c + h) * bias for c, h in widths)
            require(actual == expected, f"added_parameters(…, r=16, bias={bias}) is {actual}, expected {expected}")


@visible("forward-check", "se_forward", points=2)
def check_forward(forward: Answer) -> None:
    """Gates that one knows: all weights 0, then a block that opens one channel by another."""
    u = np.arange(8.0).reshape(1, 2, 2, 2)
    x_scaled, _ = forward(u, np.zeros((2, 2)), np.zeros(2), np.zeros((2, 2)), np.zeros(2))
    expect(x_scaled, u / 2, "x_scaled", "With all weights 0 every gate is σ(0) = 1/2.")
    x_scaled, _ = forward(u, np.eye(2), np.array([0.0, -9.0]), np.array([[0.0, 1.0], [0.0, 0.0]]), np.zeros(2))
    gates = np.array([0.5, 1 / (1 + np.exp(-3.0))])
    expect(x_scaled, u * gates, "x_scaled", "Channel 0's mean is 3; it alone drives the gate of channel 1.")


@hidden("forward-hidden", "se_forward", points=2)
def grade_forward(forward: Answer) -> None:
    """Random blocks, with biases and without; each image has gates of its own."""
    for args in (_problem(), _problem(3, 5, 2, 8, 2), _problem(b1=None, b2=None)):
        expect(forward(**args)[0], library.se_forward(**args)[0], "x_scaled")
    args = _problem(4)
    alone = np.concatenate([forward(**{**args, "u": args["u"][k : k + 1]})[0] for k in range(4)])
    expect(forward(**args)[0], alone, "x_scaled of four images at once")


@visible("fc2-check", "se_forward", "se_backward", points=2)
def check_fc2(forward: Answer, backward: Answer) -> None:
    """dw2 and db2, by finite differences."""
    expect_gradients(forward, backward, _problem(), "w2", "b2")


@visible("fc1-check", "se_forward", "se_backward", points=2)
def check_fc1(forward: Answer, backward: Answer) -> None:
    """dw1 and db1, by finite differences."""
    expect_gradients(forward, backward, _problem(), "w1", "b1")


@visible("du-check", "se_forward", "se_backward", points=2)
def check_du(forward: Answer, backward: Answer) -> None:
    """du, by finite differences."""
    expect_gradients(forward, backward, _problem(), "u")


@hidden("du-hidden", "se_forward", "se_backward", points=2)
def grade_du(forward: Answer, backward: Answer) -> None:
    """du on large images, where the path through the squeeze is a small part of it."""
    expect_pair(forward, backward, library, "se", _problem(2, 16, 12, 5, 4), "u")


@hidden("special-hidden", "se_forward", "se_backward", points=2)
def grade_special(forward: Answer, backward: Answer) -> None:
    """Without biases their gradients are None; where all hidden units are dead, what lies before them gets 0."""
    for args in (_problem(b1=None, b2=None), _problem()):
        y, cache = forward(**args)
        _, _, db1, _, db2 = backward(np.ones_like(y), cache)
        actual, expected = (db1 is None, db2 is None), (args["b1"] is None, args["b2"] is None)
        require(actual == expected, f"db1 and db2 are None: {actual}, expected {expected}")
    y, cache = forward(**_problem(b1=np.full(3, -99.0)))
    _, dw1, db1, dw2, _ = backward(np.ones_like(y), cache)
    for name, grad in (("dw1", dw1), ("db1", db1), ("dw2", dw2)):
        require(not np.any(grad), f"{name} is not 0 although every hidden unit is dead")


@hidden("care-hidden", "se_forward", "se_backward", points=2)
def grade_care(forward: Answer, backward: Answer) -> None:
    """Nothing is changed, nothing is kept outside the cache, float32 stays float32."""
    expect_untouched(forward, backward, _problem())
