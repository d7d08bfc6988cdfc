"""Exercises of notebook 5: the SE block, forward and backward."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..gradcheck.check import check_gradients
from ..grading.marks import Answer, Wrong, draw, expect, require, with_cache
from ..se import se_backward, se_forward
from . import reading
from .checking import exercise

Array = np.ndarray
NAMES = ("du", "dw1", "db1", "dw2", "db2")
LINES = ("du_scale", "ds", "de", "da", "dz", "du_squeeze")

# The block of sections 2 and 3: four maps of 2×2, and the upstream gradient.
MAPS = [[[3, 0], [-1, 1]], [[2, -2], [3, 2]], [[1, -2], [2, 4]], [[-1, -2], [4, 3]]]
G_MAPS = [[[-0.7, -2.3], [-0.5, -0.1]], [[-1.3, -0.2], [-0.3, 1.4]], [[-0.6, -1.2], [0.4, -0.7]], [[0, -0.7], [1, 0.4]]]
U, G = (np.moveaxis(np.array(maps, float), 0, -1)[None] for maps in (MAPS, G_MAPS))
W1 = np.array([[1.0, -1.0], [0.5, 0.0], [0.0, 0.0], [-1.0, 0.5]])
W2 = np.array([[1.0, -1.0, 0.5, 0.0], [0.0, 0.5, -0.5, 2.0]])


@exercise("5.1")
def block(my_forward: Answer, my_backward: Answer) -> str:
    """The SE block from memory."""
    _check_forward(my_forward, lambda u, s: u * s)
    _check_backward(my_forward, my_backward, lambda g: 0)
    return "Five gradients agree with finite differences. You have written an SE block."


@exercise("5.2")
def mask(broken: Any, b1_that_hides_it: Any) -> str:
    """The mask (h >= 0) in place of (a > 0), and an input that hides it."""
    names = reading.gradients(broken, NAMES)
    early = [name for name in ("dw2", "db2") if name in names]
    require(not early, f"{' and '.join(early)}: at which line is the mask used, and at which line is this computed?")
    missing = {"du", "dw1", "db1"} - names
    require(not missing, f"{len(missing)} more of the five differ. Print them all, with either mask.")
    bias = np.asarray(b1_that_hides_it, float).reshape(-1)
    require(bias.shape == (2,), f"b1_that_hides_it has {bias.size} numbers, expected two: one for each hidden unit")
    _, cache = se_forward(U, W1, bias, W2, np.zeros(4))
    dead_too = cache._replace(relu_cache=cache.relu_cache._replace(mask=cache.h >= 0))
    pairs: Any = zip(NAMES, se_backward(G, cache), se_backward(G, dead_too), strict=True)
    differ = [name for name, one, other in pairs if not np.allclose(one, other)]
    units = f"a = {(U.mean(axis=(1, 2)) @ W1 + bias)[0]}"
    require(not differ, f"your names are right. But with this b1, {units}, and {', '.join(differ)} still differ.")
    return "The two masks agree where every unit is alive. A check needs an input with a dead unit as well."


@exercise("5.3")
def saturation(shrink: Any, best: Any) -> str:
    """All of b2 at one number: how small dw1 becomes at 10, and where it is largest."""
    shrink, best = reading.number(shrink, "shrink"), reading.number(np.unique(np.asarray(best, float)), "best")
    right = _largest_dw1(10) / _largest_dw1(0)
    require(not np.isclose(shrink, 1 / right, rtol=0.02), "shrink is above 1: which of the two numbers is the divisor?")
    slopes = (1 - 1 / (1 + np.exp(-10))) * 4  # of the sigmoid, at 10 and at 0
    alone = "shrink is the estimate, for e = 10 and e = 0 exactly. Now compute it with the block's own e."
    require(not np.isclose(shrink, slopes, rtol=0.005), alone)
    require(shrink > 0, "shrink is a ratio of two sizes, so it is above 0: is the absolute value missing?")
    far = f"shrink is {shrink:.3g}, the block gives another number: is b2 10 for all channels, and is it dw1?"
    require(np.isclose(shrink, right, rtol=0.01), far)
    grid = np.linspace(-4, 4, 801)
    sizes = [_largest_dw1(x) for x in grid]
    numbers = f"at b2 = {best:g} the largest |dw1| is {_largest_dw1(best):.4f}, and elsewhere it is larger: try a grid"
    require(abs(best - grid[np.argmax(sizes)]) < 0.11, f"shrink is right. best is not: {numbers}")
    return f"At b2 = 10 FC1 learns {1 / right:,.0f} times more slowly than at b2 = 0."


@exercise("5.4")
def plus(changed: Any, plus_forward: Answer, plus_backward: Answer) -> str:
    """A block that adds: x̃ = u·(1 + s)."""
    names = reading.gradients(changed, LINES)
    for name, by, right in (("du_scale", "u", True), ("ds", "s", False)):
        compare = f"differentiate u·(1 + s) by {by}, then u·s by {by}, and compare"
        require((name in names) == right, f"changed is not right about {name}: {compare}")
    require(len(names) == 1, f"{_list(names - {'du_scale'})}: write this down for both blocks. Is x̃ or u in it?")
    _check_forward(plus_forward, lambda u, s: u * (1 + s))
    _check_backward(plus_forward, plus_backward, lambda g: g)
    return "The factor 1 + s lies between 1 and 2: this block can make a channel stronger, and cannot shut it."


@exercise("5.5")
def thrift(wrong: Any, ratio: Any, scale_backward: Answer) -> str:
    """An array that is overwritten before its second use."""
    missing = set(NAMES) - reading.gradients(wrong, NAMES)
    parts = "du has two parts: is each of them right?"
    follow = "which lines of section 3 are computed from a wrong one?"
    require(missing != {"du"}, f"one more gradient is wrong. {parts}")
    require(not missing, f"{len(missing)} more gradients are wrong. Follow the mistake: {follow} And {parts}")
    ratio = reading.number(ratio, "ratio")
    require(not np.isclose(ratio, 1 / 0.98, rtol=1e-3), "ratio is turned round: it is wrong db2 / right db2")
    factor = "by which factor does the wrong ds of this channel differ from the right one? What do de and db2 do to it?"
    require(np.isclose(ratio, 0.98, rtol=1e-3), f"your names are right, the ratio is not: {factor}")
    given = draw(3, dx_scaled=(2, 3, 4, 5), u=(2, 3, 4, 5), s=(2, 5))
    before = {name: array.copy() for name, array in given.items()}
    result = scale_backward(**given)
    two = isinstance(result, tuple | list) and len(result) == 2
    require(two, "scale_backward returned something else than two arrays: keep `return du_scale, ds`")
    g, u, s = before.values()
    expect(result[0], g * s[:, None, None, :], "du_scale", "It was right before.")
    expect(result[1], (g * u).sum(axis=(1, 2)), "ds", "Names and ratio are right. Now mend the function.")
    for name, array in given.items():
        require(np.array_equal(array, before[name]), f"both results are right, but {name} was changed in place")
    return "Where the gates are near 1 the error is only 1 − s, so on such a net few would notice."


def _largest_dw1(bias: float) -> float:
    _, cache = se_forward(U, W1, np.zeros(2), W2, np.full(4, float(bias)))
    return float(np.abs(se_backward(G, cache)[1]).max())


def _problem() -> dict[str, Any]:
    return draw(5, u=(3, 4, 5, 6), w1=(6, 3), b1=3, w2=(3, 6), b2=6)


def _check_forward(forward: Answer, right: Callable[[Array, Array], Array]) -> None:
    """The forward pass, where all gates are 1/2 and on random numbers; `right` is x̃ from u and s."""
    args = _problem()
    u = args["u"]
    zeros = {name: np.zeros_like(array) for name, array in args.items()} | {"u": u}
    expect(_two(forward, zeros)[0], right(u, np.array(0.5)), "x_scaled", "All weights are 0 here: gates are 1/2.")
    x_scaled = _two(forward, args)[0]
    alone = np.concatenate([_two(forward, args | {"u": u[n : n + 1]})[0] for n in range(3)])
    several = "an image gets other gates together with others than alone. Over which axes does your squeeze average?"
    require(np.allclose(x_scaled, alone), several)
    s = se_forward(**args)[1].s[:, None, None, :]
    expect(x_scaled, right(u, s), "x_scaled", "Compare z, a, h, e and s one by one with those of section 2.")


def _check_backward(forward: Answer, backward: Answer, added: Callable[[Array], Any]) -> None:
    """The gradients, by finite differences; `added` is what du has besides the SE block's, for a given dx̃."""
    args = _problem()
    _, cache = se_forward(**args)
    g = np.random.default_rng(9).standard_normal(args["u"].shape)
    grads = _five(backward(g.copy(), _two(forward, args)[1]))
    try:
        report = check_gradients(lambda u, w1, b1, w2, b2: forward(u, w1, b1, w2, b2),
                                 lambda dy, cache: _five(backward(dy, cache)), args)  # fmt: skip
    except ValueError as error:
        raise Wrong(str(error)) from error
    wrong = {one.name: one for one in report.arguments if not one.ok}
    shapes = [str(one) for one in wrong.values() if one.problem]
    require(not shapes, "; ".join(shapes))
    spoiled = f"wrong: {_list(f'd{name}' for name in wrong)}."
    require(not {"w2", "b2"} & {*wrong}, f"{spoiled} Look first at what dw2 and db2 need: ds, de and h.")
    between = "dw2 and db2 are right, so the mistake stands after them: between FC2 and FC1, or at FC1."
    require(not {"w1", "b1"} & {*wrong}, f"{spoiled} {between}")
    if not wrong:
        return
    scale, squeeze = g * cache.s[:, None, None, :], se_backward(g, cache)[0] - g * cache.s[:, None, None, :]
    one_way = "du, and nothing else, is wrong. It holds one of the gradients that arrive at u: count the arrows at u."
    require(not any(np.allclose(grads[0], part) for part in (scale, squeeze, scale + added(g))), one_way)
    times = "du, and nothing else, is wrong. The part that comes through z is H·W = 20 times too large."
    require(not np.allclose(grads[0], scale + added(g) + 20 * squeeze), times)
    lacks = "du, and nothing else, is wrong. It is the du of u·s: differentiate u·(1 + s) by u, with s fixed."
    require(not np.allclose(grads[0], scale + squeeze), lacks)
    require(False, f"everything up to dz is right, so look where du is put together. {str(wrong['u']).splitlines()[0]}")


def _two(forward: Answer, args: dict[str, Any]) -> Any:
    return with_cache("the forward pass", forward)(*(array.copy() for array in args.values()))


def _five(grads: Any) -> tuple[Any, ...]:
    """Five gradients, given in a row or by name."""
    if isinstance(grads, dict):
        grads = [grads.get(name) for name in NAMES]
    five = isinstance(grads, tuple | list) and len(grads) == 5
    actual = f"{len(grads)} things" if isinstance(grads, tuple | list) else type(grads).__name__
    require(five, f"the backward pass returned {actual}, expected five gradients: {', '.join(NAMES)}")
    return tuple(grads)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
