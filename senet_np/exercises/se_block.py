"""Exercises of notebook 5: the SE block, forward and backward."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..grading.marks import Answer, Wrong, draw, expect, require, with_cache
from ..se import se_backward, se_forward
from . import reading
from .checking import exercise
from .passes import facts, in_order, listed, where_to_begin, wrong_gradients

Array = np.ndarray
NAMES = ("du", "dw1", "db1", "dw2", "db2")
LINES = ("du_scale", "ds", "de", "da", "dz", "du_squeeze")

# The block of sections 2 and 3: four maps of 2×2, and the upstream gradient.
MAPS = [[[3, 0], [-1, 1]], [[2, -2], [3, 2]], [[1, -2], [2, 4]], [[-1, -2], [4, 3]]]
DX_MAPS = [
    [[-0.7, -2.3], [-0.5, -0.1]],
    [[-1.3, -0.2], [-0.3, 1.4]],
    [[-0.6, -1.2], [0.4, -0.7]],
    [[0, -0.7], [1, 0.4]],
]
U, DX_SCALED = (np.moveaxis(np.array(maps, float), 0, -1)[None] for maps in (MAPS, DX_MAPS))
W1 = np.array([[1.0, -1.0], [0.5, 0.0], [0.0, 0.0], [-1.0, 0.5]])
W2 = np.array([[1.0, -1.0, 0.5, 0.0], [0.0, 0.5, -0.5, 2.0]])


@exercise("5.1")
def block(my_forward: Answer, my_backward: Answer) -> str:
    """The SE block from memory."""
    forward = with_cache("my_forward", my_forward)
    _check_forward(forward, lambda u, s: u * s)
    _check_backward(forward, my_backward, "my_backward", lambda upstream: 0)
    return "Five gradients agree with finite differences. You have written an SE block."


class Step(NamedTuple):
    """One array of 5.2: its right numbers, what it comes from, and what typical mistakes make of it."""

    right: list[Any]
    look: str
    mistakes: dict[str, list[Any]]  # by what to ask


PAPER = {
    "my_ds": Step(
        [12, -4],
        "multiply each position of dx̃ by the same position of u, and add the four products of a channel",
        {
            "these are means over the positions. One gate serves all positions: what does the chain rule ask for?": [
                3,
                -1,
            ],
            "that is dx̃ alone, summed. Where is u?": [8, 6],
        },
    ),
    "my_de": Step(
        [3, -1], "ds times the slope of the sigmoid", {"that is ds. Where is the sigmoid's slope?": [12, -4]}
    ),
    "my_dw2": Step(
        [[12, -4], [0, 0]],
        "row m, column c is h of unit m times de of channel c",
        {
            "rows and columns are exchanged. Which shape has w2?": [[12, 0], [-4, 0]],
            "that is computed with a in place of h": [[12, -4], [-3, 1]],
        },
    ),
    "my_dh": Step(
        [4, 7],
        "unit m gets de times row m of W₂, summed over the channels",
        {"W₂ is not transposed here: this is de · W₂": [0, -5]},
    ),
    "my_da": Step([4, 0], "which hidden unit is off?", {"that is dh. Which hidden unit is off?": [4, 7]}),
    "my_dw1": Step(
        [[8, 0], [4, 0]],
        "row c, column m is z of channel c times da of unit m",
        {
            "rows and columns are exchanged. Which shape has w1?": [[8, 4], [0, 0]],
            "that is computed with dh in place of da": [[8, 14], [4, 7]],
        },
    ),
    "my_dz": Step(
        [4, 8],
        "channel c gets da times row c of W₁, summed over the hidden units",
        {"W₁ is not transposed here: this is da · W₁": [4, 12], "that is computed with dh in place of da": [25, -41]},
    ),
    "my_du_0": Step(
        [[2, 3], [0, 3]],
        "the gate times dx̃ at this position, plus the share of dz_0",
        {
            "that is the scale's part alone: count the arrows at u": [[1, 2], [-1, 2]],
            "that is the squeeze's part alone: count the arrows at u": [[1, 1], [1, 1]],
            "the squeeze's part is H·W = 4 times too large": [[5, 6], [3, 6]],
            "the gate is missing in the scale's part": [[3, 5], [-1, 5]],
        },
    ),
    "my_du_1": Step(
        [[3, 1], [5, 2]],
        "the gate times dx̃ at this position, plus the share of dz_1",
        {
            "that is the scale's part alone: count the arrows at u": [[1, -1], [3, 0]],
            "that is the squeeze's part alone: count the arrows at u": [[2, 2], [2, 2]],
            "the squeeze's part is H·W = 4 times too large": [[9, 7], [11, 8]],
            "the gate is missing in the scale's part": [[4, 0], [8, 2]],
        },
    ),
}


@exercise("5.2")
def paper(
    my_ds: Any, my_de: Any, my_dw2: Any, my_dh: Any, my_da: Any, my_dw1: Any, my_dz: Any, my_du_0: Any, my_du_1: Any
) -> str:
    """One backward pass on paper, number by number."""
    given = (my_ds, my_de, my_dw2, my_dh, my_da, my_dw1, my_dz, my_du_0, my_du_1)
    right_so_far = ""
    for (name, step), answer in zip(PAPER.items(), given, strict=True):
        right = np.array(step.right, float)
        array = reading.numbers(answer, name)
        if array.size == right.size:
            array = array.reshape(right.shape)  # (1, 2) and (2, 1) for two numbers
        require(array.shape == right.shape, f"{name} has shape {array.shape}, expected {right.shape}")
        for words, wrong in step.mistakes.items():
            require(not np.allclose(array, wrong), f"{right_so_far}{name}: {words}")
        places = [[*map(int, place)] for place in np.argwhere(~np.isclose(array, right))]
        if places:
            where = f"{name}{places[0]} is {array[tuple(places[0])]:.4g}"
            raise Wrong(f"{right_so_far}{where}, and that is not right: {step.look}")
        right_so_far = f"up to {name} all is right. "
    return "The second hidden unit is off: its row of dw2 and column of dw1 are 0, and dz is 4 times a column of W₁."


@exercise("5.3")
def saturation(shrink: Any, best: Any) -> str:
    """All of b2 at one number: how small dw1 becomes at 10, and where it is largest."""
    shrink = reading.number(shrink, "shrink")
    ratios = {name: _largest(10, k) / _largest(0, k) for k, name in enumerate(NAMES)}
    right = ratios["dw1"]
    negative = f"shrink is {shrink:.3g}: a ratio of two sizes cannot be below 0. Which of yours is a negative number?"
    require(shrink >= 0, negative)
    require(shrink > 0, "shrink is 0, but neither of the two sizes is: print more digits, as in f'{shrink:.3g}'")
    require(not np.isclose(shrink, 1 / right, rtol=0.02), "shrink is above 1: which of the two numbers is the divisor?")
    slopes = (1 - 1 / (1 + np.exp(-10))) * 4  # of the sigmoid, at 10 and at 0
    estimate = (
        f"shrink is {shrink:.3g}: that is the estimate, for e = 10 and e = 0. Now compute it with the block's own dw1"
    )
    require(not np.isclose(shrink, slopes, rtol=0.01), estimate)
    whole = f"shrink is {shrink:.3g}: that is the ratio of the largest |du|, not of the largest |dw1|"
    require(not np.isclose(shrink, ratios["du"], rtol=0.01), whole)
    numbers = "print both sizes of dw1, at x = 10 and at x = 0, before you divide"
    require(
        np.isclose(shrink, right, rtol=0.01),
        f"shrink is {shrink:.4g}, the block gives another number (to three significant digits): {numbers}",
    )
    at = np.unique(reading.numbers(best, "best"))
    require(at.size == 1, f"best holds {at.size} different numbers, expected one")
    x = float(at[0])
    require(abs(x) < 1e6, f"best is {x:.3g}, expected a number between −4 and 4")
    grid = np.linspace(-4, 4, 801)
    found = [_largest(bias, 1) for bias in grid]
    less = f"at b2 = {x:g} the largest |dw1| is {_largest(x, 1):.4f}, and elsewhere it is larger: try a grid of numbers"
    require(abs(x - grid[np.argmax(found)]) < 0.055, f"shrink is right. best is not: {less}")
    return (
        f"At b2 = 10 the largest |dw1| is {1 / right:,.0f} times smaller than at b2 = 0. The estimate, 0.00018, holds "
        "for e = 10 and e = 0 exactly; but h W₂ is added to b2, so each channel has another e and another slope."
    )


@exercise("5.4")
def plus(changed: Any, plus_forward: Answer, plus_backward: Answer) -> str:
    """A block that adds: x̃ = u·(1 + s)."""
    names = reading.gradients(changed, "changed", LINES)
    asks = {
        "ds": "differentiate u·(1 + s) by s, then u·s by s, and compare",
        "du_squeeze": "which formula has the mean? Is it another one in this block?",
    }
    same = next((name for name in LINES if name in names - {"du_scale"}), "")
    compare = asks.get(same, "write its formula down for both blocks. Is x̃ or u in it?")
    require(not same, f"changed names {same}: {compare}")
    forward = with_cache("plus_forward", plus_forward)
    _check_forward(forward, lambda u, s: u * (1 + s))
    _check_backward(forward, plus_backward, "plus_backward", lambda upstream: upstream)
    return "The factor 1 + s lies between 1 and 2: this block can make a channel stronger, and cannot shut it."


@exercise("5.5")
def thrift(wrong: Any, ratio: Any, scale_backward: Answer) -> str:
    """An array that is overwritten before its second use."""
    names = reading.gradients(wrong, "`wrong`", NAMES)
    follow = "Which lines of section 3 are computed from a wrong array? And du has two parts: is each of them right?"
    require(names == {*NAMES}, f"each name in `wrong` is a wrong gradient, but some are missing. {follow}")
    ratio = reading.number(ratio, "ratio")
    require(not np.isclose(ratio, 1 / 0.98, rtol=1e-3), "ratio is turned round: it is wrong db2 / right db2")
    factor = "by which factor does the wrong ds of this channel differ from the right one? What do de and db2 do to it?"
    require(np.isclose(ratio, 0.98, rtol=1e-3), f"the names in `wrong` are right. ratio is {ratio:.4g}: {factor}")
    given = draw(3, dx_scaled=(2, 3, 5, 7), u=(2, 3, 5, 7), s=(2, 7))
    before = {name: array.copy() for name, array in given.items()}
    result = scale_backward(*given.values())
    two = isinstance(result, tuple | list) and len(result) == 2
    require(two, "scale_backward returned something else than two arrays: keep `return du_scale, ds`")
    dx_scaled, u, s = before.values()
    expect(result[0], dx_scaled * s[:, None, None, :], "du_scale", "It was right before.")
    expect(result[1], (dx_scaled * u).sum(axis=(1, 2)), "ds", "Names and ratio are right. Now mend the function.")
    for name, array in given.items():
        require(np.array_equal(array, before[name]), f"both results are right, but {name} was changed in place")
    return "Where the gates are near 1 the error is only 1 − s, so on such a net few would notice."


def _largest(bias: float, k: int) -> float:
    """The largest magnitude in gradient number k of the block of section 2, with all of b2 at one number."""
    _, cache = se_forward(U, W1, np.zeros(2), W2, np.full(4, float(bias)))
    return float(np.abs(np.asarray(se_backward(DX_SCALED, cache)[k])).max())


def _problem() -> dict[str, Any]:
    return draw(5, u=(3, 5, 7, 9), w1=(9, 11), b1=11, w2=(11, 9), b2=9)


def _check_forward(forward: Answer, right: Callable[[Array, Array], Array]) -> None:
    """The forward pass, where all gates are 1/2 and on random numbers; `right` is x̃ from u and s."""

    def x_scaled(named: dict[str, Any]) -> Any:
        return forward(*(array.copy() for array in named.values()))[0]

    args = _problem()
    u = args["u"]
    zeros = {name: np.zeros_like(array) for name, array in args.items()} | {"u": u}
    expect(x_scaled(zeros), right(u, np.array(0.5)), "x_scaled", "All weights are 0 here: gates are 1/2.")
    together = x_scaled(args)
    s = se_forward(**args)[1].s[:, None, None, :]
    alone = [x_scaled(args | {"u": u[n : n + 1]}) for n in range(3)]
    shapes = [np.shape(one) for one in (together, *alone)] == [u.shape, *[(1, *u.shape[1:])] * 3]
    several = "an image gets other gates together with others than alone. Over which axes does your squeeze average?"
    require(not shapes or np.allclose(together, np.concatenate(alone)), several)
    without = args | {name: np.zeros_like(args[name]) for name in ("b1", "b2")}
    agrees = np.allclose(x_scaled(without), right(u, se_forward(**without)[1].s[:, None, None, :]))
    advice = "With biases of 0 x_scaled is right: are b1 and b2 used, each where it belongs?"
    advice = advice if agrees else "Compare z, a, h, e and s one by one with those of section 2."
    expect(together, right(u, s), "x_scaled", advice)


def _check_backward(forward: Answer, backward: Answer, name: str, added: Callable[[Array], Any]) -> None:
    """The gradients, by finite differences; `added` is what du has besides the SE block's, for a given dx̃."""
    args = _problem()
    _, cache = se_forward(**args)
    upstream = np.random.default_rng(9).standard_normal(args["u"].shape)
    own_cache = forward(*(array.copy() for array in args.values()))[1]
    grads = in_order(backward(upstream.copy(), own_cache), NAMES, name)
    wrong = wrong_gradients(forward, backward, args, NAMES, name)
    if not wrong:
        return
    advice = where_to_begin(wrong, "du")
    require(not advice, f"{listed(wrong)} {advice} {facts(wrong)}")
    scale = upstream * cache.s[:, None, None, :]
    squeeze, area = se_backward(upstream, cache)[0] - scale, upstream.shape[1] * upstream.shape[2]
    one_way = "du, and nothing else, is wrong: compare it with finite differences at one pixel (section 3)."
    require(not any(np.allclose(grads[0], part) for part in (scale, squeeze, scale + added(upstream))), one_way)
    times = f"du, and nothing else, is wrong. The part that comes through z is H·W = {area} times too large."
    require(not np.allclose(grads[0], scale + added(upstream) + area * squeeze), times)
    lacks = "du, and nothing else, is wrong. It is the du of u·s: differentiate u·(1 + s) by u, with s fixed."
    require(not np.allclose(grads[0], scale + squeeze), lacks)
    left = "da is right, so four lines are left: dz, du_scale, du_squeeze and their sum"
    raise Wrong(f"du, and nothing else, is wrong. {left}. {facts(wrong)}")
