"""Planted mistakes in the element-wise non-linearities: relu (its cache holds the mask x > 0), sigmoid and tanh (y)."""

import numpy as np

from .registry import Mistake, planter

MISTAKES: list[Mistake] = []
mistake = planter(MISTAKES)


@mistake(
    "relu",
    "mask the wrong way round",
    cause="mask inverted",
    why="The line in everyone's fingers is dx[x <= 0] = 0, and the cached mask is put into its brackets although it "
    "says x > 0.",
)
def _zeroes_what_passed(dy, cache):
    mask, _ = cache
    dx = dy.copy()
    dx[mask] = 0
    return dx


@mistake(
    "relu",
    "leaky behind, not in front",
    cause="backward pass of a variant of the op",
    why="Too many units were dead, so a small slope was let through where they learn, and the forward pass was left "
    "as it was.",
)
def _leaks(dy, cache):
    mask, _ = cache
    return np.where(mask, dy, 0.01 * dy)


@mistake(
    "relu",
    "guided backpropagation",
    cause="rule for drawing used for training",
    why="Letting only positive gradients through gives crisp pictures of what a unit looks at, and the function was "
    "copied from the script that draws them.",
)
def _guides(dy, cache):
    mask, _ = cache
    return dy * mask * (dy > 0)


@mistake(
    "sigmoid",
    "slope taken at y, not at x",
    cause="cached output taken for the input",
    why="Most caches hold the input, so this one is taken for x too, and the sigmoid is applied a second time.",
)
def _takes_y_for_x(dy, cache):
    y = 1 / (1 + np.exp(-cache))
    return dy * y * (1 - y)


@mistake(
    "sigmoid",
    "slope of log σ",
    cause="derivative of the logarithm",
    why="In the derivation of the cross-entropy the slope 1 − y is met again and again, but it belongs to log σ and "
    "not to σ.",
)
def _differentiates_log(dy, cache):
    y = cache
    return dy * (1 - y)


@mistake(
    "sigmoid",
    "brackets lost",
    cause="operator precedence",
    why="The formula is typed as it is spoken, “y times one minus y”, and Python multiplies before it subtracts.",
)
def _loses_brackets(dy, cache):
    y = cache
    return dy * y * 1 - y


@mistake(
    "tanh",
    "slope of the sigmoid",
    cause="formula of a related function",
    why="tanh is a sigmoid stretched to (−1, 1), so the sigmoid's y(1 − y) is expected to hold for it as well.",
)
def _borrows_from_sigmoid(dy, cache):
    y = cache
    return dy * y * (1 - y)


@mistake(
    "tanh",
    "square on the bracket",
    cause="exponent in the wrong place",
    why="“One minus y squared” is heard as (1 − y)² when it is written down from memory.",
)
def _squares_the_bracket(dy, cache):
    y = cache
    return dy * (1 - y) ** 2


@mistake(
    "tanh",
    "gradient clipped on the way",
    cause="clipping inside a backward pass",
    why="Clipping is the known cure for gradients that explode in tanh networks, and it was put into the layer, "
    "where it falsifies every check, and not into the optimizer.",
)
def _clips(dy, cache):
    y = cache
    dy = np.clip(dy, -1, 1)
    return dy * (1 - y * y)


@mistake(
    "tanh",
    "slope of the inverse function",
    cause="going backward taken for inverting",
    why="The backward pass sounds like undoing the forward pass, so dy is divided by the slope, as for the inverse "
    "function, and not multiplied.",
)
def _inverts(dy, cache):
    y = cache
    return dy / (1 - y * y)
