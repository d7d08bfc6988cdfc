"""Answers to the exercises of notebook 2, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

import senet_np.gradcheck
from senet_np.gradcheck import check_gradients as another_name


def forward(x):
    return x / (1 + np.abs(x)), x


def backward(dy, x):
    return dy / (1 + np.abs(x)) ** 2


def forward_by_sign(x):
    y = np.where(x > 0, x / (1 + x * (x > 0)), x / (1 - x * (x < 0)))
    return y, {"y": y}


def backward_from_y(dy, cache):
    return (dy * (1 - abs(cache["y"])) ** 2,)


def backward_in_rows(dy, x):
    return [list(row) for row in backward(dy, x)]


def forward_in_place(x):
    x /= 1 + np.abs(x)
    return x, x.copy()


def center_backward(dy, cache):
    return dy - dy.mean(axis=1, keepdims=True)


def center_by_matrix(dy, cache):
    size = dy.shape[1]
    return (dy @ (np.eye(size) - np.full((size, size), 1 / size)),)


def quadratic_backward(dy, cache):
    x, w = cache
    return dy[:, None] * (x @ (w + w.T)), (dy[:, None] * x).T @ x


def quadratic_by_einsum(dy, cache):
    x, w = cache
    dx = np.einsum("n,kj,nj->nk", dy, w, x) + np.einsum("n,ni,ik->nk", dy, x, w)
    return [dx, np.einsum("n,ni,nj->ij", dy, x, x)]


def transposed_twice(dy, cache):
    x, w = cache
    return dy[:, None] * 2 * (x @ w.T), (dy[:, None] * x).T @ x


def without_the_factor(dy, cache):
    x, w = cache
    return dy[:, None] * (x @ (w + w.T)), x.T @ x


HIDING = np.array([[1.0, -1.0, 0.0, 0.0], [2.0, 0.0, 1.0, -3.0], [0.5, 0.5, -0.5, -0.5]])
W = np.arange(16.0).reshape(4, 4)
SYMMETRIC = W + W.T


def own_check(dy_of, elements=slice(None), judge=None, watched=True):
    """A check that takes its dy from `dy_of` and compares only these elements, by `judge`."""

    def relative(dx, numeric):
        return np.abs(dx - numeric).max() <= 1e-6 * max(np.abs(dx).max(), np.abs(numeric).max())

    def my_check(forward, backward, x):
        y, cache = forward(x)
        dy = dy_of(y.shape)
        before = x.copy(), dy.copy()
        dx = backward(dy, cache)
        if watched and not (np.array_equal(x, before[0]) and np.array_equal(dy, before[1])):
            return False
        x, dy = before
        numeric = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            move = np.zeros_like(x)
            move[index] = 1e-5
            numeric[index] = np.sum((forward(x + move)[0] - forward(x - move)[0]) * dy) / 2e-5
        return (judge or relative)(np.ravel(dx)[elements], np.ravel(numeric)[elements])

    return my_check


def random(shape):
    return np.random.default_rng(1).standard_normal(shape)


def asserting_check(forward, backward, x):
    assert own_check(random)(forward, backward, x), "wrong"
    return 1


def silent_check(forward, backward, x):
    own_check(random)(forward, backward, x)


def false_assert(forward, backward, x):
    assert not own_check(random)(forward, backward, x), "not so"


def own_check_of(forward, backward, x):
    return own_check(random)(forward, backward, x) and bool(senet_np.gradcheck.check_gradients(forward, backward, [x]))


def helper(forward, backward, x):
    return all(another_name(*pair) for pair in [(forward, backward, [x])])


def check_by_helper(forward, backward, x):
    return helper(forward, backward, x)


def truth_of_each(forward, backward, x):
    y, cache = forward(x)
    return backward(np.ones_like(y), cache) == 0


TRIED = {
    "2.1": Tried(
        right=(forward, backward),
        unexpected=(forward_by_sign, backward_from_y),
        wrong={
            "y[0, 0] is 3": (lambda x: (x, x), backward),
            "not proportional to dy": (forward, lambda dy, x: backward(1, x)),
            "softsign returned ndarray, expected two things": (lambda x: forward(x)[0], backward),
            "softsign changed its argument number 1": (forward_in_place, backward),
            "softsign is": (0.75, backward),
            "softsign_backward is": (forward, None),
            "backward returned nothing, expected dx": (forward, lambda dy, x: print(end="")),
            "what softsign_backward returns must hold finite numbers": (forward, lambda dy, x: list(x / 0)),
            "wrong sign": (forward, lambda dy, x: -backward(dy, x)),
            "Their ratio changes with x": (forward, lambda dy, x: dy / (1 + np.abs(x))),
            "and the slope of y there is": (forward, lambda dy, x: 2 * backward(dy, x)),
            "in `": (forward, lambda dy, x: x.no_such),
        },
    ),
    "2.2": Tried(
        right=(center_backward, HIDING),
        unexpected=(lambda dy, cache: [row - row.mean() for row in dy], [[1, -1, 0, 0], [0, 0, 0, 0], [3, -1, -1, -1]]),
        wrong={
            "WRONG x": (lambda dy, cache: dy, HIDING),
            "Your dx is not 0 in the other rows": (lambda dy, cache: dy - dy.mean(), HIDING),
            "But x[0, 0] stands in y[0, 1] too": (lambda dy, cache: dy * (1 - 1 / dy.shape[1]), HIDING),
            "in row 0 the right dx is 0, 0, 0, 0, and the lazy one is 1, 1": (center_by_matrix, np.ones((3, 4))),
            "and the lazy one is 1e-09, 1e-09": (center_backward, np.full((3, 4), 1e-9)),
            "in row 1 the right dx is": (center_backward, [[1e9, -1e9, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]]),
            "hiding_dy is None, expected numbers": (center_backward, None),
            "in row 2 the right dx": (center_backward, HIDING + np.array([[0], [0], [1]])),
            "zero everywhere": (center_backward, np.zeros((3, 4))),
            "hiding_dy has shape (4, 3)": (center_backward, np.ones((4, 3))),
        },
    ),
    "2.3": Tried(
        right=(W, quadratic_backward),
        unexpected=(np.triu(np.ones((4, 4), int)).tolist(), quadratic_by_einsum),
        wrong={
            "the wrong pair still passes": (2 * np.eye(4), quadratic_backward),
            "pair still passes its test": (SYMMETRIC, quadratic_backward),
            "no check can decide": (np.zeros((4, 4)), quadratic_backward),
            "w_test has shape (3, 3), expected (4, 4)": (np.ones((3, 3)), quadratic_backward),
            "w_test holds 1e+308": (np.full((4, 4), 1e308), quadratic_backward),
            "backward returned 1 gradient, expected dx, dw": (W, lambda dy, cache: quadratic_backward(dy, cache)[:1]),
            "WRONG x": (W, transposed_twice),
            "WRONG w": (W, without_the_factor),
            "your code stops in": (W, lambda dy, cache: (dy @ cache[1], cache[0])),
        },
    ),
    "2.4": Tried(
        right=(-5, -5, -3),
        unexpected=(1e-5, np.array([-5.0]), 0.001),
        wrong={
            "k_plain: with the step 1e-8": (-8, -5, -3),
            "k_large_loss: with the step 1e-4": (-5, -4, -3),
            "k_large_x: with the step 1e-5": (-5, -5, -5),
            "expected a whole number from -10 to -1": (-5, 5, -3),
            "and with another step it is smaller": (-6, -5, -3),
            "holds 2 numbers": (-5, -5, (-3, -2)),
            "k_large_loss is 'small', expected numbers": (-5, "small", -3),
            "k_plain is 1e+300, expected a whole number": (1e300, -5, -3),
        },
    ),
    "2.5": Tried(
        right=(own_check(random),),
        unexpected=(asserting_check,),
        wrong={
            "shares of each row; the dy that it drew is 1 everywhere": (own_check(np.ones),),
            "True for one that is 3 times too large": (own_check(np.ones, judge=lambda dx, n: np.allclose(dx, n)),),
            "True for one that forgets dx[0, 5] alone": (own_check(random, elements=slice(5)),),
            "True for one that forgets dx[0, 0] alone": (own_check(random, elements=slice(-1, None)),),
            "True for one that forgets dx[1, 0] alone": (own_check(random, elements=slice(7)),),
            "True for one that returns zeros": (own_check(random, judge=lambda dx, n: np.allclose(dx, n)),),
            "True for one that writes into dy": (own_check(random, watched=False),),
            "False for a right one, y = x": (own_check(random, judge=lambda dx, n: (dx == n).all()),),
            "my_check returned None": (silent_check,),
            "an assert of my_check fails for a right one, y = x · x (not so)": (false_assert,),
            "my_check uses check_gradients": (own_check_of,),
            "uses check_gradients: write the comparison yourself": (check_by_helper,),
            "my_check returned an array of shape (5, 7), expected one True or False": (truth_of_each,),
            "my_check is": (True,),
        },
    ),
}
