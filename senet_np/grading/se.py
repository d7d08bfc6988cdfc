"""Assignment 2: an SE block that no notebook shows, with the maximum as squeeze and MobileNetV3's gate; and its cost.

Answers keep the library's convention.
"""

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from .. import ops
from .. import se as library
from .marks import (
    Answer,
    Fresh,
    draw,
    expect,
    expect_float32,
    expect_gradients,
    expect_pair,
    expect_untouched,
    generator,
    new_table,
    require,
)

TABLE, visible, hidden = new_table()
right_forward = partial(library.se_forward, squeeze="max", gate="hard_sigmoid")


def _problem(n: int = 3, height: int = 4, width: int = 5, c: int = 7, units: int = 4, **given: Any) -> dict[str, Any]:
    return draw(5, u=(n, height, width, c), w1=(c, units), b1=units, w2=(units, c), b2=c) | given


@visible("width-check", "hidden_units", points=1)
def check_width(hidden_units: Answer) -> None:
    """The paper's r = 16, a stage that is too narrow for it, and a C that r does not divide."""
    for c, why in {64: "64/16", 16: "never below 2", 40: "40/16, rounded down"}.items():
        actual, expected = hidden_units(c, 16), library.hidden_width(c, 16)
        kind = f"hidden_units({c}, 16) is {actual!r}, expected a whole number (an int), {expected}: {why}"
        require(isinstance(actual, int | np.integer), kind)
        require(actual == expected, f"hidden_units({c}, 16) is {actual!r}, expected {expected}: {why}")


@hidden("width-hidden", "hidden_units", points=1)
def grade_width(hidden_units: Answer) -> None:
    """C that r does not divide, and r above C."""
    for c, r in ((100, 16), (8, 3), (3, 16), (512, 16), *generator(5).integers(3, 300, (4, 2)).tolist()):
        actual = hidden_units(c, r)
        right = isinstance(actual, int | np.integer) and actual == library.hidden_width(c, r)
        require(right, f"hidden_units({c}, {r}) is {actual!r}")


@visible("cost-check", "added_parameters", points=1)
def check_cost(added: Answer) -> None:
    """One block of 64 channels, r = 16, without biases (Eq. 5) and with them."""
    actual = added([64], 16, False)
    require(actual == 512, f"added_parameters([64], 16, bias=False) is {actual}, expected (2/16)·64² = 512")
    actual = added([64], 16, True)
    require(
        actual == 580,
        f"added_parameters([64], 16, bias=True) is {actual}, expected 580: how long is each of the two biases?",
    )
    actual = added([8], 16, False)
    require(actual == 32, f"added_parameters([8], 16, bias=False) is {actual}, expected 32: how many hidden units?")


@hidden("cost-hidden", "added_parameters", points=1)
def grade_cost(added: Answer) -> None:
    """SE-ResNet-50's blocks, with biases and without; narrow stages."""
    resnet50 = [256] * 3 + [512] * 4 + [1024] * 6 + [2048] * 3
    for channels in (resnet50, [16, 16, 32], generator(6).integers(3, 300, 5).tolist()):
        for bias in (False, True):
            widths = [(c, library.hidden_width(c, 16)) for c in channels]
            actual, expected = added(channels, 16, bias), sum(2 * c * h + (c + h) * bias for c, h in widths)
            require(actual == expected, f"added_parameters(…, r=16, bias={bias}) is {actual}, expected {expected}")


@visible("gate-check", "gate_forward", "gate_backward", points=2)
def check_gate(forward: Answer, backward: Answer) -> None:
    """Five values by hand, then finite differences."""
    s, _ = forward(np.array([-4.0, -1.5, 0.0, 1.5, 4.0]))
    expect(s, np.array([0.0, 0.25, 0.5, 0.75, 1.0]), "s", "Draw the three straight lines: 0, then e/6 + 1/2, then 1.")
    expect_gradients(forward, backward, {"e": 3 * draw(5, e=(5, 7))["e"]})
    expect_float32(forward, backward, draw(5, e=(5, 7)))


@hidden("gate-hidden", "gate_forward", "gate_backward", points=1)
def grade_gate(forward: Answer, backward: Answer) -> None:
    """At the corners and far outside of them; nothing is changed on the way."""
    e = np.array([-1e4, -3.0, 2.5, 3.0, 1e4], np.float32)
    s, cache = forward(e)
    expect(s, ops.hard_sigmoid_forward(e)[0], "s")
    expect(backward(np.ones_like(e), cache), np.array([0, 0, 1 / 6, 0, 0], np.float32), "de", "At the corners it is 0.")
    expect_untouched(forward, backward, draw(5, e=(5, 3)))


@visible("forward-check", "block_forward", points=2)
def check_forward(forward: Answer) -> None:
    """Gates that one knows: all weights 0, then a block that opens one channel by another."""
    u = np.arange(8.0).reshape(1, 2, 2, 2)
    x_scaled, _ = forward(u, np.zeros((2, 2)), np.zeros(2), np.zeros((2, 2)), np.zeros(2))
    expect(x_scaled, u / 2, "x_scaled", "With all weights 0 every e is 0, and the gate of 0 is 1/2.")
    w2, b2 = np.array([[0.0, 0.25], [0.5, 0.0]]), np.array([0.0, -0.75])
    x_scaled, _ = forward(u, np.eye(2), np.array([0.0, -9.0]), w2, b2)
    advice = "The largest values are 6 and 7, so a = (6, −2), h = (6, 0) and e = (0, 0.75)."
    expect(x_scaled, u * np.array([0.5, 0.625]), "x_scaled", advice)
    x_scaled, _ = forward(u, np.eye(2), None, w2 / 4, None)
    expect(x_scaled, u * np.array([0.5 + 7 / 48, 0.5625]), "x_scaled without biases (b1 and b2 are None)")


@hidden("forward-hidden", "block_forward", points=2)
def grade_forward(forward: Answer) -> None:
    """Random blocks, with biases and without; each image has gates of its own."""
    for args in (_problem(), _problem(3, 5, 2, 8, 2), _problem(b1=None, b2=None)):
        expect(forward(**args)[0], right_forward(**args)[0], "x_scaled")
    args = _problem(4)
    alone = np.concatenate([forward(**{**args, "u": args["u"][k : k + 1]})[0] for k in range(4)])
    expect(forward(**args)[0], alone, "x_scaled of four images at once")


@visible("fc2-check", "block_forward", "block_backward", points=1)
def check_fc2(forward: Answer, backward: Answer) -> None:
    """dw2 and db2, by finite differences."""
    expect_gradients(forward, backward, _problem(), "w2", "b2")


@visible("fc1-check", "block_forward", "block_backward", points=1)
def check_fc1(forward: Answer, backward: Answer) -> None:
    """dw1 and db1, by finite differences."""
    expect_gradients(forward, backward, _problem(), "w1", "b1")


@visible("du-check", "block_forward", "block_backward", points=2)
def check_du(forward: Answer, backward: Answer) -> None:
    """du, by finite differences, and float32 in all gradients."""
    expect_gradients(forward, backward, _problem(), "u")
    expect_float32(forward, backward, _problem())


@hidden("du-hidden", "block_forward", "block_backward", points=2)
def grade_du(forward: Answer, backward: Answer) -> None:
    """du on large images that are not square, and of one pixel."""
    right = SimpleNamespace(se_forward=right_forward, se_backward=library.se_backward)
    for sizes in ((2, 16, 12, 5, 4), (3, 1, 1, 6, 3)):
        expect_pair(forward, backward, right, "se", _problem(*sizes), "u")


@hidden("special-hidden", "block_forward", "block_backward", points=2)
def grade_special(forward: Answer, backward: Answer) -> None:
    """Gradients without biases, before dead hidden units, and of a map whose positions share the maximum."""
    for args in (_problem(b1=None, b2=None), _problem()):
        y, cache = forward(**args)
        _, _, db1, _, db2 = backward(np.ones_like(y), cache)
        actual, expected = (db1 is None, db2 is None), (args["b1"] is None, args["b2"] is None)
        require(actual == expected, f"db1 and db2 are None: {actual}, expected {expected}")
    for off in (_problem(b1=np.full(4, -99.0)), _problem(w1=np.zeros((7, 4)), b1=np.zeros(4))):  # a below 0, and 0
        y, cache = forward(**off)
        _, dw1, db1, dw2, _ = backward(np.ones_like(y), cache)
        for name, grad in (("dw1", dw1), ("db1", db1), ("dw2", dw2)):
            require(not np.any(grad), f"{name} is not 0 although no a is above 0, so every hidden unit is 0")
    args = _problem()
    args["u"][0, :, :, 2] = 0.0  # as a ReLU leaves it where a channel finds nothing
    summed, right = (
        backward_of(np.ones_like(args["u"]), forward_of(**args)[1])[0].sum(axis=(1, 2))
        for forward_of, backward_of in ((forward, backward), (right_forward, library.se_backward))
    )
    tied = np.zeros(right.shape, bool)
    tied[0, 2] = True
    away = np.abs(summed - right)[~tied].max() < 1e-9
    advice = "There all positions share the maximum: their shares must add up to one." if away else ""
    require(np.allclose(summed, right), f"du of a map of zeros is wrong. {advice}" if away else "du is wrong")


@hidden("care-hidden", "block_forward", "block_backward", points=1)
def grade_care(forward: Answer, backward: Answer) -> None:
    """Nothing is changed, nothing is kept outside the cache, float32 stays float32."""
    expect_untouched(forward, backward, _problem())


def _fresh_width(hidden_units: Answer) -> None:
    for k in generator(7).integers(3, 40, 4).tolist():
        require(hidden_units(16 * k, 16) == k, f"hidden_units({16 * k}, 16) is {hidden_units(16 * k, 16)!r}")


def _fresh_cost(added: Answer) -> None:
    for k in generator(8).integers(3, 40, 4).tolist():
        c = 16 * k
        actual = added([c], 16, False), added([c], 16, True)
        require(actual == (2 * c * k, 2 * c * k + c + k), f"added_parameters([{c}], 16, …) is {actual}")


def _fresh_forward(forward: Answer) -> None:
    args = _problem(1, 2, 2, 2, 2)
    right, _ = right_forward(**args)
    expect(forward(*args.values())[0], right, "x_scaled")


FRESH: Fresh = {"width-check": _fresh_width, "cost-check": _fresh_cost, "forward-check": _fresh_forward}
